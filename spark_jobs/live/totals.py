"""Rolling features by running totals, as `spark_jobs/rolling.py` defines them: the ledger and the
windows are the same, but of the events that are known, in arrays. Whole numbers, so equal.

A Spark plan of 26 windows over six keys takes its planner twenty seconds of a laptop's core,
however few rows there are. That is nothing to a job over the lake, and too much for each batch.
"""

from collections.abc import Iterable
from itertools import groupby
from typing import Any

import numpy as np
import pandas as pd

from pipeline.contracts.features import (
    ARRIVED,
    COUNT,
    DEPARTED,
    LATE_MINUTES,
    OVERDUE,
    OVERDUE_FORGOTTEN,
    ROLLING,
    SCHEDULED,
    Rolling,
)
from spark_jobs.live.known import Known
from spark_jobs.rolling import ADDS, AROUND, KEYS, LEAD, bounds

Array = np.ndarray[Any, Any]
FORGOTTEN = int(OVERDUE_FORGOTTEN.total_seconds())


def ledgers(known: Known) -> dict[str, pd.DataFrame]:
    """The entries by what they are of: keys, `at`, `counted`, `delay`, `late`."""
    return {
        DEPARTED: delays(known.departed, "dep_delay"),
        ARRIVED: delays(known.arrived, "arr_delay"),
        OVERDUE: overdue(known.planned, known.departed),
        SCHEDULED: scheduled(known.planned),
    }


def delays(told: pd.DataFrame, delay: str) -> pd.DataFrame:
    """An entry for each departure or arrival, when it became known."""
    late = (told[delay] > LATE_MINUTES).astype("int64")
    return entries(told, told.event_time, 1).assign(delay=told[delay], late=late)


def overdue(planned: pd.DataFrame, departed: pd.DataFrame) -> pd.DataFrame:
    """Two entries for each flight that did not leave in time."""
    left = planned.flight_id.map(departed.set_index("flight_id").event_time)
    begins = np.maximum(planned.scheduled_departure + LATE_MINUTES * 60, planned.event_time)
    ends = np.fmin(left.astype("float64"), planned.scheduled_departure + FORGOTTEN)
    waiting = ends > begins
    late = planned[waiting]
    begun = entries(late, begins[waiting], 1)
    ended = entries(late, ends[waiting].astype("int64"), -1)
    return pd.concat([begun, ended])


def scheduled(planned: pd.DataFrame) -> pd.DataFrame:
    """An entry for each plan that every flight which counts it can have known."""
    known = planned[planned.event_time <= planned.scheduled_departure - LEAD - AROUND]
    return entries(known, known.scheduled_departure, 1)


def entries(told: pd.DataFrame, at: Any, counted: int) -> pd.DataFrame:
    """Entries without a delay."""
    return told[list(KEYS)].assign(at=at, counted=counted, delay=0, late=0)


def with_rolling(
    asked: pd.DataFrame, known: Known, wanted: Iterable[Rolling] = ROLLING
) -> pd.DataFrame:
    """The rolling features of rows with `KEYS` and `at`; a count is whole, nothing is NaN."""
    ledger = ledgers(known)
    found: dict[str, Array] = {}
    in_order = sorted(wanted, key=lambda feature: (feature.by, feature.of))
    for (by, of), group in groupby(in_order, key=lambda feature: (feature.by, feature.of)):
        totals = Totals(ledger[of], asked, by)
        found |= {feature.name: totals.value(feature) for feature in group}
    return pd.DataFrame(found, index=asked.index)


class Totals:
    """The running totals of one ledger by one key, at the moments of the asked rows."""

    def __init__(self, ledger: pd.DataFrame, asked: pd.DataFrame, by: tuple[str, ...]) -> None:
        of_ledger, self._keys = _codes(ledger, asked, by)
        self._asked_at = asked["at"].to_numpy("int64")
        at = ledger["at"].to_numpy("int64")
        self._first = int(at.min()) if len(at) else 0
        self._span = int(at.max(initial=self._first)) - self._first + 2
        # A key's moments follow each other, key after key.
        places = of_ledger * self._span + (at - self._first) + 1
        order = np.argsort(places, kind="stable")
        self._places = places[order]
        self._sums = {
            name: np.concatenate([[0], np.cumsum(ledger[name].to_numpy("int64")[order])])
            for name in ADDS.values()
        }

    def value(self, feature: Rolling) -> Array:
        """The feature of every row."""
        newest, oldest = bounds(feature)
        count = self._between(oldest, newest, ADDS[COUNT])
        if feature.measure == COUNT:
            return count
        added = self._between(oldest, newest, ADDS[feature.measure])
        shares: Array = np.full(len(count), np.nan)
        np.divide(added, count, out=shares, where=count != 0)
        return shares

    def _between(self, oldest: int | None, newest: int, name: str) -> Array:
        sums = self._sums[name]
        difference: Array = sums[self._until(newest)] - sums[self._until(oldest)]
        return difference

    def _until(self, seconds: int | None) -> Array:
        """How many entries there are up to the end of that window; of earlier keys, too."""
        moment = -1 if seconds is None else self._asked_at + seconds - self._first
        within = np.clip(np.asarray(moment) + 1, 0, self._span - 1)
        ends = self._keys * self._span + within
        found: Array = np.searchsorted(self._places, ends, side="right")
        return found


def _codes(ledger: pd.DataFrame, asked: pd.DataFrame, by: tuple[str, ...]) -> tuple[Array, Array]:
    """Keys as whole numbers, the same in both frames."""
    codes = np.zeros(len(ledger) + len(asked), dtype="int64")
    for name in by:
        values = pd.concat([ledger[name], asked[name]], ignore_index=True)
        each, distinct = pd.factorize(values)
        codes = codes * len(distinct) + each
    return codes[: len(ledger)], codes[len(ledger) :]
