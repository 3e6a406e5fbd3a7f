"""A stack knows what it has created, and is on disk with it, before anybody is told.

LocalStack gives a stack its resources when all of it is done. Killed before, the emulator would
come back with resources that no stack owns and that keep the next deployment out.
"""

from typing import Any

from localstack.aws.api.cloudformation import StackStatus
from localstack.services.cloudformation.engine.v2.change_set_model_executor import (
    ChangeSetModelExecutor,
)
from localstack.services.cloudformation.v2 import provider
from localstack.utils.patch import patch

from emulation.state import SAVER

OF_THE_CHANGE_SET = ("template", "processed_template", "template_body", "resolved_parameters")
"""What a deletion needs of the stack beside its resources."""


def apply() -> None:
    """Patch the running gateway; called once, before it serves."""
    patch(ChangeSetModelExecutor._execute_resource_action)(act_and_record)
    start = provider.start_worker_thread
    provider.start_worker_thread = lambda deploy, *more, **options: start(
        saved_after(deploy), *more, **options
    )


def act_and_record(act: Any, executor: Any, *arguments: Any, **named: Any) -> Any:
    """Create, change or delete one resource, and keep it with what it changed."""
    event = act(executor, *arguments, **named)
    change_set = executor._change_set
    stack = change_set.stack
    if stack.status == StackStatus.CREATE_IN_PROGRESS:
        stack.resolved_resources = executor.resources
        for name in OF_THE_CHANGE_SET:
            setattr(stack, name, getattr(change_set, name))
    SAVER.save_stack(stack)
    return event


def saved_after(deploy: Any) -> Any:
    """A deployment whose end is on disk."""

    def run(*arguments: Any) -> None:
        deploy(*arguments)
        SAVER.save_changed()

    return run
