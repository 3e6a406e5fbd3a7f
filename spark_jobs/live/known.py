"""The events that later flights may still count, each once: all that the job knows between two
batches.

What is older than the longest window is forgotten, by kind: arrivals after 28 days, departures and
observations after six hours behind the watermark; the plan and the departure of a flight when it
cannot be overdue any more, both or neither.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from pipeline.contracts import events, features, fields
from spark_jobs.live.clock import Clock
from spark_jobs.rolling import HOUR

UNREAD = ("event_type", "schema_version", "tailnum")
"""Fields that no feature reads."""

TYPES: Mapping[fields.Kind, str] = {
    fields.TEXT: "object",
    fields.DATE: "object",
    fields.WHOLE: "int64",
    fields.INSTANT: "int64",
    fields.NUMBER: "float64",
}


def columns(kind: str) -> dict[str, str]:
    """The columns of one type's frame, with their types; instants are seconds."""
    declared = (*events.ENVELOPE, *events.PAYLOAD[kind])
    return {field.name: TYPES[field.kind] for field in declared if field.name not in UNREAD}


def empty(kind: str) -> pd.DataFrame:
    """No event of a type."""
    return pd.DataFrame({name: pd.Series(dtype=type_) for name, type_ in columns(kind).items()})


@dataclass(frozen=True)
class Known:
    """A frame for each type of event."""

    planned: pd.DataFrame
    departed: pd.DataFrame
    arrived: pd.DataFrame
    weather: pd.DataFrame

    @classmethod
    def nothing(cls) -> "Known":
        """Before the first event."""
        return cls(**{kind: empty(kind) for kind in events.EVENT_TYPES})

    @classmethod
    def of(cls, told: pd.DataFrame) -> "Known":
        """Of events of all types."""
        return cls(**{kind: _of_kind(told, kind) for kind in events.EVENT_TYPES})

    def joined(self, other: "Known") -> "Known":
        """Both, each event once: of the same event the one that stands in the lake, too."""
        mine, others = vars(self), vars(other)
        return Known(**{kind: once(mine[kind], others[kind]) for kind in events.EVENT_TYPES})

    def since(self, clock: Clock) -> "Known":
        """What a flight may count whose score time is behind the watermark."""
        watermark = clock.watermark
        forgotten = watermark - int(features.OVERDUE_FORGOTTEN.total_seconds())
        stale = watermark - int(features.WEATHER_STALE.total_seconds())
        recent = self.departed.event_time > watermark - longest(features.DEPARTED)
        return Known(
            planned=self.planned[self.planned.scheduled_departure > forgotten],
            departed=self.departed[recent | (self.departed.scheduled_departure > forgotten)],
            arrived=self.arrived[self.arrived.event_time > watermark - longest(features.ARRIVED)],
            weather=self.weather[self.weather.event_time > stale],
        )


def longest(of: str) -> int:
    """The longest window over departures or arrivals, in seconds."""
    return HOUR * max(rolling.hours for rolling in features.ROLLING if rolling.of == of)


def once(known: pd.DataFrame, new: pd.DataFrame) -> pd.DataFrame:
    """The rule of `raw_events.once`: the latest `event_time` stands, then the greatest content."""
    if new.empty:
        return known
    both = pd.concat([known, new], ignore_index=True) if len(known) else new
    if not both.event_id.duplicated().any():
        return both
    rest = [name for name in both.columns if name not in {"event_id", "event_time"}]
    ordered = both.sort_values(["event_time", *rest], na_position="first")
    return ordered.drop_duplicates("event_id", keep="last", ignore_index=True)


def _of_kind(told: pd.DataFrame, kind: str) -> pd.DataFrame:
    wanted = columns(kind)
    return told.loc[told.event_type == kind, list(wanted)].astype(wanted)
