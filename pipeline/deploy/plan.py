"""The plan of a deploy: what would change, as data, before anything does.

CloudFormation computes it (a change set) for a stack that exists. A stack that does not exist is
read from its template: its parameters come from stacks that may not exist either. A change set is
executed later only if its parameters still hold by then, so the plan that was confirmed is the
plan that runs.
"""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from botocore.exceptions import ClientError, WaiterError

from pipeline import aws
from pipeline.deploy.stacks import Template
from pipeline.errors import StackFailedError

Action = Literal["create", "update", "replace", "unchanged"]
PAST = {
    "create": "created",
    "update": "updated",
    "replace": "replaced",
    "unchanged": "unchanged",
}

GONE = {"", "DELETE_COMPLETE"}
BROKEN = {"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED"}
"""A stack that was never whole, or is half deleted, can only be deleted; its name is free then."""
NO_CHANGES = ("didn't contain changes", "No updates are to be performed")


@dataclass(frozen=True)
class Change:
    """One resource that a stack adds, changes or removes."""

    action: str
    resource: str
    type: str
    replacement: bool = False


@dataclass(frozen=True)
class StackPlan:
    """What happens to one stack; `reason` says why it is left for later."""

    stack: str
    name: str
    action: Action
    changes: tuple[Change, ...] = ()
    reason: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    change_set: str = ""

    @property
    def past(self) -> str:
        """The action once it is done."""
        return PAST[self.action]


def stack_status(name: str) -> str:
    """The status that CloudFormation gives, or "" for a stack that does not exist."""
    found = describe_stack(name)
    return str(found["StackStatus"]) if found else ""


def describe_stack(name: str) -> dict[str, Any] | None:
    """CloudFormation's record of a stack."""
    try:
        stacks: list[dict[str, Any]] = aws.client("cloudformation").describe_stacks(StackName=name)[
            "Stacks"
        ]
    except ClientError as error:
        # A missing stack is a ValidationError; only its message tells it from a bad request.
        if "does not exist" in error.response["Error"]["Message"]:
            return None
        raise
    return stacks[0]


def stack_outputs(name: str) -> dict[str, str]:
    """The outputs of a stack; none when it does not exist."""
    found = describe_stack(name) or {}
    return {item["OutputKey"]: item["OutputValue"] for item in found.get("Outputs", ())}


def plan_stack(stack: str, name: str, known: Mapping[str, str]) -> StackPlan:
    """What deploying the stack would do with the values known now."""
    template = Template.of(stack)
    status = stack_status(name)
    missing = [need for need in template.needs if need not in known]
    if status in GONE or status in BROKEN:
        action: Action = "create" if status in GONE else "replace"
        return StackPlan(stack, name, action, _additions(template), _waits_for(missing))
    given = _given(template, known)
    change_set = create_change_set(template, name, given)
    if not change_set:
        return StackPlan(stack, name, "unchanged", parameters=given)
    # Outputs are no resources: where only they change, CloudFormation lists nothing.
    changes = describe_changes(name, change_set)
    return StackPlan(stack, name, "update", changes, parameters=given, change_set=change_set)


def _waits_for(missing: Iterable[str]) -> str:
    names = ", ".join(missing)
    return f"needs {names} of a stack or training job before it" if names else ""


def _additions(template: Template) -> tuple[Change, ...]:
    return tuple(Change("Add", name, type_) for name, type_ in template.resources.items())


def _given(template: Template, known: Mapping[str, str]) -> dict[str, str]:
    return {name: known[name] for name in template.parameters if name in known}


def create_change_set(template: Template, name: str, given: Mapping[str, str]) -> str:
    """Let CloudFormation compute the changes; its identifier, or "" when there are none."""
    cloudformation = aws.client("cloudformation")
    request = change_set_request(template, name, given, creates=not _has_resources(name))
    change_set: str = cloudformation.create_change_set(**request)["Id"]
    waiter = cloudformation.get_waiter("change_set_create_complete")
    try:
        waiter.wait(ChangeSetName=change_set, StackName=name, WaiterConfig={"Delay": 1})
    except WaiterError as error:
        reason = str(error.last_response.get("StatusReason", error))
        cloudformation.delete_change_set(ChangeSetName=change_set, StackName=name)
        if any(words in reason for words in NO_CHANGES):
            return ""
        raise StackFailedError(name, "its change set", reason) from error
    return change_set


def change_set_request(
    template: Template, name: str, given: Mapping[str, str], *, creates: bool
) -> dict[str, Any]:
    """The request of a change set; a parameter that nobody fills keeps its value or default."""
    kept = [key for key in template.needs if key not in given]
    return {
        "StackName": name,
        "ChangeSetName": f"deploy-{uuid.uuid4().hex[:12]}",
        "ChangeSetType": "CREATE" if creates else "UPDATE",
        "TemplateBody": template.body,
        "Parameters": [
            *({"ParameterKey": key, "ParameterValue": value} for key, value in given.items()),
            *({"ParameterKey": key, "UsePreviousValue": True} for key in kept),
        ],
        "Capabilities": ["CAPABILITY_IAM"],
        "Tags": [{"Key": "pipeline", "Value": name.removesuffix(f"-{template.stack}")}],
    }


def _has_resources(name: str) -> bool:
    """A stack that only ever had a change set is in review and still to be created."""
    try:
        found = aws.client("cloudformation").list_stack_resources(StackName=name)
    except ClientError as error:
        if "does not exist" in error.response["Error"]["Message"]:
            return False
        raise
    return bool(found["StackResourceSummaries"])


def describe_changes(name: str, change_set: str) -> tuple[Change, ...]:
    """The resources that a change set touches."""
    pages = aws.client("cloudformation").get_paginator("describe_change_set")
    return tuple(
        _change(item["ResourceChange"])
        for page in pages.paginate(StackName=name, ChangeSetName=change_set)
        for item in page["Changes"]
    )


def _change(item: Mapping[str, Any]) -> Change:
    return Change(
        item["Action"],
        item["LogicalResourceId"],
        item["ResourceType"],
        # "Conditional" is CloudFormation's word for: only if a value turns out different.
        item.get("Replacement") == "True",
    )
