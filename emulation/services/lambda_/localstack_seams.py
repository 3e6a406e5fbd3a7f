"""Where LocalStack's Lambda has no seam and differs from AWS, or would do the executor's work a
second time: each place, patched while it runs.
"""

import base64
import shutil
from pathlib import Path
from typing import Any

from localstack.services.lambda_.invocation import version_manager
from localstack.services.lambda_.invocation.execution_environment import ExecutionEnvironment
from localstack.services.lambda_.invocation.lambda_models import (
    Invocation,
    InvocationResult,
    S3Code,
)
from localstack.services.lambda_.invocation.lambda_service import LambdaService
from localstack.services.lambda_.invocation.logs import LogHandler
from localstack.services.lambda_.invocation.version_manager import LambdaVersionManager
from localstack.services.lambda_.provider import LambdaProvider
from localstack.utils.patch import patch

from emulation.services.lambda_ import errors, mapping_seams, resources, supported
from emulation.services.lambda_.batches import MAX_PAYLOAD_BYTES
from emulation.settings import settings

PAYLOAD_LIMITS = {"RequestResponse": MAX_PAYLOAD_BYTES, "Event": 1_048_576}


def apply() -> None:
    """Patch the running service; called once, when the executor is first loaded.

    No environment outlives its emulator, but the folder of one may, when the emulator was killed.
    """
    shutil.rmtree(settings().folder("lambda", "environments"))
    patch(S3Code.get_unzipped_code_location)(unpack_below_the_state_folder)
    patch(ExecutionEnvironment.invoke)(pass_the_client_context)
    patch(LambdaVersionManager.store_logs)(leave_it_to_the_executor)
    patch(LogHandler.start_subscriber)(leave_it_to_the_executor)
    version_manager.record_cw_metric_invocation = leave_it_to_the_executor
    version_manager.record_cw_metric_error = leave_it_to_the_executor
    patch(LambdaProvider._validate_runtime)(refuse_what_cannot_run)
    patch(LambdaService.invoke)(bound_the_payload)
    mapping_seams.apply()
    resources.apply()


def unpack_below_the_state_folder(_: object, code: S3Code) -> Path:
    """Not below /tmp, where nothing ever removes it."""
    return settings().folder("lambda", "code", code.id) / "code"


def pass_the_client_context(
    invoke: Any, environment: ExecutionEnvironment, invocation: Invocation
) -> InvocationResult:
    """LocalStack drops it on the way to its executor."""
    context = invocation.client_context
    environment.runtime_executor.client_context = (
        base64.b64decode(context).decode() if context else None
    )
    return invoke(environment, invocation)


def leave_it_to_the_executor(*_: object, **__: object) -> None:
    """Logs and metrics: the executor writes the ones while the handler runs, and the others
    together.
    """


def refuse_what_cannot_run(
    validate: Any, provider: LambdaProvider, package_type: str, runtime: str | None
) -> None:
    """A name that AWS does not know is AWS's error; what AWS knows and we cannot run is refused."""
    validate(provider, package_type, runtime)
    supported.check(package_type, runtime)


def bound_the_payload(invoke: Any, service: LambdaService, *arguments: Any, **given: Any) -> Any:
    """LocalStack takes a payload of any size."""
    kind = given.get("invocation_type") or "RequestResponse"
    size = len(given.get("payload") or b"")
    if size > PAYLOAD_LIMITS.get(kind, size):
        raise errors.payload_too_large(size, kind, PAYLOAD_LIMITS[kind])
    return invoke(service, *arguments, **given)
