"""GetLogRecord and GetLogGroupFields: what is discovered in events."""

import json
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import Any

from emulation.compute.logs.filter_words import as_text
from emulation.compute.logs.group_file import Event, Span, now
from emulation.compute.logs.query_run import pointed
from emulation.services.logs import errors, store
from emulation.services.logs.groups import refuse
from emulation.services.logs.store import Members
from emulation.services.scope import Scope

SAMPLE = 1000
MINUTE = 60_000
OWN = ("@timestamp", "@ingestionTime", "@message", "@logStream", "@log")


def get(scope: Scope, request: Members) -> Members:
    """GetLogRecord: one event, by the `@ptr` of a query's result, with everything in it."""
    refuse(request, "GetLogRecord", "unmask")
    try:
        key, number = pointed(request["logRecordPointer"])
    except ValueError as error:
        raise errors.invalid("Invalid logRecordPointer.") from error
    name = store.identified(key)
    event = store.find(scope, name).event(number)
    if event is None:
        raise errors.not_found("The specified log record does not exist.")
    record = {
        "@ptr": request["logRecordPointer"],
        "@timestamp": str(event.time),
        "@ingestionTime": str(event.ingested),
        "@logStream": event.stream,
        "@log": f"{scope.account}:{name}",
        "@message": event.message,
    }
    return {"logRecord": record | dict(discovered(event))}


def discovered(event: Event) -> Iterator[tuple[str, str]]:
    """The parts of a JSON message, by their paths."""
    try:
        document = json.loads(event.message)
    except ValueError:
        return
    if isinstance(document, dict):
        yield from _leaves(document, "")


def _leaves(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _leaves(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _leaves(inner, f"{path}.{index}")
    elif value is not None:
        yield path, as_text(value)


def fields(scope: Scope, request: Members) -> Members:
    """GetLogGroupFields: how many events in a hundred have a field, in the last quarter of an hour
    or eight minutes around a time.
    """
    file = store.group_of(scope, request)
    given = request.get("time")
    start, end = (
        (given * 1000 - 8 * MINUTE, given * 1000 + 8 * MINUTE)
        if given
        else (now() - 15 * MINUTE, now())
    )
    events = list(islice(file.events(Span((start, -1), (end + 1, -1), backward=True)), SAMPLE))
    counts: Counter[str] = Counter()
    for event in events:
        counts.update(OWN)
        counts.update({name for name, _ in discovered(event)})
    found = [
        {"name": name, "percent": round(100 * count / len(events))}
        for name, count in counts.most_common()
        if 100 * count >= len(events)
    ]
    return {"logGroupFields": found}
