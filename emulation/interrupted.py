"""Stacks that were being deployed when the emulator was killed are failed: nobody deploys them."""

import time
from typing import Any

from localstack.aws.api.cloudformation import StackStatus
from localstack.services.cloudformation.models import cloudformation_stores

ENDINGS = {
    StackStatus.CREATE_IN_PROGRESS: StackStatus.CREATE_FAILED,
    StackStatus.ROLLBACK_IN_PROGRESS: StackStatus.ROLLBACK_FAILED,
    StackStatus.UPDATE_IN_PROGRESS: StackStatus.UPDATE_FAILED,
    StackStatus.UPDATE_ROLLBACK_IN_PROGRESS: StackStatus.UPDATE_FAILED,
    StackStatus.DELETE_IN_PROGRESS: StackStatus.DELETE_FAILED,
}
"""Each of them can be deployed or deleted again."""

CREATING = {StackStatus.CREATE_IN_PROGRESS, StackStatus.ROLLBACK_IN_PROGRESS}

STARTED = time.time()
"""When this run of the emulator began, in s since 1970; this module is loaded before it serves.
What the kernel tells of a process is off by the time that a virtual machine slept."""

REASON = "The emulator ended while it worked on this stack"


def fail_interrupted_stacks() -> None:
    """Give every stack that was in progress the end that it had."""
    for stack in all_stacks():
        if stack.status in CREATING:
            forget_unmade(stack)
        if ending := ENDINGS.get(stack.status):
            stack.set_stack_status(ending, REASON)


def forget_unmade(stack: Any) -> None:
    """Leave in the template what exists, so that a deletion finds all of it and nothing else."""
    for template in (stack.template, stack.processed_template):
        if template:
            resources = template["Resources"]
            template["Resources"] = {
                name: resources[name] for name in stack.resolved_resources if name in resources
            }
            template.pop("Outputs", None)


def all_stacks() -> list[Any]:
    """The stacks of every account and region."""
    stores = [store for regions in cloudformation_stores.values() for store in regions.values()]
    return [stack for store in stores for stack in store.stacks_v2.values()]
