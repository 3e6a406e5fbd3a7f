"""A resource whose update or deletion did not happen fails, with the service's own reason.

LocalStack answers `UPDATE_COMPLETE` and changes nothing when an update is not written, and also
when it raised an error that reads like "not found"; the reason of a failed deletion it replaces by
a sentence without one.
"""

from typing import Any

from botocore.exceptions import ClientError
from localstack.services.cloudformation.resource_provider import (
    OperationStatus,
    ProgressEvent,
    ResourceProviderExecutor,
)
from localstack.utils.patch import patch

GONE = ("NoSuch", "NotFound", "NonExistent", "EntityNotFound")


def apply() -> None:
    """Patch the running gateway; called once, before it serves."""
    patch(ResourceProviderExecutor.execute_action)(act_truthfully)


def act_truthfully(
    execute_action: Any, executor: Any, provider: Any, payload: dict[str, Any]
) -> Any:
    """Act through a provider that tells what it did not do."""
    return execute_action(executor, TruthfulProvider(provider), payload)


class TruthfulProvider:
    """A resource provider whose failures are events with a reason, before LocalStack sees them."""

    def __init__(self, provider: Any) -> None:
        self._provider = provider

    def __getattr__(self, name: str) -> Any:
        return getattr(self._provider, name)

    def update(self, request: Any) -> Any:
        """The provider's own update, or the reason why there is none."""
        try:
            return self._provider.update(request)
        except NotImplementedError as error:
            # LocalStack's types say nothing; ours name the member that cannot change.
            return failed(str(error) or f"Updates of {request.resource_type} are not emulated")
        except ClientError as error:
            return failed(str(error))

    def delete(self, request: Any) -> Any:
        """The provider's own deletion; to delete what is not there is to be done."""
        try:
            return self._provider.delete(request)
        except ClientError as error:
            if is_gone(error):
                return ProgressEvent(status=OperationStatus.SUCCESS, resource_model={})
            return failed(str(error))


def failed(reason: str) -> Any:
    """The event that fails a resource."""
    return ProgressEvent(status=OperationStatus.FAILED, resource_model={}, message=reason)


def is_gone(error: ClientError) -> bool:
    """Whether the service says that there is no such thing."""
    return any(word in error.response["Error"]["Code"] for word in GONE)
