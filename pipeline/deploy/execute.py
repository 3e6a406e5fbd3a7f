"""Bring stacks to where their templates want them, one after the other, feeding outputs forward.

A failure is told as CloudFormation's first cause: stack, resource, reason. A run that was
interrupted left a stack in progress; the next run waits for it and goes on.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from pipeline import aws
from pipeline.deploy import bundle
from pipeline.deploy.plan import (
    GONE,
    StackPlan,
    create_change_set,
    describe_stack,
    plan_stack,
    stack_outputs,
    stack_status,
)
from pipeline.deploy.stacks import Template
from pipeline.errors import LateError, SettingError, StackFailedError
from pipeline.polling import polls

Tell = Callable[[str], None]
"""Where a step says what it does."""

ECHOES = ("cancelled", "The following resource(s) failed")
"""CloudFormation repeats a failure on every resource that it takes down with it."""


@dataclass(frozen=True)
class Deployed:
    """One stack after its deploy."""

    plan: StackPlan
    seconds: float
    outputs: Mapping[str, str]


class Deployer:
    """Deploys stacks of one name; `known` grows by each stack's outputs."""

    def __init__(self, name: str, seconds: float, known: Mapping[str, str] | None = None) -> None:
        self.name = name
        self.seconds = seconds
        self.known: dict[str, str] = {"Name": name} | dict(known or {})
        self._unchanged: dict[str, StackPlan] = {}

    def stack_name(self, stack: str) -> str:
        """What CloudFormation calls the stack."""
        return f"{self.name}-{stack}"

    def learn(self, *stacks: str) -> None:
        """Read the outputs of stacks that exist."""
        for stack in stacks:
            self.known |= stack_outputs(self.stack_name(stack))

    def plan(self, *stacks: str) -> list[StackPlan]:
        """What a deploy would do, without uploading or changing anything."""
        plans = []
        for stack in stacks:
            self.learn(stack)
            self._build_bundles(stack)
            plans.append(plan_stack(stack, self.stack_name(stack), self.known))
        self._unchanged = {plan.stack: plan for plan in plans if plan.action == "unchanged"}
        return plans

    def deploy(self, stack: str, tell: Tell, planned: StackPlan | None = None) -> Deployed:
        """Bring one stack where its template wants it. What was planned to stay as it is needs no
        second look, as long as nothing else is asked of it.
        """
        started = time.monotonic()
        name = self.stack_name(stack)
        self._settle(name, tell)
        self._ship(stack, tell)
        plan = self._current(stack, planned or self._unchanged.get(stack))
        try:
            self._execute(plan, tell)
        except ClientError as error:
            reason = error.response["Error"]["Message"]
            raise StackFailedError(name, "its template", reason) from error
        outputs = stack_outputs(name)
        self.known |= outputs
        return Deployed(plan, time.monotonic() - started, outputs)

    def _build_bundles(self, stack: str) -> list[bundle.Bundle]:
        wanted = {recipe.parameter for recipe in bundle.RECIPES} & set(
            Template.of(stack).parameters
        )
        built = [bundle.build(parameter) for parameter in sorted(wanted)]
        self.known |= {item.recipe.parameter: item.key for item in built}
        return built

    def _ship(self, stack: str, tell: Tell) -> None:
        bucket = self.known.get("ArtifactsBucket")
        for item in self._build_bundles(stack):
            if bucket and bundle.upload(bucket, item):
                tell(f"uploaded {item.key}")

    def _current(self, stack: str, planned: StackPlan | None) -> StackPlan:
        """The plan that was shown, as long as what it was computed from still holds."""
        template = Template.of(stack)
        given = {key: self.known[key] for key in template.parameters if key in self.known}
        if planned and planned.action in {"update", "unchanged"} and planned.parameters == given:
            return planned
        plan = plan_stack(stack, self.stack_name(stack), self.known)
        if plan.reason:
            raise SettingError(f"Stack {plan.name} {plan.reason}.")
        return replace(plan, parameters=given)

    def _execute(self, plan: StackPlan, tell: Tell) -> None:
        if plan.action == "unchanged":
            return
        if plan.action == "replace":
            tell(f"deleting {plan.name}, which was never whole")
            delete_stack(plan.name, self.seconds, tell)
        change_set = plan.change_set or create_change_set(
            Template.of(plan.stack), plan.name, plan.parameters
        )
        seen = {event["EventId"] for event in stack_events(plan.name)}
        aws.client("cloudformation").execute_change_set(
            ChangeSetName=change_set, StackName=plan.name
        )
        self._follow(plan.name, seen, tell)

    def _follow(self, name: str, seen: set[str], tell: Tell) -> None:
        status = follow(name, self.seconds, seen, tell)
        if status not in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}:
            raise stack_failure(name, seen)

    def _settle(self, name: str, tell: Tell) -> None:
        """Wait for what an earlier run has left in progress."""
        status = stack_status(name)
        if status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS":
            tell(f"{name} is {status}, waiting")
            status = follow(name, self.seconds, set(), tell)
        if status == "UPDATE_ROLLBACK_FAILED":
            reason = "its last rollback failed; continue or delete it in CloudFormation"
            raise StackFailedError(name, "the stack", reason)


def follow(name: str, seconds: float, seen: set[str], tell: Tell) -> str:
    """Tell the events of a stack until it rests; its status then."""
    told = set(seen)
    for _ in polls(seconds):
        found = describe_stack(name)
        for event in _new_events(name, told) if found else ():
            tell(f"{event['LogicalResourceId']} {event['ResourceStatus'].lower()}")
        status = str(found["StackStatus"]) if found else "DELETE_COMPLETE"
        if not status.endswith("_IN_PROGRESS"):
            return status
    raise LateError(f"Stack {name} is still in progress after {seconds:.0f} s.")


def _new_events(name: str, told: set[str]) -> list[dict[str, Any]]:
    new = [event for event in stack_events(name) if event["EventId"] not in told]
    told |= {event["EventId"] for event in new}
    return new[::-1]


def stack_events(name: str) -> list[dict[str, Any]]:
    """The newest hundred events of a stack, newest first; none when it does not exist."""
    try:
        found = aws.client("cloudformation").describe_stack_events(StackName=name)
    except ClientError as error:
        if "does not exist" in error.response["Error"]["Message"]:
            return []
        raise
    events: list[dict[str, Any]] = found["StackEvents"]
    return events


def stack_failure(name: str, seen: set[str]) -> StackFailedError:
    """The first cause of a failure, in AWS's words."""
    events = [event for event in stack_events(name) if event["EventId"] not in seen]
    causes = [event for event in events if _is_cause(event)]
    if not causes:
        found = describe_stack(name) or {}
        reason = found.get("StackStatusReason") or found.get("StackStatus", "deleted")
        return StackFailedError(name, "the stack", str(reason))
    first = min(causes, key=_time)
    resource = f"{first['LogicalResourceId']} ({first['ResourceType']})"
    return StackFailedError(name, resource, first.get("ResourceStatusReason", "no reason given"))


def _time(event: Mapping[str, Any]) -> datetime:
    moment: datetime = event["Timestamp"]
    return moment


def _is_cause(event: Mapping[str, Any]) -> bool:
    reason = event.get("ResourceStatusReason") or ""
    failed = event["ResourceStatus"].endswith("_FAILED")
    return failed and not any(words in reason for words in ECHOES)


def delete_stack(name: str, seconds: float, tell: Tell) -> bool:
    """Delete a stack and wait; False when there was none."""
    found = describe_stack(name)
    if not found or found["StackStatus"] in GONE:
        return False
    seen = {event["EventId"] for event in stack_events(name)}
    aws.client("cloudformation").delete_stack(StackName=name)
    # By identifier, under which a deleted stack can still be described.
    status = follow(str(found["StackId"]), seconds, seen, tell)
    if status != "DELETE_COMPLETE":
        raise stack_failure(str(found["StackId"]), seen)
    return True
