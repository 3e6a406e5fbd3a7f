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
pass (a newer producer may add some); a field of another event type does not (it would be a leak).
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

Event = dict[str, Any]

SCHEMA_VERSION = 1
MAX_EVENT_BYTES = 64 * 1024

PLANNED, DEPARTED, ARRIVED, WEATHER = "planned", "departed", "arrived", "weather"
EVENT_TYPES = (PLANNED, DEPARTED, ARRIVED, WEATHER)


class InvalidEvent(ValueError):
    """An event that the contract refuses; its text is the reason, for people."""


@dataclass(frozen=True)
class Kind:
    """What a value may be: a check and the words for a value that fails it."""

    words: str
    accepts: Callable[[Any], bool]


def _is_instant(value: Any) -> bool:
    return type(value) is str and len(value) == 20 and value[-1] == "Z" and _parses(value)


def _parses(value: str) -> bool:
    try:
        return value[10] == "T" and datetime.fromisoformat(value) is not None
    except ValueError:
        return False


def _is_date(value: Any) -> bool:
    try:
        return type(value) is str and len(value) == 10 and date.fromisoformat(value) is not None
    except ValueError:
        return False


TEXT = Kind("a text that is not empty", lambda value: type(value) is str and value != "")
WHOLE = Kind("a whole number", lambda value: type(value) is int)
NUMBER = Kind("a number", lambda value: type(value) in {int, float} and value - value == 0)
INSTANT = Kind("an instant like 2013-01-01T10:15:00Z", _is_instant)
DATE = Kind("a date like 2013-01-01", _is_date)


@dataclass(frozen=True)
class Field:
    """One field of an event; it is always present, and null only where it says so."""

    name: str
    kind: Kind
    nullable: bool = False

    def refuse(self, value: Any) -> None:
        """Raise unless the value is what the field holds."""
        if not (self.kind.accepts(value) or (self.nullable and value is None)):
            raise InvalidEvent(f"{self.name} must be {self.kind.words}, not {_shown(value)}")


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

_DECLARED = {field.name for fields in PAYLOAD.values() for field in fields}
_FOREIGN = {kind: _DECLARED - {field.name for field in PAYLOAD[kind]} for kind in EVENT_TYPES}


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
        raise InvalidEvent(f"{len(data)} bytes are more than the {MAX_EVENT_BYTES} of an event")
    try:
        event = json.loads(data, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise InvalidEvent(f"not JSON: {error}") from error
    validate(event)
    return dict(event)


def _refuse_constant(word: str) -> None:
    raise ValueError(f"{word} is not a JSON number")


def validate(event: Any) -> None:
    """Raise `InvalidEvent`, with the reason, unless the event fulfils the contract."""
    if not isinstance(event, dict):
        raise InvalidEvent(f"an event is a JSON object, not {_shown(event)}")
    _check_envelope(event)
    _check_fields(event, PAYLOAD[event["event_type"]])
    if not _FOREIGN[event["event_type"]].isdisjoint(event):
        names = ", ".join(sorted(_FOREIGN[event["event_type"]] & event.keys()))
        raise InvalidEvent(f"a {event['event_type']} event must not carry {names}")
    _check_identity(event)


def _check_envelope(event: Event) -> None:
    _check_fields(event, ENVELOPE)
    if event["schema_version"] != SCHEMA_VERSION:
        raise InvalidEvent(f"schema_version {event['schema_version']} is not {SCHEMA_VERSION}")
    if event["event_type"] not in PAYLOAD:
        allowed = ", ".join(EVENT_TYPES)
        raise InvalidEvent(
            f"event_type must be one of {allowed}, not {_shown(event['event_type'])}"
        )


def _check_fields(event: Event, fields: tuple[Field, ...]) -> None:
    for field in fields:
        if field.name not in event:
            raise InvalidEvent(f"{field.name} is missing")
        field.refuse(event[field.name])


def _check_identity(event: Event) -> None:
    expected = event_id(_subject(event), event["event_type"])
    if event["event_id"] != expected:
        raise InvalidEvent(f"event_id must be {expected}, not {_shown(event['event_id'])}")


def _subject(event: Event) -> str:
    if event["event_type"] == WEATHER:
        return weather_id(observed_at=event["observed_at"], origin=event["origin"])
    named = flight_id(**{name: event[name] for name in _IDENTITY})
    if event["flight_id"] != named:
        raise InvalidEvent(f"flight_id must be {named}, not {_shown(event['flight_id'])}")
    return named


_IDENTITY = ("flight_date", "carrier", "flight", "origin")


def _shown(value: Any) -> str:
    text = json.dumps(value, default=str)
    return text if len(text) <= 80 else f"{text[:80]}..."
