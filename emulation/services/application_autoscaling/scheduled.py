"""Scheduled actions: at a time, new bounds, which may move the capacity at once."""

import time
import uuid
from datetime import UTC, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from emulation.services.application_autoscaling import scaling
from emulation.services.application_autoscaling.errors import not_found, validation
from emulation.services.application_autoscaling.finding import (
    described,
    moment,
    page,
    place_of,
    registered,
)
from emulation.services.application_autoscaling.store import (
    LOCK,
    Members,
    Target,
    all_targets,
    targets,
)
from emulation.services.events.clock import CLOCK
from emulation.services.events.schedules import InvalidScheduleError, Schedule, parse
from emulation.services.scope import Scope

CHANGED = ("Schedule", "Timezone", "StartTime", "EndTime", "ScalableTargetAction")


def put(scope: Scope, request: Members) -> Members:
    """PutScheduledAction: of one that is there, what is given changes."""
    with LOCK:
        target = registered(scope, request, "scalable target found")
        name = request["ScheduledActionName"]
        before = target.scheduled.get(name) or {
            "Identifier": str(uuid.uuid4()),
            "CreationTime": time.time(),
        }
        given = {key: request[key] for key in CHANGED if request.get(key) is not None}
        for key in ("StartTime", "EndTime"):
            if key in given:
                given[key] = given[key].timestamp()
        after = before | given
        if not after.get("Schedule"):
            raise validation("Schedule must be specified")
        if not after.get("ScalableTargetAction"):
            raise validation("ScalableTargetAction must be specified")
        schedule_of(after)
        bounds(target, after)
        target.scheduled[name] = after
        target.save()
        plan(target, name)
    return {}


def schedule_of(action: Members) -> Schedule:
    """The times of an action.

    Raises:
        CommonServiceException: they are none.
    """
    zone = action.get("Timezone") or "UTC"
    try:
        return parse(action["Schedule"], ZoneInfo(zone), once=True)
    except InvalidScheduleError as refused:
        raise validation(f"Schedule expression is not valid: {action['Schedule']}") from refused
    except (ZoneInfoNotFoundError, ValueError) as refused:
        raise validation(f"Timezone is not valid: {zone}") from refused


def bounds(target: Target, action: Members) -> tuple[int, int]:
    """The bounds that an action sets.

    Raises:
        CommonServiceException: they are in the wrong order.
    """
    given = action["ScalableTargetAction"]
    least = given.get("MinCapacity")
    most = given.get("MaxCapacity")
    if least is None and most is None:
        raise validation("At least one of MinCapacity and MaxCapacity must be specified")
    if least is not None and most is not None and most < least:
        raise validation("Maximum capacity cannot be less than minimum capacity")
    least = target.least if least is None else int(least)
    most = target.most if most is None else int(most)
    return least, max(least, most)


def plan(target: Target, name: str) -> None:
    """Set the clock for an action's next time."""
    action = target.scheduled[name]
    key = (target.arn, name)
    begun = max(action["CreationTime"], action.get("StartTime") or 0.0)
    start = datetime.fromtimestamp(begun, UTC)
    earliest = max(datetime.now(UTC), start - timedelta(microseconds=1))
    due = schedule_of(action).after(earliest, start)
    end = action.get("EndTime")
    if due is None or (end is not None and due.timestamp() > end):
        CLOCK.cancel(key)
    else:
        CLOCK.at(key, due, partial(run, target, name))


def run(target: Target, name: str) -> None:
    """It is time."""
    with LOCK:
        action = target.scheduled.get(name)
        if action is None:
            return
        plan(target, name)
        if target.suspended.get("ScheduledScalingSuspended"):
            return
        target.least, target.most = bounds(target, action)
        said = f"max capacity to {target.most} and min capacity to {target.least}"
        activity = target.began(f"Setting {said}", f"scheduled action name {name} was triggered")
        scaling.finish(target, activity, "Successful", f"Successfully set {said}")
    scaling.keep_bounds(target)


def remove(target: Target, name: str) -> None:
    """An action that is no more."""
    del target.scheduled[name]
    CLOCK.cancel((target.arn, name))


def delete(scope: Scope, request: Members) -> Members:
    """DeleteScheduledAction."""
    with LOCK:
        place, name = place_of(request), request["ScheduledActionName"]
        target = targets(scope).get(place)
        if target is None or name not in target.scheduled:
            rest = f", scheduled action name: {name}"
            raise not_found("scheduled action found", place, rest)
        remove(target, name)
        target.save()
    return {}


def describe(scope: Scope, request: Members) -> Members:
    """DescribeScheduledActions of a namespace."""
    names, resource = request.get("ScheduledActionNames"), request.get("ResourceId")
    dimension = request.get("ScalableDimension")
    with LOCK:
        found = [
            told(target, name, action)
            for target in targets(scope).values()
            if target.namespace == request["ServiceNamespace"]
            and resource in {None, target.resource}
            and dimension in {None, target.dimension}
            for name, action in target.scheduled.items()
            if not names or name in names
        ]
    return page(request, "ScheduledActions", found)


def told(target: Target, name: str, action: Members) -> Members:
    """An action as the API has it."""
    shown = {key: action[key] for key in CHANGED if key in action}
    for key in ("StartTime", "EndTime"):
        if key in shown:
            shown[key] = moment(shown[key])
    kind = "scheduledActionName"
    return {
        **described(target),
        "ScheduledActionName": name,
        "ScheduledActionARN": target.arn_of("scheduledAction", kind, action["Identifier"], name),
        **shown,
        "CreationTime": moment(action["CreationTime"]),
    }


def plan_all() -> None:
    """After a start: every action has its next time again."""
    for target in all_targets():
        for name in target.scheduled:
            plan(target, name)
