"""When schedules fire, and what their targets are told.

Each schedule has its next time with the clock. A flexible window moves each firing by a part of it;
a rate begins at once, or at its start date. Times that passed while the emulator was off are not
made up for.
"""

import random
import time
import uuid
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from emulation.services.events import delivery, targets
from emulation.services.events.clock import CLOCK
from emulation.services.events.formatting import TIME
from emulation.services.events.schedules import Rate, Schedule, parse
from emulation.services.scheduler import store, universal
from emulation.services.scheduler.store import LOCK, Members
from emulation.services.scope import Scope

DEFAULT_ZONE = "UTC"


def expression_of(record: Members) -> Schedule:
    """The schedule's times."""
    zone = ZoneInfo(record.get("ScheduleExpressionTimezone") or DEFAULT_ZONE)
    return parse(record["ScheduleExpression"], zone, once=True)


def plan(scope: Scope, key: str, record: Members, *, fresh: bool) -> None:
    """Set the next time; `fresh` when it was made or changed just now."""
    moment = next_time(record, fresh=fresh)
    if moment is None or record["State"] == "DISABLED":
        CLOCK.cancel(record["Arn"])
        return
    window = (record["FlexibleTimeWindow"].get("MaximumWindowInMinutes") or 0) * 60
    late = timedelta(seconds=random.uniform(0, window))
    ring = partial(_ring, scope, key, record["Arn"], moment)
    CLOCK.at(record["Arn"], moment + late, ring)


def next_time(record: Members, *, fresh: bool = False) -> datetime | None:
    """The next time within the schedule's dates."""
    schedule = expression_of(record)
    start = _moment(record.get("StartDate")) or _moment(record["LastModificationDate"])
    assert start is not None
    earliest = max(datetime.now(UTC), start)
    if isinstance(schedule, Rate) and (fresh or start > datetime.now(UTC)):
        found: datetime | None = earliest
    else:
        found = schedule.after(earliest - timedelta(microseconds=1), start)
    end = _moment(record.get("EndDate"))
    return None if found is None or (end is not None and found > end) else found


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def _ring(scope: Scope, key: str, arn: str, moment: datetime) -> None:
    with LOCK:
        shelf = store.Shelf(scope)
        record = shelf.schedules.get(key)
        if record is None or record["Arn"] != arn:
            return
        plan(scope, key, record, fresh=False)
        if next_time(record) is None and record.get("ActionAfterCompletion") == "DELETE":
            del shelf.schedules[key]
            shelf.keep()
    delivery.submit(delivery_of(scope, record, moment))


def delivery_of(scope: Scope, record: Members, moment: datetime) -> delivery.Delivery:
    """What the target is told at a time."""
    identifier = str(uuid.uuid4())
    when = moment.astimezone(UTC).strftime(TIME)
    target: Members = dict(record["Target"])
    if target.get("Input"):
        told = {
            "<aws.scheduler.schedule-arn>": record["Arn"],
            "<aws.scheduler.scheduled-time>": when,
            "<aws.scheduler.execution-id>": identifier,
            "<aws.scheduler.attempt-number>": "1",
        }
        for word, value in told.items():
            target["Input"] = target["Input"].replace(word, value)
    event = {
        "version": "0",
        "id": identifier,
        "detail-type": "Scheduled Event",
        "source": "aws.scheduler",
        "account": scope.account,
        "time": when,
        "region": scope.region,
        "resources": [record["Arn"]],
        "detail": "{}",
    }
    return delivery.Delivery(
        scope.account, scope.region, record["Arn"], record["Name"], target, event, identifier
    )


def to_universal(call: targets.Call) -> None:
    """Call the operation that a universal target names."""
    scope = Scope(str(call.event["account"]), str(call.event["region"]))
    universal.call(scope, call.arn, call.parameters())


def to_bus(call: targets.Call) -> None:
    """Put the input on a bus as an event of the source that the target says."""
    told: Any = call.target["EventBridgeParameters"]
    entry = {
        "Source": told["Source"],
        "DetailType": told["DetailType"],
        "Detail": call.text,
        "EventBusName": call.arn,
        "Time": datetime.fromtimestamp(time.time(), UTC),
    }
    answer = call.client("events").put_events(Entries=[entry])
    for failed in answer["Entries"]:
        if "ErrorCode" in failed:
            raise ValueError(failed["ErrorMessage"])


targets.KINDS["scheduler"] = targets.Kind(to_universal)
targets.KINDS[targets.BUS] = targets.Kind(to_bus)


def plan_all() -> None:
    """Go on with the schedules of the last run."""
    for scope in store.scopes():
        with LOCK:
            for key, record in store.Shelf(scope).schedules.items():
                plan(scope, key, record, fresh=False)
