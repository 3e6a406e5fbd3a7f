"""A stack whose resource could not be deleted is DELETE_FAILED, as on AWS.

LocalStack calls it deleted. It also empties buckets, where AWS deletes only empty ones. A resource
that is gone already counts as deleted.
"""

from typing import Any

from botocore.exceptions import ClientError
from localstack.aws.api.cloudformation import StackStatus
from localstack.services.cloudformation.resource_provider import (
    OperationStatus,
    ProgressEvent,
    ResourceProviderExecutor,
)
from localstack.services.cloudformation.v2.entities import Stack
from localstack.services.s3.resource_providers import aws_s3_bucket
from localstack.utils.patch import patch

GONE = ("NoSuch", "NotFound", "NonExistent", "EntityNotFound")


def apply() -> None:
    """Patch the running gateway; called once, before it serves."""
    patch(Stack.set_stack_status)(set_status_after_failure)
    patch(ResourceProviderExecutor.execute_action)(delete_strictly)
    aws_s3_bucket.delete_all_s3_objects = leave_objects


def leave_objects(_: Any, __: str) -> None:
    """S3 itself refuses to delete a bucket with objects."""


def set_status_after_failure(
    set_status: Any, stack: Any, status: Any, reason: str | None = None
) -> None:
    """A failed deletion is not called complete afterwards."""
    failed = stack.status == StackStatus.DELETE_FAILED
    if not (failed and status == StackStatus.DELETE_COMPLETE):
        set_status(stack, status, reason)


def delete_strictly(
    execute_action: Any, executor: Any, provider: Any, payload: dict[str, Any]
) -> Any:
    """Act through a provider whose deletions say why they fail."""
    return execute_action(executor, TruthfulDeletions(provider), payload)


class TruthfulDeletions:
    """A resource provider whose `delete` tells the service's reason, which LocalStack replaces by a
    sentence without one.
    """

    def __init__(self, provider: Any) -> None:
        self._provider = provider

    def __getattr__(self, name: str) -> Any:
        return getattr(self._provider, name)

    def delete(self, request: Any) -> Any:
        """The provider's own deletion; to delete what is not there is to be done."""
        try:
            return self._provider.delete(request)
        except ClientError as error:
            status = OperationStatus.SUCCESS if is_gone(error) else OperationStatus.FAILED
            return ProgressEvent(status=status, resource_model={}, message=str(error))


def is_gone(error: ClientError) -> bool:
    """Whether the service says that there is no such thing."""
    return any(word in error.response["Error"]["Code"] for word in GONE)
