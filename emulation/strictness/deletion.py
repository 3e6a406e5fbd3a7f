"""What becomes of a stack that is to be deleted.

LocalStack calls a stack deleted whose resource could not be; it forgets what a stack is just
creating; it deletes a stack twice at the same time, or while it is updated; and it deletes what
others import. Here the first is DELETE_FAILED, the second is made to its end and then deleted (AWS
interrupts it), and the others are as on AWS.
"""

import threading
from typing import Any

from localstack.aws.api import CommonServiceException, RequestContext
from localstack.aws.api.cloudformation import StackStatus
from localstack.services.cloudformation.models import get_cloudformation_store
from localstack.services.cloudformation.v2.entities import Stack
from localstack.services.cloudformation.v2.provider import (
    CloudformationProviderV2,
    find_stack_v2,
)
from localstack.utils.patch import patch

from emulation.strictness.exports import exports_in_use
from emulation.strictness.rollback import WORK

BEING_CREATED = {StackStatus.CREATE_IN_PROGRESS, StackStatus.ROLLBACK_IN_PROGRESS}
DELETED = {
    StackStatus.DELETE_IN_PROGRESS,
    StackStatus.DELETE_COMPLETE,
    StackStatus.DELETE_FAILED,
}

LEAVING: set[str] = set()
"""Ids of stacks that are deleted as soon as they are created."""


def apply() -> None:
    """Patch the running gateway; called once, before it serves."""
    patch(Stack.set_stack_status)(set_status_of_what_goes)
    patch(CloudformationProviderV2.delete_stack)(delete_stack)


def set_status_of_what_goes(
    set_status: Any, stack: Any, status: Any, reason: str | None = None
) -> None:
    """A failed deletion is not called complete afterwards, and what goes does not come back."""
    failed = stack.status == StackStatus.DELETE_FAILED and status == StackStatus.DELETE_COMPLETE
    made = stack.stack_id in LEAVING and status not in DELETED
    if not (failed or made):
        set_status(stack, status, reason)


def delete_stack(
    delete: Any, provider: Any, context: RequestContext, stack_name: str, **options: Any
) -> Any:
    """DeleteStack.

    Raises:
        CommonServiceException: the stack is being updated.
    """
    stack = find_stack_v2(get_cloudformation_store(context.account_id, context.region), stack_name)
    if stack is None or stack.status in DELETED - {StackStatus.DELETE_FAILED}:
        return None
    if stack.status in BEING_CREATED:
        return _delete_when_created(delete, provider, context, stack, options)
    if stack.status.endswith("_IN_PROGRESS") and stack.status != StackStatus.REVIEW_IN_PROGRESS:
        raise CommonServiceException(
            "ValidationError",
            f"Stack [{stack.stack_id}] cannot be deleted while in status {stack.status}",
            sender_fault=True,
        )
    if reason := exports_in_use(stack):
        # AWS takes the request and leaves the stack in the state that it has.
        stack.set_stack_status(stack.status, reason)
        return None
    return delete(provider, context, stack_name, **options)


def _delete_when_created(
    delete: Any, provider: Any, context: RequestContext, stack: Any, options: dict[str, Any]
) -> None:
    stack.set_stack_status(StackStatus.DELETE_IN_PROGRESS, "User Initiated")
    LEAVING.add(stack.stack_id)

    def wait_and_delete() -> None:
        if work := WORK.get(stack.stack_id):
            work.join()
        LEAVING.discard(stack.stack_id)
        delete(provider, context, stack.stack_id, **options)

    threading.Thread(target=wait_and_delete, daemon=True).start()
