"""The features that the stream job writes, for training and for serving: where, and in which shape.

* `features/flights/date=2013-04-01/flights.json.gz`: every flight whose score time is on that day
  (UTC) and settled, a JSON line each: identity, score time and `FEATURES`, as of the score time.
  The day follows from the schedule, so a flight is found by one read. A line never changes.
* `features/newest.json.gz`: what the stream knows by now, for flights that cannot be settled yet:
  each rolling feature by its key, and the weather by airport, as of the newest event.

Settled means that the watermark has passed: what happened up to the score time has been told, but
for events that come later than the watermark allows.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pipeline.contracts.captures import IDENTITY
from pipeline.contracts.features import (
    FEATURE_NAMES,
    ROLLING,
    SCHEDULED,
    WEATHER,
    WEATHER_STALE,
    score_time,
)

FEATURES_PREFIX = "features/"
FLIGHTS_PREFIX = f"{FEATURES_PREFIX}flights/"
NEWEST_KEY = f"{FEATURES_PREFIX}newest.json.gz"
CHECKPOINT_PREFIX = "checkpoints/stream-features/"

LINE = (*IDENTITY, *FEATURE_NAMES)
"""The fields of a flight's line."""

STREAMED = (*(feature.name for feature in ROLLING), *(column.name for column in WEATHER))
"""The features that no plan decides: what the stream is for."""

NEWEST_STALE = timedelta(hours=6)
"""What the stream knew so long before a plan says nothing of it any more."""

KEYED = tuple(feature for feature in ROLLING if feature.of != SCHEDULED)
"""What is known by its key alone: `SCHEDULED` also depends on the flight's own departure."""

_AIRPORT = ("origin",)
_OBSERVED = frozenset(column.name for column in WEATHER)


def flights_key(day: str) -> str:
    """The flights of one day of score times, UTC: `2013-04-01`."""
    return f"{FLIGHTS_PREFIX}date={day}/flights.json.gz"


def flights_key_of(scheduled_departure: str) -> str:
    """Where a flight stands, of an instant such as `2013-04-01T10:15:00Z`."""
    return flights_key(score_time(instant(scheduled_departure)).date().isoformat())


def lines_of(content: bytes) -> dict[str, dict[str, Any]]:
    """The lines of flights by their id, of a day as it is read from `flights_key`."""
    return {line["flight_id"]: line for line in map(json.loads, content.splitlines())}


def instant(text: str) -> datetime:
    """An instant of an event."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


@dataclass(frozen=True)
class Newest:
    """What the stream knows. `values` is by key (`origin,carrier`), then by value (`EWR,UA`)."""

    as_of: str
    values: Mapping[str, Mapping[str, Mapping[str, Any]]]

    def to_json(self) -> dict[str, Any]:
        """The object."""
        return {"as_of": self.as_of, "values": self.values}

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> "Newest":
        """What `to_json` has made."""
        return cls(told["as_of"], told["values"])

    @classmethod
    def collect(cls, as_of: str, lines: Iterable[Mapping[str, Any]]) -> "Newest":
        """Of flights that all are asked for at the same moment: each key says the same in all."""
        values: dict[str, dict[str, dict[str, Any]]] = {}
        for line in lines:
            for by, names in GROUPS.items():
                of_key = values.setdefault(",".join(by), {})
                of_key.setdefault(_key(line, by), {name: line[name] for name in names})
        return cls(as_of, values)

    def speaks_of(self, planned: Mapping[str, Any]) -> bool:
        """Whether it may be used for a flight when its plan is told: it is from before the score
        time, or it would know what a model must not, and not too old.
        """
        at = instant(self.as_of)
        recent = at > instant(planned["event_time"]) - NEWEST_STALE
        return recent and not self.is_past(planned)

    def is_past(self, planned: Mapping[str, Any]) -> bool:
        """Whether the stream is past the score time of a flight."""
        return instant(self.as_of) > score_time(instant(planned["scheduled_departure"]))

    def features(self, planned: Mapping[str, Any]) -> dict[str, Any]:
        """What is known of a flight's keys; what is not is left out. The weather too, if it will
        be stale when the flight is scored.
        """
        found: dict[str, Any] = {}
        for by in GROUPS:
            found |= self.values.get(",".join(by), {}).get(_key(planned, by), {})
        scored = score_time(instant(planned["scheduled_departure"]))
        stale = instant(self.as_of) <= scored - WEATHER_STALE
        return {
            name: value
            for name, value in found.items()
            if value is not None and not (stale and name in _OBSERVED)
        }


def _groups() -> dict[tuple[str, ...], tuple[str, ...]]:
    groups: dict[tuple[str, ...], tuple[str, ...]] = {}
    for feature in KEYED:
        groups[feature.by] = (*groups.get(feature.by, ()), feature.name)
    groups[_AIRPORT] = (*groups[_AIRPORT], *(column.name for column in WEATHER))
    return groups


GROUPS = _groups()
"""Which features each key has."""


def _key(flight: Mapping[str, Any], by: tuple[str, ...]) -> str:
    return ",".join(str(flight[name]) for name in by)
