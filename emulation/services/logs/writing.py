"""PutLogEvents: what a batch may be, what of it is too old or new; and how our own services write.

Events of a batch are in order of time, no further apart than a day, 1 MiB together.
"""

from typing import Any

from emulation.compute.logs.group_file import EVENT_OVERHEAD, GroupFile, StreamNotFoundError, now
from emulation.services.logs import errors, followers, retention, store
from emulation.services.logs.groups import refuse
from emulation.services.logs.store import Members
from emulation.services.logs.streams import sequence_token
from emulation.services.scope import Scope

MAX_BYTES = 1_048_576
DAY = retention.DAY
MAX_AGE = 14 * DAY
MAX_AHEAD = DAY // 12


def put(scope: Scope, request: Members) -> Members:
    """PutLogEvents; sequence tokens are taken and not looked at."""
    refuse(request, "PutLogEvents", "entity")
    events = request["logEvents"]
    _check(events)
    file = store.find(scope, request["logGroupName"])
    if not file.has_stream(request["logStreamName"]):
        raise errors.not_found(errors.STREAM)
    rejected, kept = _judged(events, file.settings().get("retention"))
    number = 0
    if kept:
        number = _append(file, request["logStreamName"], kept)
        followers.wake(scope, request["logGroupName"], file)
    answer: Members = {"nextSequenceToken": sequence_token(number or now())}
    return answer | ({"rejectedLogEventsInfo": rejected} if rejected else {})


def _append(file: GroupFile, stream: str, events: list[tuple[int, str]]) -> int:
    try:
        return file.append(stream, events)
    except StreamNotFoundError as error:
        raise errors.not_found(errors.STREAM) from error
    except FileNotFoundError as error:
        raise errors.not_found(errors.GROUP) from error


def append(scope: Scope, group: str, stream: str, events: list[tuple[int, str]]) -> None:
    """Write as a service of ours, times in ms and messages; group and stream are made when they
    are missing.
    """
    key = (scope.account, scope.region, group)
    file = store.shelf().get(key) or store.shelf().create(key, tags={}) or store.find(scope, group)
    if not file.has_stream(stream):
        file.create_stream(stream)
    if events:
        file.append(stream, events)
        followers.wake(scope, group, file)


def _check(events: list[Any]) -> None:
    times = [event["timestamp"] for event in events]
    if any(later < earlier for earlier, later in zip(times, times[1:], strict=False)):
        raise errors.invalid(
            "Log events in a single PutLogEvents request must be in chronological order."
        )
    if times[-1] - times[0] > DAY:
        raise errors.invalid(
            "The batch of log events in a single PutLogEvents request cannot span more than "
            "24 hours."
        )
    total = sum(len(event["message"].encode()) + EVENT_OVERHEAD for event in events)
    if total > MAX_BYTES:
        raise errors.invalid(f"Upload too large: {total} bytes exceeds limit of {MAX_BYTES}")


def _judged(events: list[Any], days: int | None) -> tuple[Members, list[tuple[int, str]]]:
    """What is rejected, by index, and what is kept."""
    moment = now()
    expired = _count_before(events, moment - days * DAY) if days else 0
    too_old = _count_before(events, moment - MAX_AGE)
    first_new = _count_before(events, moment + MAX_AHEAD + 1)
    rejected: Members = {}
    if expired:
        rejected["expiredLogEventEndIndex"] = expired
    if too_old:
        rejected["tooOldLogEventEndIndex"] = too_old
    if first_new < len(events):
        rejected["tooNewLogEventStartIndex"] = first_new
    kept = events[max(expired, too_old) : first_new]
    return rejected, [(event["timestamp"], event["message"]) for event in kept]


def _count_before(events: list[Any], moment: int) -> int:
    return sum(event["timestamp"] < moment for event in events)
