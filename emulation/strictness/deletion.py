"""A stack whose resource could not be deleted is DELETE_FAILED, as on AWS; LocalStack calls it
deleted.
"""

from typing import Any

from localstack.aws.api.cloudformation import StackStatus
from localstack.services.cloudformation.v2.entities import Stack
from localstack.utils.patch import patch


def apply() -> None:
    """Patch the running gateway; called once, before it serves."""
    patch(Stack.set_stack_status)(set_status_after_failure)


def set_status_after_failure(
    set_status: Any, stack: Any, status: Any, reason: str | None = None
) -> None:
    """A failed deletion is not called complete afterwards."""
    failed = stack.status == StackStatus.DELETE_FAILED
    if not (failed and status == StackStatus.DELETE_COMPLETE):
        set_status(stack, status, reason)
