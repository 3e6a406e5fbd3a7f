"""An update that nobody wrote fails its stack."""

from typing import Any

from botocore.exceptions import ClientError
from localstack.services.cloudformation.resource_provider import (
    OperationStatus,
    ProgressEvent,
    ResourceProviderExecutor,
)
from localstack.utils.patch import patch


def apply() -> None:
    """Patch the running gateway; called once, before it serves."""
    patch(ResourceProviderExecutor.execute_action)(execute_action_strictly)


def execute_action_strictly(
    execute_action: Any, executor: Any, provider: Any, payload: dict[str, Any]
) -> Any:
    """Act through a provider whose failed or unwritten updates fail."""
    return execute_action(executor, StrictUpdates(provider), payload)


class StrictUpdates:
    """A resource provider whose `update` fails its resource where LocalStack would report success.

    LocalStack answers `UPDATE_COMPLETE` and changes nothing when an update is not written, and
    also when it raised an error that reads like "not found".
    """

    def __init__(self, provider: Any) -> None:
        self._provider = provider

    def __getattr__(self, name: str) -> Any:
        return getattr(self._provider, name)

    def update(self, request: Any) -> Any:
        """The provider's own update, or the reason why there is none."""
        try:
            return self._provider.update(request)
        except NotImplementedError:
            reason = f"Updates of {request.resource_type} are not emulated"
        except ClientError as error:
            reason = str(error)
        return ProgressEvent(status=OperationStatus.FAILED, resource_model={}, message=reason)
