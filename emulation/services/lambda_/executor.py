"""LocalStack's seam for running a function: one instance is one execution environment, here a
process instead of a container.
"""

import logging
from pathlib import Path
from typing import Any

from localstack.services.lambda_.invocation.lambda_models import FunctionVersion, InvocationResult
from localstack.services.lambda_.invocation.runtime_executor import RuntimeExecutor

from emulation.compute import runtimes
from emulation.compute.lambda_runtime import Environment, FunctionSpec, Request
from emulation.compute.processes import SUPERVISOR
from emulation.services.lambda_ import localstack_seams, metrics, supported
from emulation.services.log_events import LogStream
from emulation.settings import settings, system_environment

LOG = logging.getLogger(__name__)

INHERITED = ("PATH", "SSL_CERT_FILE")
"""The rest of the machine's environment stays outside: with HOME the SDK would find the user's
profile.
"""

NOT_ON_AWS = ("EDGE_PORT", "AWS_LAMBDA_FUNCTION_TIMEOUT")
"""What LocalStack gives for its own init process."""


class ProcessRuntimeExecutor(RuntimeExecutor):
    """Runs a version's handler with AWS's runtime client, supervised."""

    def __init__(self, id: str, function_version: FunctionVersion) -> None:
        super().__init__(id, function_version)
        self.client_context: str | None = None
        self._environment: Environment | None = None
        self._log: LogStream | None = None

    def start(self, env_vars: dict[str, str]) -> None:
        """Start the process. A handler that cannot be loaded is no failure here: the first
        invocation tells it, with its request id, as on AWS.
        """
        version = self.function_version
        environment = _environment(version, env_vars)
        self._log = LogStream(
            version.id.account,
            version.id.region,
            environment["AWS_LAMBDA_LOG_GROUP_NAME"],
            environment["AWS_LAMBDA_LOG_STREAM_NAME"],
        )
        spec = _spec(version, environment, settings().folder("lambda", "environments", self.id))
        self._environment = Environment(spec, SUPERVISOR, self._log)
        self._environment.start()

    def stop(self) -> None:
        """Stop the process; an invocation that runs is let finish."""
        if self._environment is not None:
            self._environment.stop()
        if self._log is not None:
            self._log.close()

    def invoke(self, payload: dict[str, str]) -> InvocationResult:
        """Run the handler once."""
        assert self._environment is not None
        result = self._environment.invoke(
            Request(
                request_id=payload["invoke-id"],
                payload=payload["payload"].encode(),
                function_arn=payload["invoked-function-arn"],
                trace_id=payload["trace-id"],
                client_context=self.client_context,
            )
        )
        failed = result.error_type is not None
        metrics.count(self.function_version.id, failed=failed, milliseconds=result.milliseconds)
        return InvocationResult(
            request_id=payload["invoke-id"],
            payload=result.payload,
            is_error=failed,
            logs=result.log,
        )

    def get_logs(self) -> str:
        """The last output of the process."""
        return "\n".join(self._environment.logs()) if self._environment else ""

    def get_address(self) -> str:
        """Where the process is."""
        return "127.0.0.1"

    def get_endpoint_from_executor(self) -> str:
        """The gateway's host, from the process."""
        return settings().endpoint_url.removeprefix("http://").rpartition(":")[0]

    def get_runtime_endpoint(self) -> str:
        """LocalStack's init process would call back here; the Runtime API answers in process
        instead.
        """
        return f"{settings().endpoint_url}/_localstack_lambda/{self.id}"

    @classmethod
    def prepare_version(cls, function_version: FunctionVersion) -> None:
        """Unpack the bundle and its layers; what is raised here fails the function with this
        reason.
        """
        config = function_version.config
        supported.check(config.package_type, config.runtime)
        runtimes.interpreter("lambda")
        config.code.prepare_for_execution()
        for layer in config.layers:
            layer.code.prepare_for_execution()

    @classmethod
    def cleanup_version(cls, function_version: FunctionVersion) -> None:
        """Nothing: LocalStack deletes the bundle when no version uses it."""


def _spec(version: FunctionVersion, environment: dict[str, str], folder: Path) -> FunctionSpec:
    config = version.config
    return FunctionSpec(
        name=version.id.function_name,
        version=version.id.qualifier,
        handler=environment["_HANDLER"],
        runtime=supported.description(config.runtime),
        python=runtimes.interpreter("lambda"),
        code=config.code.get_unzipped_code_location(),
        layers=[layer.code.get_unzipped_code_location() for layer in config.layers],
        environment=environment,
        memory_mb=int(config.memory_size),
        timeout_seconds=int(config.timeout),
        folder=folder,
    )


def _environment(version: FunctionVersion, env_vars: dict[str, Any]) -> dict[str, str]:
    """What LocalStack gives, without what only its containers need, and what AWS adds to it. The
    function's own variables come last, as LocalStack has put them.
    """
    config = version.config
    given = {
        name: str(value)
        for name, value in env_vars.items()
        if not name.startswith("LOCALSTACK_") and name not in NOT_ON_AWS
    }
    machine = system_environment()
    log_group = config.logging_config.get("LogGroup") or given["AWS_LAMBDA_LOG_GROUP_NAME"]
    return {
        **{name: machine[name] for name in INHERITED if name in machine},
        "LANG": "en_US.UTF-8",
        **given,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{config.runtime}",
        "AWS_LAMBDA_LOG_GROUP_NAME": log_group,
        **(config.environment or {}),
    }


localstack_seams.apply()
