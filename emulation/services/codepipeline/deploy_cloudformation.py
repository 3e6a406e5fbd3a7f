"""The deploy action of CloudFormation: stacks and change sets, followed until they rest.

A stack that is up to date already is a success, as is a change set without changes. A stack whose
deployment a kill of the emulator interrupted is failed when the emulator starts again, and fails
the action with its reason.
"""

import json
from typing import Any

from botocore.exceptions import ClientError

from emulation.services.codepipeline import artifacts
from emulation.services.codepipeline.stack_inputs import stack_input
from emulation.services.codepipeline.store import Members
from emulation.services.codepipeline.tasks import CONFIGURATION, ActionError, Outcome, Task

NO_UPDATES = ("No updates are to be performed", "didn't contain changes", "no changes")
DONE = {"CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE"}
BROKEN = {
    "CREATE_FAILED",
    "DELETE_FAILED",
    "ROLLBACK_COMPLETE",
    "ROLLBACK_FAILED",
    "UPDATE_ROLLBACK_FAILED",
}
"""Stacks that can only be deleted; REPLACE_ON_FAILURE does it."""
FAILURES = ("CREATE_FAILED", "UPDATE_FAILED", "DELETE_FAILED")


class CloudFormationProvider:
    """Works on one stack."""

    polls = True

    def start(self, task: Task) -> Outcome | None:
        """Begin with what the mode says."""
        mode = task.configuration["ActionMode"]
        begin = {
            "CREATE_UPDATE": create_or_update,
            "REPLACE_ON_FAILURE": replace_on_failure,
            "DELETE_ONLY": delete_only,
            "CHANGE_SET_REPLACE": replace_change_set,
            "CHANGE_SET_EXECUTE": execute_change_set,
        }.get(mode)
        if begin is None:
            raise ActionError(f"ActionMode {mode} is not valid", CONFIGURATION)
        return begin(task)

    def look(self, task: Task) -> Outcome | None:
        """How far it is."""
        if "change_set" in task.run.work:
            return look_at_change_set(task)
        return look_at_stack(task)


def find(task: Task, name: str) -> Members | None:
    """A stack as it is now; None where there is none, or a deleted one."""
    try:
        (stack,) = task.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise
    return None if stack["StackStatus"] == "DELETE_COMPLETE" else dict(stack)


def stack_name(task: Task) -> str:
    """The stack that the action is about."""
    return task.configuration["StackName"]


def create_or_update(task: Task) -> Outcome | None:
    """Whichever the stack needs."""
    client, name = task.client("cloudformation"), stack_name(task)
    found = find(task, name)
    given = stack_input(task)
    if found is None or found["StackStatus"] == "REVIEW_IN_PROGRESS":
        answer = client.create_stack(StackName=name, **given)
    else:
        try:
            answer = client.update_stack(StackName=name, **given)
        except ClientError as error:
            if not unchanged(str(error)):
                raise
            return finished(task, found)
    follow(task, answer["StackId"])
    return None


def unchanged(message: str) -> bool:
    """Whether CloudFormation says that there is nothing to do."""
    return any(words.lower() in message.lower() for words in NO_UPDATES)


def follow(task: Task, stack_id: str, **work: Any) -> None:
    """Note what was started."""
    task.run.external_id = stack_id
    task.run.external_url = (
        f"https://console.aws.amazon.com/cloudformation/home?region={task.scope.region}#/stack/"
        f"detail?stackId={stack_id}"
    )
    task.keep(stack=stack_id, **work)


def replace_on_failure(task: Task) -> Outcome | None:
    """Delete a broken stack first."""
    found = find(task, stack_name(task))
    if found is None or found["StackStatus"] not in BROKEN:
        return create_or_update(task)
    task.client("cloudformation").delete_stack(StackName=found["StackId"])
    follow(task, found["StackId"], then="create")
    return None


def delete_only(task: Task) -> Outcome | None:
    """Delete it; one that is not there is deleted."""
    found = find(task, stack_name(task))
    if found is None:
        return Outcome("Stack does not exist")
    task.client("cloudformation").delete_stack(StackName=found["StackId"])
    follow(task, found["StackId"], then="end")
    return None


def look_at_stack(task: Task) -> Outcome | None:
    """Whether the stack rests."""
    work = task.run.work
    (stack,) = task.client("cloudformation").describe_stacks(StackName=work["stack"])["Stacks"]
    status = stack["StackStatus"]
    if status.endswith("IN_PROGRESS"):
        return None
    if status == "DELETE_COMPLETE" and work.get("then") == "end":
        return Outcome("Stack was deleted")
    if status == "DELETE_COMPLETE" and work.get("then") == "create":
        task.keep(then="")
        return create_or_update(task)
    if status in DONE:
        return finished(task, stack)
    return Outcome(error=why(task, stack))


def why(task: Task, stack: Members) -> str:
    """The first thing that failed in a stack."""
    events = task.client("cloudformation").describe_stack_events(StackName=stack["StackId"])
    failed = [
        f"{event['LogicalResourceId']}: {event['ResourceStatusReason']}"
        for event in events["StackEvents"]
        if event["ResourceStatus"] in FAILURES and event.get("ResourceStatusReason")
    ]
    reason = stack.get("StackStatusReason") or "The stack could not be deployed"
    first = f" ({failed[-1]})" if failed else ""
    return f"{reason}. Current stack status: {stack['StackStatus']}{first}"


def finished(task: Task, stack: Members) -> Outcome:
    """A stack as it should be: its outputs are variables, and an artifact if one is asked for."""
    task.run.external_id = stack["StackId"]
    outputs = {item["OutputKey"]: item["OutputValue"] for item in stack.get("Outputs") or []}
    task.run.variables = dict(outputs)
    if place := task.output():
        name = task.configuration.get("OutputFileName")
        if not name:
            raise ActionError("An output artifact needs an OutputFileName", CONFIGURATION)
        content = json.dumps(outputs).encode()
        artifacts.put_file(task.client("s3"), place, name, content, task.options())
    return Outcome(f"Stack {stack['StackName']} is in {stack['StackStatus']}")


def change_set_name(task: Task) -> str:
    """The change set that the action is about.

    Raises:
        ActionError: none is named.
    """
    if name := task.configuration.get("ChangeSetName"):
        return name
    raise ActionError("ChangeSetName is required for change set actions", CONFIGURATION)


def replace_change_set(task: Task) -> Outcome | None:
    """Make a change set anew."""
    client, name, stack = task.client("cloudformation"), change_set_name(task), stack_name(task)
    found = find(task, stack)
    fresh = found is None or found["StackStatus"] == "REVIEW_IN_PROGRESS"
    if found is not None and describe(task, stack, name):
        client.delete_change_set(ChangeSetName=name, StackName=stack)
    answer = client.create_change_set(
        StackName=stack,
        ChangeSetName=name,
        ChangeSetType="CREATE" if fresh else "UPDATE",
        **stack_input(task),
    )
    follow(task, answer["StackId"], change_set=answer["Id"])
    return None


def describe(task: Task, stack: str, name: str) -> Members | None:
    """A change set as it is now."""
    try:
        found = task.client("cloudformation").describe_change_set(
            ChangeSetName=name, StackName=stack
        )
    except ClientError as error:
        if error.response["Error"]["Code"] in {"ChangeSetNotFound", "ChangeSetNotFoundException"}:
            return None
        raise
    return dict(found)


def look_at_change_set(task: Task) -> Outcome | None:
    """Whether the change set is made."""
    found = describe(task, task.run.work["stack"], task.run.work["change_set"])
    if found is None:
        return Outcome(error="The change set was deleted")
    status, reason = found["Status"], found.get("StatusReason", "")
    if status in {"CREATE_PENDING", "CREATE_IN_PROGRESS"}:
        return None
    task.run.variables = {}
    if status == "CREATE_COMPLETE" or unchanged(reason):
        return Outcome(f"Change set {found['ChangeSetName']} was created")
    return Outcome(error=f"The change set could not be created: {reason}")


def execute_change_set(task: Task) -> Outcome | None:
    """Execute what an earlier action has made."""
    stack, name = stack_name(task), change_set_name(task)
    found = describe(task, stack, name)
    if found is None:
        raise ActionError(f"ChangeSet [{name}] does not exist", CONFIGURATION)
    if found["Status"] == "FAILED" and unchanged(found.get("StatusReason", "")):
        existing = find(task, stack)
        return finished(task, existing) if existing else Outcome("There are no changes")
    task.client("cloudformation").execute_change_set(ChangeSetName=name, StackName=stack)
    follow(task, found["StackId"])
    return None
