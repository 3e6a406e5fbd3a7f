"""Where LocalStack's event source mappings have no seam and differ from AWS: each place, patched
while it runs.
"""

import json
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from localstack.aws.api import RequestContext
from localstack.aws.api.lambda_ import ResourceNotFoundException
from localstack.services.lambda_.api_utils import function_locators_from_arn
from localstack.services.lambda_.event_source_mapping import esm_worker
from localstack.services.lambda_.event_source_mapping.esm_worker import EsmState, EsmWorker
from localstack.services.lambda_.event_source_mapping.esm_worker_factory import EsmWorkerFactory
from localstack.services.lambda_.event_source_mapping.pollers.sqs_poller import SqsPoller
from localstack.services.lambda_.invocation.models import lambda_stores
from localstack.services.lambda_.provider import LambdaProvider
from localstack.services.lambda_.provider_utils import get_function_version_from_arn
from localstack.utils.patch import patch

from emulation.services.lambda_ import mapping_checks, mapping_workers
from emulation.services.lambda_.batches import MAX_PAYLOAD_BYTES
from emulation.services.lambda_.kinesis_mapping import checkpoints_of

MESSAGE_FRAME_BYTES = 512
"""What a mapping adds to a message: source, region, the names of the fields."""

WORKERS: dict[str, EsmWorker] = {}
"""The worker of each mapping that was made last."""


def apply() -> None:
    """Patch the running service; called once, when the executor is first loaded."""
    patch(LambdaProvider.validate_event_source_mapping)(check_the_mapping)
    patch(LambdaProvider.check_service_resource_exists)(check_the_source)
    patch(LambdaProvider.on_after_state_load)(restore_orphans_too)
    esm_worker.get_function_version_from_arn = function_or_stand_in
    patch(EsmWorkerFactory.get_esm_worker)(mapping_workers.worker)
    patch(EsmWorker.create)(succeed_the_worker_before)
    patch(EsmWorker.delete)(delete_what_does_not_run)
    patch(EsmWorker.update_esm_state_in_store)(leave_the_state_to_the_successor)
    patch(EsmWorker.delete_esm_in_store)(forget_the_checkpoints)
    patch(SqsPoller.handle_messages)(split_what_is_too_large)


def check_the_mapping(
    validate: Any, provider: LambdaProvider, context: RequestContext, request: dict[str, Any]
) -> Any:
    """Checks that LocalStack leaves out. What it is given for an update is what it keeps: the
    mapping as it will be, which tells when it was changed.
    """
    mapping_checks.check(context, request)
    validated = validate(provider, context, request)
    if "UUID" in request:
        request["LastModified"] = datetime.now(UTC)
    return validated


def check_the_source(
    check: Any, provider: LambdaProvider, service: str, source_arn: str, *others: Any
) -> None:
    """LocalStack knows no consumers of a stream."""
    if service == "kinesis" and mapping_checks.streams_are_ours():
        mapping_checks.check_stream(source_arn)
    else:
        check(provider, service, source_arn, *others)


def function_or_stand_in(function_arn: str) -> Any:
    """A worker asks its function only whose it is, which a deleted one can tell too."""
    try:
        return get_function_version_from_arn(function_arn)
    except ResourceNotFoundException:
        _, _, account, region = function_locators_from_arn(function_arn)
        return SimpleNamespace(id=SimpleNamespace(account=account, region=region))


def restore_orphans_too(load: Any, provider: LambdaProvider) -> None:
    """A mapping outlives its function, as on AWS; LocalStack cannot load one without."""
    orphans = [
        (store, mapping)
        for regions in lambda_stores.values()
        for store in regions.values()
        for mapping in store.event_source_mappings.values()
        if function_locators_from_arn(mapping["FunctionArn"])[0] not in store.functions
    ]
    for store, mapping in orphans:
        del store.event_source_mappings[mapping["UUID"]]
    load(provider)
    for store, mapping in orphans:
        store.event_source_mappings[mapping["UUID"]] = mapping
        enabled = mapping["State"] not in {EsmState.DISABLED, EsmState.DISABLING}
        worker = EsmWorkerFactory(mapping, "", enabled).get_esm_worker()
        worker.create()
        provider.esm_workers[worker.uuid] = worker


def succeed_the_worker_before(create: Any, worker: EsmWorker) -> None:
    """An update makes a new worker and stops the old one, which ends later."""
    WORKERS[worker.uuid] = worker
    create(worker)


def delete_what_does_not_run(delete: Any, worker: EsmWorker) -> None:
    """LocalStack leaves the deletion to the worker's thread, which a disabled mapping has not."""
    delete(worker)
    if worker._poller_thread is None:
        worker.delete_esm_in_store()


def leave_the_state_to_the_successor(update: Any, worker: EsmWorker, state: Any) -> None:
    """The old worker's last word would be Disabled, and the next start would believe it."""
    exists = worker.uuid in worker._state.event_source_mappings
    if exists and WORKERS.get(worker.uuid, worker) is worker:
        update(worker, state)


def forget_the_checkpoints(delete: Any, worker: EsmWorker) -> None:
    """A deleted mapping leaves nothing."""
    delete(worker)
    WORKERS.pop(worker.uuid, None)
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
