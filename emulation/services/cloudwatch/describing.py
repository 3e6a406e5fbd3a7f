"""Alarms as they are, and what has happened to them."""

from collections.abc import Callable
from datetime import UTC, datetime

from emulation.services.cloudwatch.composites import children, find
from emulation.services.cloudwatch.errors import (
    bad_token,
    missing,
    not_emulated,
    not_one_of,
    validation_error,
)
from emulation.services.cloudwatch.messages import suppressed_reason
from emulation.services.cloudwatch.store import Alarm, HistoryItem, Members, store
from emulation.services.paging import page
from emulation.services.scope import Scope

PAGING = ("NextToken", "MaxRecords")
PAGE = 100
TYPES = ["MetricAlarm", "CompositeAlarm"]
HISTORY_TYPES = ["ConfigurationUpdate", "StateUpdate", "Action"]
RELATIVES = ("ChildrenOfAlarmName", "ParentsOfAlarmName")


def describe(scope: Scope, request: Members) -> Members:
    """Alarms; without types, metric alarms only."""
    check_types(request)
    found = [alarm for alarm in asked_for(scope, request) if is_wanted(alarm, request)]
    kept, more = page(request, found, bad_token(), size=PAGE, names=PAGING)
    brief = any(request.get(name) for name in RELATIVES)
    described = [(alarm, summary(alarm) if brief else document(alarm)) for alarm in kept]
    return {
        "MetricAlarms": [each for alarm, each in described if not alarm.composite],
        "CompositeAlarms": [each for alarm, each in described if alarm.composite],
        **more,
    }


def check_types(request: Members) -> None:
    """Refuse types that there are not."""
    for number, name in enumerate(request.get("AlarmTypes") or [], 1):
        if name not in TYPES:
            raise not_one_of(f"alarmTypes.{number}.member", name, TYPES)
    if request.get("AlarmNames") and request.get("AlarmNamePrefix"):
        raise validation_error(
            "The parameters AlarmNames and AlarmNamePrefix are mutually exclusive and you have "
            "specified both."
        )


def asked_for(scope: Scope, request: Members) -> list[Alarm]:
    """All alarms, or the relatives of one."""
    alarms: list[Alarm] = list(store().alarms.of(scope).values())
    if name := request.get("ChildrenOfAlarmName"):
        parent = find(scope, name)
        below = children(parent) if parent is not None and parent.composite else set()
        return [alarm for alarm in alarms if alarm.name in below]
    if name := request.get("ParentsOfAlarmName"):
        return [alarm for alarm in alarms if alarm.composite and name in children(alarm)]
    return alarms


def is_wanted(alarm: Alarm, request: Members) -> bool:
    """Whether an alarm passes the filters."""
    related = any(request.get(name) for name in RELATIVES)
    types = request.get("AlarmTypes") or (TYPES if related else ["MetricAlarm"])
    names, prefix = request.get("AlarmNames"), request.get("AlarmNamePrefix") or ""
    return (
        alarm.kind in types
        and (not names or alarm.name in names)
        and alarm.name.startswith(prefix)
        and request.get("StateValue") in {None, alarm.state}
        and has_action(alarm, request.get("ActionPrefix"))
    )


def has_action(alarm: Alarm, prefix: str | None) -> bool:
    """Whether one of an alarm's actions begins so."""
    kinds = ("OKActions", "AlarmActions", "InsufficientDataActions")
    given = [arn for kind in kinds for arn in alarm.request[kind]]
    return prefix is None or any(arn.startswith(prefix) for arn in given)


def summary(alarm: Alarm) -> Members:
    """What is told of relatives."""
    names = ("AlarmName", "AlarmArn", "StateValue", "StateUpdatedTimestamp")
    whole = document(alarm)
    rule = {"AlarmRule": whole["AlarmRule"]} if alarm.composite else {}
    return {**{name: whole[name] for name in names}, **rule}


def document(alarm: Alarm) -> Members:
    """An alarm as the API has it."""
    held = alarm.suppression
    return {
        **alarm.request,
        "AlarmName": alarm.name,
        "AlarmArn": alarm.arn,
        "AlarmConfigurationUpdatedTimestamp": at(alarm.configured),
        "StateValue": alarm.state,
        "StateReason": alarm.reason,
        **({"StateReasonData": alarm.reason_data} if alarm.reason_data else {}),
        "StateUpdatedTimestamp": at(alarm.updated),
        "StateTransitionedTimestamp": at(alarm.transitioned),
        **({"EvaluationState": alarm.evaluation_state} if alarm.evaluation_state else {}),
        **(
            {"ActionsSuppressedBy": held["by"], "ActionsSuppressedReason": suppressed_reason(held)}
            if held
            else {}
        ),
    }


def at(moment: float) -> datetime:
    """A time as the API has it."""
    return datetime.fromtimestamp(moment, UTC)


def for_metric(scope: Scope, request: Members) -> Members:
    """The alarms on one metric, with exactly these dimensions."""
    for name in ("MetricName", "Namespace"):
        if not request.get(name):
            raise missing(f"The parameter {name} is required.")
    found = [
        document(alarm)
        for alarm in store().alarms.of(scope).values()
        if not alarm.composite and is_on(alarm, request)
    ]
    return {"MetricAlarms": found}


def is_on(alarm: Alarm, request: Members) -> bool:
    """Whether an alarm is on the metric of a request."""
    single = ("MetricName", "Namespace", "Statistic", "ExtendedStatistic", "Period", "Unit")
    return all(
        alarm.request.get(name) == request[name] for name in single if request.get(name)
    ) and dimensions(alarm.request) == dimensions(request)


def dimensions(metric: Members) -> dict[str, str]:
    """Dimensions without their order."""
    return {each["Name"]: each["Value"] for each in metric.get("Dimensions") or []}


def history(scope: Scope, request: Members) -> Members:
    """What has happened to alarms in the last two weeks, the latest first if not told otherwise."""
    kind = request.get("HistoryItemType")
    if kind not in {None, *HISTORY_TYPES}:
        raise not_one_of("historyItemType", kind, HISTORY_TYPES)
    if request.get("AlarmContributorId"):
        raise not_emulated("DescribeAlarmHistory", "AlarmContributorId")
    check_types(request)
    items = store().history(scope, request.get("AlarmName"))
    found = [item for item in items if in_history(request)(item)]
    if request.get("ScanBy") != "TimestampAscending":
        found.reverse()
    kept, more = page(request, found, bad_token(), size=PAGE, names=PAGING)
    return {"AlarmHistoryItems": [history_item(item) for item in kept], **more}


def in_history(request: Members) -> Callable[[HistoryItem], bool]:
    """What passes the filters."""
    start, end = (request.get(name) for name in ("StartDate", "EndDate"))
    types = request.get("AlarmTypes") or ["MetricAlarm"]
    if request.get("AlarmName"):
        types = request.get("AlarmTypes") or TYPES
    return lambda item: (
        request.get("HistoryItemType") in {None, item.type}
        and kind_of(item) in types
        and (start is None or item.time >= start.timestamp())
        and (end is None or item.time <= end.timestamp())
    )


def kind_of(item: HistoryItem) -> str:
    """The type of the alarm."""
    return "CompositeAlarm" if item.composite else "MetricAlarm"


def history_item(item: HistoryItem) -> Members:
    """Something that has happened, as the API has it."""
    return {
        "AlarmName": item.alarm,
        "AlarmType": kind_of(item),
        "Timestamp": at(item.time),
        "HistoryItemType": item.type,
        "HistorySummary": item.summary,
        "HistoryData": item.data,
    }
