"""One batch of the stream after the other: which flights it settles, their features, and what is
known by now.

A flight is settled when the watermark has passed its score time. An event that comes later than the
watermark allows changes no flight that is written, and counts for all that are not. A plan that
comes so late has no line: what it would count may be forgotten already.
"""

import logging
from collections.abc import Iterator
from typing import Any

import pandas as pd
from pyspark.sql import DataFrame

from pipeline.contracts import features
from pipeline.contracts.captures import IDENTITY
from pipeline.contracts.stream_features import Newest
from spark_jobs.live import parsing
from spark_jobs.live.clock import Clock, told
from spark_jobs.live.known import Known
from spark_jobs.live.memory import Memory
from spark_jobs.live.observed import with_weather
from spark_jobs.live.store import FeatureStore
from spark_jobs.live.totals import with_rolling
from spark_jobs.rolling import KEYS, LEAD

LOG = logging.getLogger("stream_features")
SKEW_SECONDS = 300
"""How far a producer's clock may be ahead of Kinesis's."""

Line = dict[str, Any]


class Batches:
    """What is done with each batch, in order. The same batch again does the same again."""

    def __init__(self, memory: Memory, store: FeatureStore, delay: int, history: int = 0) -> None:
        """Lines begin so many seconds of event time after the first event: what was before it is
        not known.
        """
        self._memory = memory
        self._store = store
        self._delay = delay
        self._history = history

    def process(self, records: DataFrame, batch_id: int) -> None:
        """For `foreachBatch`."""
        self.take(parsing.parsed(records).toArrow().to_pandas(), batch_id)

    def take(self, new: pd.DataFrame, batch_id: int) -> None:
        """Events of one batch, as `parsing.parsed` has them."""
        known, before = self._memory.before(batch_id)
        if batch_id == 0 and self._history and len(new):
            before = Clock(watermark=int(new.event_time.min()) + self._history)
        now = before.advance(newest(new), self._delay)
        known = known.joined(Known.of(new))
        written = self._store.add(flights(known, before, now))
        known = known.since(now)
        self._store.put_newest(Newest.collect(told(now.reached), keys(known, now)))
        self._memory.keep(batch_id, known, now)
        behind = before.reached - int(new.event_time.min()) if len(new) else 0
        late = int((new.event_time <= before.watermark).sum())
        LOG.info(
            "batch %s: %s events, %s of them too late, the oldest %.1f h behind; "
            "told up to %s, settled up to %s: %s flights",
            *(batch_id, len(new), late, max(behind, 0) / 3600),
            *(told(now.reached), told(now.watermark), written),
        )


def newest(new: pd.DataFrame) -> int:
    """The newest event's time. One that says to come from the future moves no clock: all others
    would be too late for ever.
    """
    sound = new.event_time[new.event_time <= new[parsing.TOLD_AT] + SKEW_SECONDS]
    return int(sound.max()) if len(sound) else 0


def flights(known: Known, before: Clock, now: Clock) -> Iterator[Line]:
    """The flights that are settled between two clocks, as of their score time."""
    score_time = known.planned.scheduled_departure - LEAD
    due = known.planned[(score_time > before.watermark) & (score_time <= now.watermark)]
    asked = due.assign(at=due.scheduled_departure - LEAD)
    for plan, streamed in zip(_rows(due), _streamed(asked, known), strict=True):
        yield {**_planned(plan), **streamed}


def _planned(plan: dict[str, Any]) -> Line:
    """What the plan alone says; its instants are text in an event."""
    departure = plan["scheduled_departure"]
    instants = {
        "scheduled_departure": told(departure),
        "scheduled_arrival": told(plan["scheduled_arrival"]),
        "score_time": told(departure - LEAD),
    }
    event = {**plan, **instants}
    identity = {name: event[name] for name in IDENTITY}
    return {**identity, **features.schedule_features(event)}


def keys(known: Known, now: Clock) -> Iterator[Line]:
    """Every flight number of the known plans and arrivals, as if it were scored now."""
    named = pd.concat([known.planned[list(KEYS)], known.arrived[list(KEYS)]]).drop_duplicates()
    asked = named.reset_index(drop=True).assign(at=now.reached)
    for key, streamed in zip(_rows(asked), _streamed(asked, known), strict=True):
        yield {**key, **streamed}


def _streamed(asked: pd.DataFrame, known: Known) -> Iterator[Line]:
    """The features of each row that only the stream knows; what is unknown is None."""
    found = with_rolling(asked, known).join(with_weather(asked, known.weather))
    names = [name for name in features.FEATURE_NAMES if name in found.columns]
    plain = found[names].astype(object).where(found[names].notna(), None)
    yield from _rows(plain)


def _rows(frame: pd.DataFrame) -> list[Line]:
    found: list[Line] = frame.to_dict("records")  # type: ignore[assignment]
    return found
