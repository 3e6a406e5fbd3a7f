"""Where LocalStack's Lambda has no seam and differs from AWS, or would do the executor's work a
second time: each place, patched while it runs.
"""

import base64
import json
import shutil
from pathlib import Path
from typing import Any

from localstack.services.lambda_.event_source_mapping.esm_worker import EsmWorker
from localstack.services.lambda_.event_source_mapping.esm_worker_factory import EsmWorkerFactory
from localstack.services.lambda_.event_source_mapping.pollers.sqs_poller import SqsPoller
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

from emulation.services.lambda_ import errors, mapping_workers, resources, supported
from emulation.services.lambda_.batches import MAX_PAYLOAD_BYTES
from emulation.services.lambda_.kinesis_mapping import checkpoints_of
from emulation.settings import settings

PAYLOAD_LIMITS = {"RequestResponse": MAX_PAYLOAD_BYTES, "Event": 1_048_576}
MESSAGE_FRAME_BYTES = 512
"""What a mapping adds to a message: source, region, the names of the fields."""


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
    patch(LambdaProvider.validate_event_source_mapping)(refuse_what_no_mapping_does)
    patch(LambdaService.invoke)(bound_the_payload)
    patch(EsmWorkerFactory.get_esm_worker)(mapping_workers.worker)
    patch(EsmWorker.create)(succeed_the_worker_before)
    patch(EsmWorker.update_esm_state_in_store)(leave_the_state_to_the_successor)
    patch(EsmWorker.delete_esm_in_store)(forget_the_checkpoints)
    patch(SqsPoller.handle_messages)(split_what_is_too_large)
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


def refuse_what_no_mapping_does(
    validate: Any, provider: LambdaProvider, context: Any, request: dict[str, Any]
) -> Any:
    """Tumbling windows hand a state from batch to batch; LocalStack takes the setting and does
    nothing.
    """
    supported.check_mapping(request)
    return validate(provider, context, request)


WORKERS: dict[str, EsmWorker] = {}
"""The worker of each mapping that was made last."""


def succeed_the_worker_before(create: Any, worker: EsmWorker) -> None:
    """An update makes a new worker and stops the old one, which ends later."""
    WORKERS[worker.uuid] = worker
    create(worker)


def leave_the_state_to_the_successor(update: Any, worker: EsmWorker, state: Any) -> None:
    """The old worker's last word would be Disabled, and the next start would believe it."""
    if WORKERS.get(worker.uuid, worker) is worker:
        update(worker, state)


def forget_the_checkpoints(delete: Any, worker: EsmWorker) -> None:
    """A deleted mapping leaves nothing."""
    delete(worker)
    checkpoints_of(worker.uuid).delete()


def split_what_is_too_large(handle: Any, poller: SqsPoller, messages: Any) -> None:
    """A batch of messages that exceeds the payload limit goes out as several, as on AWS."""
    batch: list[Any] = []
    size = 0
    for message in messages:
        length = len(json.dumps(message)) + MESSAGE_FRAME_BYTES
        if batch and size + length > MAX_PAYLOAD_BYTES:
            handle(poller, batch)
            batch, size = [], 0
        batch.append(message)
        size += length
    handle(poller, batch)
