"""LocalStack's seam for running functions: what a version needs before it can be invoked. Its
environments are processes, which `versions.py` keeps.
"""

from localstack.services.lambda_.invocation.lambda_models import FunctionVersion
from localstack.services.lambda_.invocation.runtime_executor import RuntimeExecutor

from emulation.services.lambda_ import localstack_seams, supported
from emulation.services.lambda_.layers import merged_layers


class ProcessRuntimeExecutor(RuntimeExecutor):
    """Chosen by name; LocalStack never makes one, since no environment is its own."""

    @classmethod
    def prepare_version(cls, function_version: FunctionVersion) -> None:
        """Unpack the bundle and its layers; what is raised here fails the function with this
        reason.
        """
        config = function_version.config
        supported.check(config.package_type, config.runtime)
        supported.check_storage(config.ephemeral_storage.size)
        config.code.prepare_for_execution()
        for layer in config.layers:
            layer.code.prepare_for_execution()
        merged_layers(function_version)

    @classmethod
    def cleanup_version(cls, function_version: FunctionVersion) -> None:
        """Nothing: LocalStack deletes the bundle when no version uses it."""


localstack_seams.apply()
