"""Refresh schedules: when they are due, and the ingestions that they start.

Times that passed while the emulator was off are not made up for.
"""

import re
import time
import uuid
from calendar import monthrange
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from emulation.services.events.clock import CLOCK
from emulation.services.quicksight import errors, ingestions
from emulation.services.quicksight.sharing import existing
from emulation.services.quicksight.store import LOCK, SCHEDULES, Members, Shelf
from emulation.services.quicksight.times import moment
from emulation.services.scope import Scope

DAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")
STEPS = {
    "MINUTE15": timedelta(minutes=15), "MINUTE30": timedelta(minutes=30),
    "HOURLY": timedelta(hours=1),
}  # fmt: skip
MOST = 5
"""Of one data set, as on AWS."""


def next_time(schedule: Members, now: datetime) -> datetime:
    """The first time after a moment: from its start on in steps, or at its time of the day."""
    frequency = schedule["ScheduleFrequency"]
    start = schedule.get("StartAfterDateTime") or moment(schedule["Created"])
    start = start if start.tzinfo else start.replace(tzinfo=UTC)
    if step := STEPS.get(frequency["Interval"]):
        if now < start:
            return start
        return start + step * ((now - start) // step + 1)
    zone = ZoneInfo(frequency.get("Timezone") or "UTC")
    hour, minute = (int(part) for part in (frequency.get("TimeOfTheDay") or "00:00").split(":"))
    day = max(now, start).astimezone(zone).date()
    while True:
        found = datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone)
        if _on_day(frequency, found) and found > now and found >= start:
            return found.astimezone(UTC)
        day += timedelta(days=1)


def _on_day(frequency: Members, moment_: datetime) -> bool:
    on: Members = frequency.get("RefreshOnDay") or {}
    if frequency["Interval"] == "WEEKLY":
        return DAYS[moment_.weekday()] == on["DayOfWeek"]
    if frequency["Interval"] == "MONTHLY":
        last = monthrange(moment_.year, moment_.month)[1]
        wanted = on["DayOfMonth"]
        return moment_.day == (last if wanted == "LAST_DAY_OF_MONTH" else int(wanted))
    return True


def check(schedule: Members) -> None:
    """Refuse a schedule that can never be due."""
    if schedule["RefreshType"] == "INCREMENTAL_REFRESH":
        raise NotImplementedError("quicksight incremental refreshes are not emulated")
    frequency = schedule["ScheduleFrequency"]
    on: Members = frequency.get("RefreshOnDay") or {}
    given = frequency.get("TimeOfTheDay")
    if given and not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", given):
        raise errors.invalid(f"TimeOfTheDay {given} is not of the form HH:MM.")
    if frequency["Interval"] == "WEEKLY" and not on.get("DayOfWeek"):
        raise errors.invalid("RefreshOnDay.DayOfWeek is required for a weekly schedule.")
    if frequency["Interval"] == "MONTHLY" and not _is_day(on.get("DayOfMonth")):
        raise errors.invalid("RefreshOnDay.DayOfMonth is required for a monthly schedule.")
    try:
        ZoneInfo(frequency.get("Timezone") or "UTC")
    except (ValueError, OSError, LookupError) as error:
        raise errors.invalid(f"Timezone {frequency['Timezone']} is not known.") from error


def _is_day(given: str | None) -> bool:
    return given == "LAST_DAY_OF_MONTH" or bool(given and re.fullmatch(r"[1-9]|1\d|2[0-8]", given))


def _key(schedule: Members) -> str:
    return f"{schedule['DataSetId']}/{schedule['Id']}"


def plan(scope: Scope, schedule: Members) -> None:
    """Have the clock call at the next time."""
    due = next_time(schedule, datetime.now(UTC))
    CLOCK.at(schedule["Arn"], due, partial(_fire, scope, schedule["Arn"], _key(schedule)))


def _fire(scope: Scope, arn: str, key: str) -> None:
    with LOCK:
        schedule = Shelf(scope, SCHEDULES).get(key)
        if schedule is None or schedule["Arn"] != arn:
            return
        plan(scope, schedule)
        data_set = existing(scope, "dataset", schedule["DataSetId"])
        if data_set["ImportMode"] == "SPICE":
            ingestions.start(scope, data_set, str(uuid.uuid4()), "FULL_REFRESH", "SCHEDULED")


def create(scope: Scope, request: Members) -> Members:
    """CreateRefreshSchedule."""
    data_set = existing(scope, "dataset", request["DataSetId"])
    given = request["Schedule"]
    if data_set["ImportMode"] != "SPICE":
        raise errors.invalid(f"Data set {data_set['Id']} is not in SPICE.")
    with LOCK:
        shelf = Shelf(scope, SCHEDULES)
        own = [one for one in shelf.all() if one["DataSetId"] == data_set["Id"]]
        if any(one["Id"] == given["ScheduleId"] for one in own):
            raise errors.exists("REFRESH_SCHEDULE", given["ScheduleId"])
        if len(own) >= MOST:
            raise errors.QuickSightError(
                "LimitExceededException", f"A data set has at most {MOST} refresh schedules.", 409
            )
        return _keep(scope, data_set, given, time.time()) | {"Status": 200}


def _keep(scope: Scope, data_set: Members, given: Members, created: float) -> Members:
    check(given)
    schedule = {
        **{name: value for name, value in given.items() if name not in {"ScheduleId", "Arn"}},
        "Id": given["ScheduleId"],
        "DataSetId": data_set["Id"],
        "Arn": f"{data_set['Arn']}/refresh-schedule/{given['ScheduleId']}",
        "Created": created,
    }
    Shelf(scope, SCHEDULES).put(_key(schedule), schedule)
    plan(scope, schedule)
    return {"ScheduleId": schedule["Id"], "Arn": schedule["Arn"]}


def _existing(scope: Scope, data_set: str, name: str) -> Members:
    existing(scope, "dataset", data_set)
    found = Shelf(scope, SCHEDULES).get(f"{data_set}/{name}")
    if found is None:
        raise errors.not_found("REFRESH_SCHEDULE", name)
    return found


def update(scope: Scope, request: Members) -> Members:
    """UpdateRefreshSchedule."""
    with LOCK:
        given = request["Schedule"]
        before = _existing(scope, request["DataSetId"], given["ScheduleId"])
        data_set = existing(scope, "dataset", request["DataSetId"])
        return _keep(scope, data_set, given, before["Created"])


def described(schedule: Members) -> Members:
    """A schedule as the API answers it."""
    names = ("ScheduleFrequency", "StartAfterDateTime", "RefreshType", "Arn")
    found: dict[str, Any] = {name: schedule[name] for name in names if name in schedule}
    return {"ScheduleId": schedule["Id"], **found}


def describe(scope: Scope, request: Members) -> Members:
    """DescribeRefreshSchedule."""
    found = _existing(scope, request["DataSetId"], request["ScheduleId"])
    return {"RefreshSchedule": described(found), "Arn": found["Arn"]}


def list_all(scope: Scope, request: Members) -> Members:
    """ListRefreshSchedules."""
    existing(scope, "dataset", request["DataSetId"])
    own = [one for one in Shelf(scope, SCHEDULES).all() if one["DataSetId"] == request["DataSetId"]]
    return {"RefreshSchedules": [described(one) for one in own]}


def delete(scope: Scope, request: Members) -> Members:
    """DeleteRefreshSchedule."""
    found = _existing(scope, request["DataSetId"], request["ScheduleId"])
    CLOCK.cancel(found["Arn"])
    Shelf(scope, SCHEDULES).remove(_key(found))
    return {"ScheduleId": found["Id"], "Arn": found["Arn"]}


def resume(scope: Scope) -> None:
    """Go on with the schedules of the last run."""
    for schedule in Shelf(scope, SCHEDULES).all():
        plan(scope, schedule)
