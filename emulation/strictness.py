"""Where LocalStack reports success for work that it did not do, and how each place is made to refuse."""

from localstack.services.cloudformation.resource_provider import (
    OperationStatus,
    ProgressEvent,
    ResourceProvider,
    ResourceProviderExecutor,
)
from localstack.utils.patch import patch


def apply() -> None:
    """Patch the running gateway; called once, before it serves."""
    patch(ResourceProviderExecutor.execute_action)(refuse_unwritten_updates)


def refuse_unwritten_updates(
    execute_action: object,
    executor: ResourceProviderExecutor,
    provider: ResourceProvider,
    payload: dict,
) -> ProgressEvent:
    """Fail an update that nobody wrote: LocalStack logs a warning, changes nothing and reports `UPDATE_COMPLETE`."""
    unwritten = type(provider).update is ResourceProvider.update
    if payload["action"] in {"Dynamic", "Modify"} and unwritten:
        return ProgressEvent(
            status=OperationStatus.FAILED,
            resource_model={},
            message=f"Updates of {payload['resourceType']} are not emulated",
        )
    return execute_action(executor, provider, payload)
