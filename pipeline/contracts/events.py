"""The events of the stream: their fields, identities, and the reason why an event is refused.

A flight is told three times, each time with only what is known then, so that a feature built from
`planned` events cannot contain the outcome:

* `planned`: the schedule; known one day before the scheduled departure.
* `departed`: known at the departure (`event_time` is that instant). It carries the tail number,
  because the data names the aircraft that flew: it is missing only where a flight was cancelled.
* `arrived`: known at the arrival (`event_time` is that instant).

A cancelled flight is `planned` only; a diverted one never arrives. `weather` is one hour's
observation at one airport, known at the end of that hour.

Every instant is written as `2013-01-01T10:15:00Z`, which sorts as text. Fields that nobody declared
pass (a newer producer may add some, `additions.py` says which); a field of another event type does
not (it would be a leak).
"""

import json
from collections.abc import Mapping
from typing import Any

from pipeline.contracts import additions, fields
from pipeline.contracts.fields import DATE, INSTANT, NUMBER, TEXT, WHOLE, Field, shown
from pipeline.contracts.fields import InvalidEvent as InvalidEvent

Event = dict[str, Any]

SCHEMA_VERSION = 1
MAX_EVENT_BYTES = 64 * 1024

PLANNED, DEPARTED, ARRIVED, WEATHER = "planned", "departed", "arrived", "weather"
EVENT_TYPES = (PLANNED, DEPARTED, ARRIVED, WEATHER)


ENVELOPE = (
    Field("event_id", TEXT),
    Field("event_type", TEXT),
    Field("event_time", INSTANT),
    Field("schema_version", WHOLE),
)
"""On every event; `event_time` is when the event becomes known."""

FLIGHT = (
    Field("flight_id", TEXT),
    Field("flight_date", DATE),
    Field("carrier", TEXT),
    Field("flight", WHOLE),
    Field("origin", TEXT),
    Field("dest", TEXT),
    Field("scheduled_departure", INSTANT),
)
"""Which flight: `flight_date` is the scheduled day of departure in New York."""

PAYLOAD: Mapping[str, tuple[Field, ...]] = {
    PLANNED: (
        *FLIGHT,
        Field("scheduled_arrival", INSTANT),
        Field("sched_dep_time", WHOLE),  # hhmm on the clock of the origin
        Field("sched_arr_time", WHOLE),  # hhmm on the clock of the destination
        Field("distance", WHOLE),  # miles
    ),
    DEPARTED: (*FLIGHT, Field("dep_delay", WHOLE), Field("tailnum", TEXT, nullable=True)),
    ARRIVED: (*FLIGHT, Field("arr_delay", WHOLE), Field("air_time", WHOLE)),  # minutes
    WEATHER: (
        Field("origin", TEXT),
        Field("observed_at", INSTANT),
        Field("temp", NUMBER, nullable=True),
        Field("dewp", NUMBER, nullable=True),
        Field("humid", NUMBER, nullable=True),
        Field("wind_dir", NUMBER, nullable=True),
        Field("wind_speed", NUMBER, nullable=True),
        Field("wind_gust", NUMBER, nullable=True),
        Field("precip", NUMBER, nullable=True),
        Field("pressure", NUMBER, nullable=True),
        Field("visib", NUMBER, nullable=True),
    ),
}
"""What each event type says, after the envelope."""

DECLARED: Mapping[str, frozenset[str]] = {
    kind: frozenset(field.name for field in (*ENVELOPE, *PAYLOAD[kind])) for kind in EVENT_TYPES
}
_FOREIGN = {kind: frozenset().union(*DECLARED.values()) - DECLARED[kind] for kind in EVENT_TYPES}


_JSON = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def flight_id(*, flight_date: str, carrier: str, flight: int, origin: str) -> str:
    """The name of one flight: `2013-01-01/UA/1545/EWR`. Without the origin there are 24 twins."""
    return f"{flight_date}/{carrier}/{flight}/{origin}"


def weather_id(*, observed_at: str, origin: str) -> str:
    """The name of one observation: `2013-01-01T06:00:00Z/EWR`."""
    return f"{observed_at}/{origin}"


def event_id(subject: str, event_type: str) -> str:
    """The identity of an event: `2013-01-01/UA/1545/EWR#planned`; the same fact has one id."""
    return f"{subject}#{event_type}"


def envelope(subject: str, event_type: str, event_time: str) -> Event:
    """The fields that every event starts with."""
    return {
        "event_id": event_id(subject, event_type),
        "event_type": event_type,
        "event_time": event_time,
        "schema_version": SCHEMA_VERSION,
    }


def partition_key(event: Event) -> str:
    """The stream's partition key: all events of one flight keep their order in one shard."""
    return str(event["event_id"].rpartition("#")[0])


def day(event: Event) -> str:
    """The day that the event is about: `2013-01-01`, the scheduled day of the flight, or that of
    the observation in UTC.

    Not of `event_time`, so that the three events of a flight stand side by side.
    """
    about = event["observed_at"] if event["event_type"] == WEATHER else event["flight_date"]
    return str(about[:10])


def month(event: Event) -> str:
    """The lake's partition: `2013-01`."""
    return day(event)[:7]


def raw_key(event: Event) -> str:
    """The object of the lake that the event belongs to, whoever delivers it and however often."""
    return f"raw/type={event['event_type']}/month={month(event)}/{day(event)}.jsonl"


def encode(event: Event) -> bytes:
    """The event as the record's data: one line of JSON, without a line break."""
    return _JSON.encode(event).encode()


def decode(data: bytes) -> Event:
    """The valid event of a record's data, or `InvalidEvent` with the reason."""
    if len(data) > MAX_EVENT_BYTES:
        reason = f"{len(data)} bytes are more than the {MAX_EVENT_BYTES} of an event"
        raise InvalidEvent(fields.TOO_LARGE, reason)
    try:
        # Given bytes, `json` would also take UTF-16, which no reader of the lake does.
        event = json.loads(data.decode(), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise InvalidEvent(fields.NOT_JSON, f"not JSON: {error}") from error
    validate(event)
    return dict(event)


def _refuse_constant(word: str) -> None:
    raise ValueError(f"{word} is not a JSON number")


def validate(event: Any) -> None:
    """Raise `InvalidEvent`, with the reason, unless the event fulfils the contract."""
    if not isinstance(event, dict):
        raise InvalidEvent(fields.NO_OBJECT, f"an event is a JSON object, not {shown(event)}")
    _check_envelope(event)
    kind = event["event_type"]
    _check_fields(event, PAYLOAD[kind])
    if not DECLARED[kind].issuperset(event):
        _check_rest(event, kind)
    _check_identity(event)


def _check_envelope(event: Event) -> None:
    version = event.get("schema_version")
    # First: what another version lacks is no fault of it.
    if type(version) is int and version != SCHEMA_VERSION:
        reason = f"schema_version {version} is not {SCHEMA_VERSION}"
        raise InvalidEvent(fields.UNKNOWN_VERSION, reason)
    _check_fields(event, ENVELOPE)
    if event["event_type"] not in PAYLOAD:
        allowed = ", ".join(EVENT_TYPES)
        reason = f"event_type must be one of {allowed}, not {shown(event['event_type'])}"
        raise InvalidEvent(fields.UNKNOWN_TYPE, reason)


def _check_fields(event: Event, declared: tuple[Field, ...]) -> None:
    for field in declared:
        if field.name not in event:
            raise InvalidEvent(fields.MISSING_FIELD, f"{field.name} is missing")
        field.refuse(event[field.name])


def _check_rest(event: Event, kind: str) -> None:
    if not _FOREIGN[kind].isdisjoint(event):
        names = ", ".join(sorted(_FOREIGN[kind] & event.keys()))
        raise InvalidEvent(fields.FOREIGN_FIELD, f"a {kind} event must not carry {names}")
    added = {name: value for name, value in event.items() if name not in DECLARED[kind]}
    additions.check(added, DECLARED[kind])


def _check_identity(event: Event) -> None:
    expected = event_id(_subject(event), event["event_type"])
    if event["event_id"] != expected:
        reason = f"event_id must be {expected}, not {shown(event['event_id'])}"
        raise InvalidEvent(fields.WRONG_IDENTITY, reason)


def _subject(event: Event) -> str:
    if event["event_type"] == WEATHER:
        return weather_id(observed_at=event["observed_at"], origin=event["origin"])
    named = flight_id(**{name: event[name] for name in _IDENTITY})
    if event["flight_id"] != named:
        reason = f"flight_id must be {named}, not {shown(event['flight_id'])}"
        raise InvalidEvent(fields.WRONG_IDENTITY, reason)
    return named


_IDENTITY = ("flight_date", "carrier", "flight", "origin")
