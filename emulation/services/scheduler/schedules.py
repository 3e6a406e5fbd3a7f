"""Schedules and their groups: made, changed, listed, deleted."""

import json
import time
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from emulation.services.events import targets
from emulation.services.events.clock import CLOCK
from emulation.services.events.schedules import InvalidScheduleError
from emulation.services.paging import page
from emulation.services.scheduler import errors, firing, store, universal
from emulation.services.scheduler.store import DEFAULT, LOCK, Members
from emulation.services.scope import Scope

KEPT = (
    "ActionAfterCompletion",
    "Description",
    "EndDate",
    "FlexibleTimeWindow",
    "GroupName",
    "Name",
    "ScheduleExpression",
    "ScheduleExpressionTimezone",
    "StartDate",
    "State",
    "Target",
)
SCHEDULE, GROUP = "Schedule", "Schedule group"
UNIVERSAL_KINDS = {"scheduler", targets.BUS}


def create(scope: Scope, request: Members) -> Members:
    """CreateSchedule; it is planned before it is answered."""
    with LOCK:
        shelf = store.Shelf(scope)
        key = _key(request)
        _group(shelf, request)
        if key in shelf.schedules:
            raise errors.exists(SCHEDULE, request["Name"])
        return _put(shelf, key, request, time.time())


def update(scope: Scope, request: Members) -> Members:
    """UpdateSchedule: everything that is not said again is as if it had never been."""
    with LOCK:
        shelf = store.Shelf(scope)
        before = _find(shelf, request)
        return _put(shelf, _key(request), request, before["CreationDate"])


def _put(shelf: store.Shelf, key: str, request: Members, created: float) -> Members:
    _check(request)
    record: Members = {
        name: _plain(request[name]) for name in KEPT if request.get(name) is not None
    }
    record["GroupName"] = request.get("GroupName") or DEFAULT
    record.setdefault("State", "ENABLED")
    record.setdefault("ScheduleExpressionTimezone", firing.DEFAULT_ZONE)
    record.setdefault("ActionAfterCompletion", "NONE")
    record["Arn"] = shelf.scope.arn("scheduler", f"schedule/{key}")
    record |= {"CreationDate": created, "LastModificationDate": time.time()}
    retry = record["Target"].setdefault("RetryPolicy", {})
    retry.setdefault("MaximumEventAgeInSeconds", 86_400)
    retry.setdefault("MaximumRetryAttempts", 185)
    shelf.schedules[key] = record
    shelf.keep()
    firing.plan(shelf.scope, key, record, fresh=True)
    return {"ScheduleArn": record["Arn"]}


def _plain(value: object) -> object:
    return value.timestamp() if isinstance(value, datetime) else value


def _key(request: Members) -> str:
    return f"{request.get('GroupName') or DEFAULT}/{request['Name']}"


def _group(shelf: store.Shelf, request: Members) -> Members:
    name = request.get("GroupName") or DEFAULT
    if name not in shelf.groups:
        raise errors.not_found(GROUP, name)
    return shelf.groups[name]


def _find(shelf: store.Shelf, request: Members) -> Members:
    found = shelf.schedules.get(_key(request))
    if found is None:
        raise errors.not_found(SCHEDULE, request["Name"])
    return found


def _check(request: Members) -> None:
    if request.get("KmsKeyArn"):
        raise NotImplementedError("scheduler.CreateSchedule with KmsKeyArn is not emulated")
    _check_times(request)
    _check_target(request["Target"])


def _check_times(request: Members) -> None:
    zone = request.get("ScheduleExpressionTimezone") or firing.DEFAULT_ZONE
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise errors.validation(f"Invalid Schedule Expression Timezone {zone}.") from error
    try:
        firing.expression_of(request)
    except InvalidScheduleError as error:
        expression = request["ScheduleExpression"]
        raise errors.validation(f"Invalid Schedule Expression {expression}.") from error
    window = request["FlexibleTimeWindow"]
    if window["Mode"] == "FLEXIBLE" and not window.get("MaximumWindowInMinutes"):
        raise errors.validation(
            "MaximumWindowInMinutes must be provided when FlexibleTimeWindow.Mode is FLEXIBLE."
        )
    if window["Mode"] == "OFF" and window.get("MaximumWindowInMinutes"):
        raise errors.validation(
            "MaximumWindowInMinutes must not be provided when FlexibleTimeWindow.Mode is OFF."
        )


def _check_target(target: Members) -> None:
    arn = target["Arn"]
    if not arn.startswith("arn:") or arn.count(":") < 5:
        raise errors.validation(f"Provided Arn is not in correct format: {arn}")
    kind = targets.kind_name(arn)
    if universal.is_universal(arn):
        universal.parts(arn)
        _check_json(target.get("Input") or "{}")
    elif kind == targets.BUS:
        if not target.get("EventBridgeParameters"):
            raise errors.validation("EventBridgeParameters must be provided for an event bus.")
        _check_json(target.get("Input") or "{}")
    elif kind == "kinesis" and not target.get("KinesisParameters"):
        raise errors.validation("KinesisParameters must be provided for a Kinesis stream.")
    elif kind not in targets.KINDS or kind in {"logs", "api-destination", "scheduler"}:
        raise NotImplementedError(f"scheduler: a target of {kind} is not emulated")


def _check_json(text: str) -> None:
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        raise errors.validation("Invalid Input. Reason: the input is not valid JSON.") from error


def get(scope: Scope, request: Members) -> Members:
    """GetSchedule."""
    with LOCK:
        shelf = store.Shelf(scope)
        _group(shelf, request)
        return _find(shelf, request)


def delete(scope: Scope, request: Members) -> Members:
    """DeleteSchedule; what it has fired goes on."""
    with LOCK:
        shelf = store.Shelf(scope)
        record = _find(shelf, request)
        CLOCK.cancel(record["Arn"])
        del shelf.schedules[_key(request)]
        shelf.keep()
    return {}


def list_all(scope: Scope, request: Members) -> Members:
    """ListSchedules, of a group, by name, by state."""
    with LOCK:
        shelf = store.Shelf(scope)
        if request.get("GroupName"):
            _group(shelf, request)
        records = sorted(shelf.schedules.values(), key=lambda r: (r["GroupName"], r["Name"]))
    wanted = [record for record in records if _is_wanted(record, request)]
    found, token = page(request, wanted, errors.validation("Invalid NextToken."))
    names = ("Arn", "CreationDate", "GroupName", "LastModificationDate", "Name", "State")
    summaries = [
        {name: record[name] for name in names} | {"Target": {"Arn": record["Target"]["Arn"]}}
        for record in found
    ]
    return {"Schedules": summaries, **token}


def _is_wanted(record: Members, request: Members) -> bool:
    return (
        record["Name"].startswith(request.get("NamePrefix") or "")
        and request.get("GroupName") in (None, record["GroupName"])
        and request.get("State") in (None, record["State"])
    )
