"""Rules and their targets: PutRule, PutTargets, RemoveTargets and what changes a rule's state."""

from datetime import UTC, datetime
from typing import Any

from localstack.services.events.models import EventBus, Rule
from localstack.services.events.rule import TARGET_ARN_REGEX

from emulation.services.events import errors, inputs, targets, timetable
from emulation.services.events.pattern_conditions import InvalidPatternError
from emulation.services.events.patterns import compiled
from emulation.services.events.schedules import InvalidScheduleError, parse

MAX_TARGETS = 5
ROLE_FREE_BUS = "event-bus"


def put(bus: EventBus, account: str, region: str, request: dict[str, Any]) -> Rule:
    """Make a rule, or change one, which keeps its targets."""
    check(bus, request)
    before = bus.rules.get(request["Name"])
    rule = Rule(
        name=request["Name"],
        region=region,
        account_id=account,
        schedule_expression=request.get("ScheduleExpression"),
        event_pattern=request.get("EventPattern"),
        state=request.get("State"),
        description=request.get("Description"),
        role_arn=request.get("RoleArn"),
        event_bus_name=bus.name,
        targets=before.targets if before else {},
    )
    rule.__dict__[timetable.STARTS] = datetime.now(UTC)
    bus.rules[rule.name] = rule
    timetable.plan(rule)
    return rule


def check(bus: EventBus, request: dict[str, Any]) -> None:
    """Refuse a rule that nothing would start, or that cannot be read."""
    pattern, schedule = request.get("EventPattern"), request.get("ScheduleExpression")
    if not pattern and not schedule:
        raise errors.validation(
            "Parameter(s) EventPattern or ScheduleExpression must be specified."
        )
    if schedule:
        _check_schedule(bus, schedule)
    if pattern:
        check_pattern(pattern)


def _check_schedule(bus: EventBus, expression: str) -> None:
    if bus.name != "default":
        raise errors.validation("ScheduleExpression is supported only on the default event bus.")
    try:
        parse(expression)
    except InvalidScheduleError as error:
        raise errors.validation("Parameter ScheduleExpression is not valid.") from error


def check_pattern(text: str) -> None:
    """Refuse a pattern that is none."""
    try:
        compiled(text)
    except InvalidPatternError as error:
        raise errors.invalid_pattern(str(error)) from error


def find(bus: EventBus, name: str) -> Rule:
    """A rule of a bus."""
    if name not in bus.rules:
        raise errors.not_found(f"Rule {name} does not exist on EventBus {bus.name}.")
    return bus.rules[name]


def put_targets(rule: Rule, wanted: list[dict[str, Any]]) -> list[dict[str, str]]:
    """Set targets; those that are refused are told and the others set."""
    failed = []
    for target in wanted:
        if refusal := _refusal(target):
            failed.append(refusal)
        else:
            _check_target(target)
    kept = [target for target in wanted if target["Id"] not in {f["TargetId"] for f in failed}]
    if len(rule.targets.keys() | {target["Id"] for target in kept}) > MAX_TARGETS:
        raise errors.limit_exceeded()
    rule.targets.update({target["Id"]: target for target in kept})
    return failed


def _refusal(target: dict[str, Any]) -> dict[str, str] | None:
    """Why an entry fails alone."""
    arn, name = target["Arn"], target["Id"]
    message = ""
    if not TARGET_ARN_REGEX.match(arn):
        message = f"Parameter {arn} is not valid. Reason: Provided Arn is not in correct format."
    elif ":sqs:" in arn and arn.endswith(".fifo") and not target.get("SqsParameters"):
        message = f"Parameter(s) SqsParameters must be specified for target: {name}."
    if not message:
        return None
    return {"TargetId": name, "ErrorCode": "ValidationException", "ErrorMessage": message}


def _check_target(target: dict[str, Any]) -> None:
    arn = target["Arn"]
    kind = targets.kind_name(arn)
    try:
        inputs.check(target)
    except inputs.InputError as error:
        raise errors.validation(str(error)) from error
    if kind == targets.BUS and any(target.get(name) for name in inputs.CHECKS):
        raise NotImplementedError("events.PutTargets with an event bus's Input is not emulated")
    if kind in {targets.BUS, targets.ARCHIVE}:
        return
    if kind not in targets.KINDS:
        raise NotImplementedError(f"events.PutTargets with a target of {kind} is not emulated")
    if targets.KINDS[kind].needs_role and not target.get("RoleArn"):
        raise errors.validation(f"RoleArn is required for target {arn}.")


def remove_targets(rule: Rule, ids: list[str], *, force: bool) -> list[dict[str, str]]:
    """Take targets away; those that are not there are told."""
    if rule.managed_by and not force:
        raise errors.managed_rule(rule.name)
    failed = [
        {
            "TargetId": name,
            "ErrorCode": "ResourceNotFoundException",
            "ErrorMessage": (f"Rule '{rule.name}' does not have a target with the Id '{name}'."),
        }
        for name in ids
        if name not in rule.targets
    ]
    for name in ids:
        rule.targets.pop(name, None)
    return failed


def set_state(rule: Rule, state: str) -> None:
    """Turn a rule on or off."""
    rule.state = state
    timetable.plan(rule)


def delete(bus: EventBus, name: str, *, force: bool) -> None:
    """Delete a rule without targets; one that is not there is deleted already."""
    rule = bus.rules.get(name)
    if rule is None:
        return
    if rule.managed_by and not force:
        raise errors.managed_rule(rule.name)
    if rule.targets:
        raise errors.validation("Rule can't be deleted since it has targets.")
    timetable.forget(rule)
    del bus.rules[name]
