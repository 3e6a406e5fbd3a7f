"""A stack that fails goes back to where it was, as on AWS.

LocalStack calls a failed stack rolled back without undoing anything, carries out the deletions of a
failed update, and remembers the template of a failed update as deployed, so that trying it again
"contains no changes". Here a failure deletes what it has created, deletes nothing else, and the
stack keeps its last good template; what merely needs a resource that has failed is not said to have
failed. What a failed update has modified in place stays modified (its
record says so) until the next update.
"""

import sys
import threading
from typing import Any
from weakref import WeakValueDictionary

from localstack.aws.api.cloudformation import (
    ChangeAction,
    ChangeSetType,
    ResourceStatus,
    StackStatus,
)
from localstack.services.cloudformation.engine.v2.change_set_model_executor import (
    ChangeSetModelExecutor,
    EventOperationFromAction,
    TriggerRollback,
)
from localstack.services.cloudformation.engine.v2.change_set_model_preproc import (
    PreprocProperties,
)
from localstack.services.cloudformation.resource_provider import OperationStatus
from localstack.services.cloudformation.v2.entities import Stack
from localstack.utils.patch import patch

Record = dict[str, Any]

AT_REST = {StackStatus.ROLLBACK_COMPLETE, StackStatus.UPDATE_ROLLBACK_COMPLETE}
NOT_AFTER_ROLLBACK = {
    StackStatus.CREATE_COMPLETE,
    StackStatus.CREATE_FAILED,
    StackStatus.UPDATE_COMPLETE,
    StackStatus.UPDATE_FAILED,
    StackStatus.REVIEW_IN_PROGRESS,
}
BEGUN = {StackStatus.CREATE_IN_PROGRESS, StackStatus.UPDATE_IN_PROGRESS}
WELL = {StackStatus.CREATE_COMPLETE, StackStatus.UPDATE_COMPLETE}
DELETION = {StackStatus.DELETE_IN_PROGRESS, StackStatus.DELETE_FAILED}
EMPTY: dict[str, Any] = {"Resources": {}}

WORK: WeakValueDictionary[str, threading.Thread] = WeakValueDictionary()
"""Who deploys a stack, by the stack's id; a thread that has ended is not kept with all it holds."""


def apply() -> None:
    """Patch the running gateway; called once, before it serves."""
    patch(Stack.set_stack_status)(set_status_after_rollback)
    process = ChangeSetModelExecutor.process

    def process_or_roll_back(executor: Any) -> None:
        """Deploy; what fails is undone before the stack is said to be rolled back."""
        began = executor._change_set.stack.status
        executor.failed = {}
        WORK[executor._change_set.stack.stack_id] = threading.current_thread()
        finished = began == StackStatus.DELETE_IN_PROGRESS
        try:
            process(executor)
            finished = True
        finally:
            if not finished:
                roll_back(executor, updating=began == StackStatus.UPDATE_IN_PROGRESS)

    # Not by `patch`, which would patch the base class and so the mere description of changes.
    ChangeSetModelExecutor.process = process_or_roll_back
    patch(ChangeSetModelExecutor._process_event)(tell_of_what_was_touched)


def tell_of_what_was_touched(process_event: Any, executor: Any, **about: Any) -> None:
    """A failure passes through everything that needs what has failed, which nobody has touched."""
    if about["event_status"] is not OperationStatus.FAILED:
        process_event(executor, **about)
        return
    cause = sys.exception()
    name = about["logical_resource_id"]
    if not isinstance(cause, TriggerRollback) or cause.logical_resource_id == name:
        tell_of_failure(executor, name, about)


def tell_of_failure(executor: Any, name: str, about: dict[str, Any]) -> None:
    """The event of a resource; a stack that is deployed has failed when it is rolled back."""
    doing = about.get("special_action") or EventOperationFromAction[about["action"].value]
    stack = executor._change_set.stack
    stack.set_resource_status(
        logical_resource_id=name,
        physical_resource_id=executor._get_physical_id(name, False),
        resource_type=about["resource_type"],
        status=ResourceStatus(about.get("custom_status") or f"{doing}_FAILED"),
        resource_status_reason=about.get("reason"),
    )
    executor.failed.setdefault(doing.lower(), {})[name] = True
    if stack.status in DELETION:
        stack.set_stack_status(StackStatus.DELETE_FAILED, what_failed(executor))


def what_failed(executor: Any) -> str:
    """The sentences of AWS; without a resource that failed, the error itself."""
    told = [
        f"The following resource(s) failed to {verb}: [{', '.join(names)}]."
        for verb, names in executor.failed.items()
    ]
    return " ".join(told) or str(sys.exception())


def set_status_after_rollback(
    set_status: Any, stack: Any, status: Any, reason: str | None = None
) -> None:
    """A rolled back stack is not called complete, failed or in review behind its back."""
    if stack.status in AT_REST and status in NOT_AFTER_ROLLBACK:
        return
    set_status(stack, status, reason or ("User Initiated" if status in BEGUN else None))
    if status in WELL:
        stack.status_reason = reason


def roll_back(executor: Any, *, updating: bool) -> None:
    """Delete what the failed deployment has created, and remember what was before."""
    change_set = executor._change_set
    stack = change_set.stack
    executor._deferred_actions.clear()
    if updating:
        stack.set_stack_status(StackStatus.UPDATE_ROLLBACK_IN_PROGRESS, what_failed(executor))
    else:
        why = f"{what_failed(executor)} Rollback requested by user."
        stack.set_stack_status(StackStatus.ROLLBACK_IN_PROGRESS, why)
    before: dict[str, Record] = dict(stack.resolved_resources) if updating else {}
    made = dict(executor.resources)
    for name, record in reversed(made.items()):
        if is_created(executor, name, record, before.get(name)):
            delete(executor, name, record)
    executor.resources.clear()
    executor.resources.update(
        {name: latest(record, made.get(name)) for name, record in before.items()}
    )
    executor.outputs[:] = stack.resolved_outputs if updating else ()
    remember(change_set, updating=updating)


def is_created(executor: Any, name: str, record: Record, before: Record | None) -> bool:
    """Whether the failed deployment has created this resource."""
    if before is not None and before.get("PhysicalResourceId") == record.get("PhysicalResourceId"):
        return False
    if "PhysicalResourceId" in record:
        return True
    given = given_identifier(executor, name, record)
    return any(given.values()) and given != given_identifier(executor, name, before or {})


def given_identifier(executor: Any, name: str, record: Record) -> Record:
    """The parts of a resource's identifier which the service gave, not the template. A resource
    that failed and has them exists, and is not somebody else's that was merely in the way.
    """
    kind = record.get("Type", "")
    provider = executor.resource_provider_executor.try_load_resource_provider(kind)
    identifiers = {
        path.removeprefix("/properties/")
        for path in getattr(provider, "SCHEMA", {}).get("primaryIdentifier", ())
    }
    template = executor._change_set.template or EMPTY
    asked = template["Resources"].get(name, {}).get("Properties") or {}
    properties = record.get("Properties") or {}
    return {key: properties.get(key) for key in identifiers - set(asked)}


def delete(executor: Any, name: str, record: Record) -> None:
    """Delete one resource; a failure is an event and does not keep the others."""
    stack = executor._change_set.stack
    known = stack.resource_states.get(name)
    about = {
        "action": ChangeAction.Remove,
        "logical_resource_id": name,
        "resource_type": record["Type"],
    }
    executor._process_event(event_status=OperationStatus.IN_PROGRESS, **about)
    event = executor._execute_resource_action(
        before_properties=PreprocProperties(properties=record["Properties"]),
        after_properties=None,
        part_of_replacement=True,
        **about,
    )
    executor._process_event(event_status=event.status, reason=event.message, **about)
    if name in stack.resolved_resources and known:
        # A replacement is gone, the resource that it should have replaced is still there.
        stack.resource_states[name] = known


def latest(before: Record, made: Record | None) -> Record:
    """The record of a resource that existed before: with its new properties where it has some."""
    kept = made and made.get("PhysicalResourceId") == before.get("PhysicalResourceId")
    return made if kept and made else before


def remember(change_set: Any, *, updating: bool) -> None:
    """LocalStack copies these to the stack when the deployment has ended, failed or not."""
    stack = change_set.stack
    if not updating:
        change_set.template = change_set.processed_template = EMPTY
        return
    # UpdateStack's inner change set says CREATE, which would end in the wrong status.
    change_set.change_set_type = ChangeSetType.UPDATE
    change_set.template = stack.template
    change_set.template_body = stack.template_body
    change_set.processed_template = stack.processed_template
    change_set.resolved_parameters = stack.resolved_parameters
