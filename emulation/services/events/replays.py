"""Replays: what an archive kept of a span of time, given to its bus again in the background."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

from localstack.aws.api import RequestContext
from localstack.services.events.models import (
    Archive,
    EventsStore,
    Replay,
)
from localstack.services.events.utils import extract_event_bus_name

from emulation.services.events import bus, errors
from emulation.services.events.formatting import moment_of
from emulation.services.events.inputs import Event
from emulation.state import save_service

ACTIVE = ("STARTING", "RUNNING", "CANCELLING")
MAX_ACTIVE = 10

Members = dict[str, Any]


def start(store: EventsStore, context: RequestContext, request: Members) -> Members:
    """Check a replay and begin it."""
    name = request["ReplayName"]
    if name in store.replays:
        raise errors.already_exists(f"Replay {name} already exists.")
    archive = _archive(store, request["EventSourceArn"])
    destination = request["Destination"]
    _check(archive, destination, request)
    if sum(replay.state in ACTIVE for replay in store.replays.values()) >= MAX_ACTIVE:
        raise errors.limit_exceeded()
    replay = Replay(
        name=name,
        region=context.region,
        account_id=context.account_id,
        event_source_arn=archive.arn,
        destination=destination,
        event_start_time=_aware(request["EventStartTime"]),
        event_end_time=_aware(request["EventEndTime"]),
        description=request.get("Description"),
        state="STARTING",
        replay_start_time=datetime.now(UTC),
    )
    store.replays[name] = replay
    found = store.event_buses[extract_event_bus_name(archive.event_source_arn)]
    events = chosen(archive, replay)
    threading.Thread(target=_run, args=(replay, found, events), daemon=True).start()
    return {
        "ReplayArn": replay.arn,
        "State": "STARTING",
        "ReplayStartTime": replay.replay_start_time,
    }


def _archive(store: EventsStore, arn: str) -> Archive:
    name = arn.split("/")[-1]
    if name not in store.archives:
        raise errors.validation(
            f"Parameter EventSourceArn is not valid. Reason: Archive {name} does not exist."
        )
    return store.archives[name]


def _check(archive: Archive, destination: Members, request: Members) -> None:
    if destination["Arn"] != archive.event_source_arn:
        raise errors.validation(
            "Parameter Destination.Arn is not valid. "
            "Reason: Cross event bus replay is not permitted."
        )
    if request["EventEndTime"] <= request["EventStartTime"]:
        raise errors.validation(
            "Parameter EventEndTime is not valid. "
            "Reason: EventStartTime must be before EventEndTime."
        )


def chosen(archive: Archive, replay: Replay) -> list[Event]:
    """The events of the span, the oldest first, that the archive still keeps."""
    kept = timedelta(days=archive.retention_days) if archive.retention_days else None
    oldest = datetime.now(UTC) - kept if kept else datetime.min.replace(tzinfo=UTC)
    first = max(oldest, replay.event_start_time)
    events = list(archive.events.values())
    return sorted(
        (event for event in events if first <= moment_of(event) <= replay.event_end_time),
        key=moment_of,
    )


def _run(replay: Replay, found: Any, events: list[Event]) -> None:
    replay.state = "RUNNING"
    only = set(replay.destination.get("FilterArns") or [])
    for event in events:
        if replay.state == "CANCELLING":
            break
        bus.replay(found, event, replay.name, only)
        replay.event_last_replayed_time = moment_of(event)
    replay.state = "CANCELLED" if replay.state == "CANCELLING" else "COMPLETED"
    replay.replay_end_time = datetime.now(UTC)
    save_service("events")


def cancel(replay: Replay) -> Members:
    """Stop a replay."""
    if replay.state not in ("STARTING", "RUNNING"):
        raise errors.illegal_status(replay.name, replay.state)
    replay.state = "CANCELLING"
    return {"ReplayArn": replay.arn, "State": replay.state}


def fail_interrupted(store: EventsStore) -> None:
    """A replay that went on when the emulator ended has failed."""
    for replay in store.replays.values():
        if replay.state in ACTIVE:
            replay.state = "FAILED"
            replay.replay_end_time = datetime.now(UTC)


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
