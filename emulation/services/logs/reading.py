"""GetLogEvents and FilterLogEvents.

A token says a place between two events, so that what is written meanwhile is neither missed nor
read twice: `f/` goes on after it and `b/` before it. A page is 10,000 events or 1 MiB.
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Iterable
from itertools import islice

from emulation.compute.logs.filter_pattern import Filter, compiled
from emulation.compute.logs.filter_words import InvalidFilterError
from emulation.compute.logs.group_file import (
    EVENT_OVERHEAD,
    FIRST,
    LAST,
    Event,
    GroupFile,
    Place,
    Span,
)
from emulation.services.logs import errors, retention, store
from emulation.services.logs.groups import BAD_TOKEN, refuse
from emulation.services.logs.store import Members
from emulation.services.scope import Scope

PAGE_EVENTS = 10_000
PAGE_BYTES = 1_048_576
SCANNED = 100_000
"""FilterLogEvents looks at so many events for one page, and gives a token for the rest."""

TOKEN = re.compile(r"([fb])/3(\d{19})(\d{36})/s")


def get(scope: Scope, request: Members) -> Members:
    """GetLogEvents: the latest events, or from the head, or on from a token."""
    refuse(request, "GetLogEvents", "unmask")
    file = store.group_of(scope, request)
    stream = request["logStreamName"]
    if not file.has_stream(stream):
        raise errors.not_found(errors.STREAM)
    direction, place = _token(request)
    span = _span(request, file, [stream], inclusive_end=False)
    if direction == "f":
        span = Span(max(span.after, place), span.before, span.streams)
    else:
        span = Span(span.after, min(span.before, place), span.streams, backward=True)
    events = _page(file.events(span), request.get("limit") or PAGE_EVENTS)
    events.sort(key=lambda event: event.place)
    return {"events": [_event(event) for event in events], **_tokens(events, direction, place)}


def _token(request: Members) -> tuple[str, Place]:
    """Where to go on, and from where."""
    given = request.get("nextToken")
    if given is None:
        return ("f", FIRST) if request.get("startFromHead") else ("b", LAST)
    found = TOKEN.fullmatch(given)
    if found is None:
        raise errors.invalid(BAD_TOKEN)
    return found[1], (int(found[2]), int(found[3]))


def _tokens(events: list[Event], direction: str, place: Place) -> Members:
    """Where to go on in both directions; at an end the token of that direction stays."""
    if events:
        backward, forward = events[0].place, events[-1].place
    elif direction == "f":
        forward = max(place, NOTHING)
        backward = (forward[0], forward[1] + 1)
    else:
        # Of an empty stream nothing has been read, whatever comes.
        backward = NOTHING if place == LAST else place
        forward = max((backward[0], backward[1] - 1), NOTHING)
    return {
        "nextForwardToken": f"f/3{forward[0]:019d}{forward[1]:036d}/s",
        "nextBackwardToken": f"b/3{backward[0]:019d}{backward[1]:036d}/s",
    }


NOTHING: Place = (0, 0)


def _span(
    request: Members, file: GroupFile, streams: list[str] | None, *, inclusive_end: bool
) -> Span:
    """The times that are asked for; the end counts in FilterLogEvents only."""
    start, end = request.get("startTime"), request.get("endTime")
    after = retention.oldest(file)
    if start is not None:
        after = max(after, (start, -1))
    before = LAST if end is None else (end + inclusive_end, -1)
    return Span(after, before, streams)


def _page(events: Iterable[Event], limit: int) -> list[Event]:
    page: list[Event] = []
    size = 0
    for event in islice(events, limit):
        size += len(event.message.encode()) + EVENT_OVERHEAD
        if page and size > PAGE_BYTES:
            break
        page.append(event)
    return page


def _event(event: Event) -> Members:
    return {
        "timestamp": event.time,
        "message": event.message,
        "ingestionTime": event.ingested,
    }


def event_id(event: Event) -> str:
    """56 digits that no other event of the group has."""
    return f"3{event.time:019d}{event.number:036d}"


def filter_events(scope: Scope, request: Members) -> Members:
    """FilterLogEvents: of all streams together, in the order of time."""
    refuse(request, "FilterLogEvents", "unmask")
    file = store.group_of(scope, request)
    wanted = pattern(request.get("filterPattern") or "")
    span = _span(request, file, _streams(file, request), inclusive_end=True)
    if token := request.get("nextToken"):
        span = Span(max(span.after, _read_place(token)), span.before, span.streams)
    events, place = _matching(file, span, wanted, request.get("limit") or PAGE_EVENTS)
    found = [
        {"logStreamName": event.stream, **_event(event), "eventId": event_id(event)}
        for event in events
    ]
    following = {"nextToken": _write_place(place)} if place else {}
    return {"events": found, "searchedLogStreams": [], **following}


def pattern(text: str) -> Filter:
    """A filter pattern, ready.

    Raises:
        CommonServiceException: InvalidParameterException.
    """
    try:
        return compiled(text)
    except InvalidFilterError as error:
        raise errors.invalid(f"Invalid filter pattern: {error}") from error


def _streams(file: GroupFile, request: Members) -> list[str] | None:
    names, prefix = request.get("logStreamNames"), request.get("logStreamNamePrefix")
    if names and prefix:
        raise errors.invalid(
            "Parameters 'logStreamNames' and 'logStreamNamePrefix' are mutually exclusive."
        )
    if names and any(not file.has_stream(name) for name in names):
        raise errors.not_found(errors.STREAM)
    if prefix:
        return [stream.name for stream in file.streams() if stream.name.startswith(prefix)]
    return list(names) if names else None


def _matching(
    file: GroupFile, span: Span, wanted: Filter, limit: int
) -> tuple[list[Event], Place | None]:
    """A page, and the place to go on from when the span has not been read to its end."""
    page: list[Event] = []
    size, place = 0, None
    for scanned, event in enumerate(file.events(span)):
        if len(page) >= limit or size > PAGE_BYTES or scanned >= SCANNED:
            return page, place
        place = event.place
        if wanted.find(event.message) is not None:
            page.append(event)
            size += len(event.message.encode()) + EVENT_OVERHEAD
    return page, None


def _write_place(place: Place) -> str:
    return b64encode(f"{place[0]}:{place[1]}".encode()).decode()


def _read_place(token: str) -> Place:
    try:
        time, number = b64decode(token, validate=True).decode().split(":")
        return int(time), int(number)
    except ValueError as error:
        raise errors.invalid(BAD_TOKEN) from error
