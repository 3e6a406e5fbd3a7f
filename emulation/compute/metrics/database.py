"""Data points on disk, as CloudWatch keeps them: a value belongs to its minute, or to its second
when it was sent with a storage resolution of 1.

What a minute (or second) holds is summed up when it is written: sample count, sum, minimum, maximum
and, for the statistics that need them, how often each value was seen. So a busy metric costs no
more disk than its distinct values. Seconds become minutes after three hours, and nothing is kept
for more than 455 days: AWS's retention. What is answered is in the file and survives `kill -9`.
"""

import json
import math
import sqlite3
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

MINUTE = 60
SECONDS_KEPT = 3 * 3600
KEPT = 455 * 86_400
LISTED = 14 * 86_400
"""A metric is listed until it has had no data for two weeks."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS series (
    id INTEGER PRIMARY KEY, account TEXT, region TEXT, namespace TEXT, name TEXT, dimensions TEXT,
    latest INTEGER, fine INTEGER, UNIQUE (account, region, namespace, name, dimensions));
CREATE TABLE IF NOT EXISTS points (
    series INTEGER, time INTEGER, unit TEXT, resolution INTEGER, samples REAL, total REAL, low REAL,
    high REAL, hidden REAL, PRIMARY KEY (series, time, unit, resolution)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS seen (
    series INTEGER, time INTEGER, unit TEXT, resolution INTEGER, value REAL, times REAL,
    PRIMARY KEY (series, time, unit, resolution, value)) WITHOUT ROWID;
"""

POINT = """
INSERT INTO points {values} ON CONFLICT DO UPDATE SET
    samples = samples + excluded.samples, total = total + excluded.total,
    low = min(low, excluded.low), high = max(high, excluded.high), hidden = hidden + excluded.hidden
"""
SEEN = "INSERT INTO seen {values} ON CONFLICT DO UPDATE SET times = times + excluded.times"


class Metric(NamedTuple):
    """A metric of one account and region; its dimensions sorted by name."""

    account: str
    region: str
    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...] = ()

    @property
    def key(self) -> tuple[str, ...]:
        """As the table of series has it."""
        return (*self[:4], json.dumps(self.dimensions))


@dataclass(frozen=True, slots=True)
class Datum:
    """What was measured at one time; `values` maps each value to how often it was seen."""

    metric: Metric
    time: int
    """In s since 1970."""
    unit: str = "None"
    fine: bool = False
    """Whether its second is kept, not only its minute."""
    values: Mapping[float, float] | None = None
    """None where only the four numbers of a statistic set are known."""
    samples: float = 0
    total: float = 0
    low: float = 0
    high: float = 0


@dataclass(slots=True)
class Bin:
    """What a period holds."""

    samples: float
    total: float
    low: float
    high: float
    hidden: float = 0
    """How many of the samples came as statistic sets, their values unknown."""
    values: tuple[tuple[float, float], ...] = ()
    """The values with their counts, ascending; read only where they are asked for."""


class Database:
    """One file of metrics; safe to use from threads."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        # The system writes what a killed process has handed it; a lost machine loses seconds.
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = OFF")
        self._connection.executescript(SCHEMA)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def add(self, data: Iterable[Datum]) -> None:
        """Keep data, all or none of it."""
        with self._lock, self._transaction():
            for datum in data:
                self._add(datum)

    def _transaction(self) -> sqlite3.Connection:
        self._connection.execute("BEGIN")
        return self._connection

    def _add(self, datum: Datum) -> None:
        series = self._series(datum)
        resolution = 1 if datum.fine else MINUTE
        place = (series, datum.time - datum.time % resolution, datum.unit, resolution)
        if datum.values is None:
            sums = (datum.samples, datum.total, datum.low, datum.high, datum.samples)
        else:
            sums = (*summed(datum.values), 0)
            rows = [(*place, value, times) for value, times in datum.values.items()]
            self._connection.executemany(SEEN.format(values="VALUES (?, ?, ?, ?, ?, ?)"), rows)
        self._connection.execute(
            POINT.format(values="VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"), (*place, *sums)
        )

    def _series(self, datum: Datum) -> int:
        (series,) = self._connection.execute(
            "INSERT INTO series (account, region, namespace, name, dimensions, latest, fine) "
            "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
            "latest = max(latest, excluded.latest), fine = excluded.fine RETURNING id",
            (*datum.metric.key, datum.time, datum.fine),
        ).fetchone()
        return int(series)

    def is_fine(self, metric: Metric) -> bool:
        """Whether its latest data was sent with a storage resolution of 1."""
        row = self._row("SELECT fine FROM series WHERE " + IS_METRIC, metric.key)
        return bool(row and row[0])

    def bins(
        self,
        metric: Metric,
        start: int,
        end: int,
        period: int,
        *,
        unit: str | None = None,
        with_values: bool = False,
    ) -> dict[int, Bin]:
        """What each period since `start` holds, by its beginning; empty periods are left out."""
        row = self._row("SELECT id FROM series WHERE " + IS_METRIC, metric.key)
        if row is None:
            return {}
        place = (start, period, row[0], start, end, unit, unit)
        found = {
            start + number * period: Bin(*sums)
            for number, *sums in self._rows(
                "SELECT (time - ?) / ? AS bin, sum(samples), sum(total), min(low), max(high), "
                f"sum(hidden) FROM points WHERE {IN_RANGE} GROUP BY bin ORDER BY bin",
                place,
            )
        }
        if with_values:
            self._fill_values(found, place)
        return found

    def _fill_values(self, found: dict[int, Bin], place: tuple[Any, ...]) -> None:
        start, period = place[:2]
        values: dict[int, list[tuple[float, float]]] = {}
        for number, value, times in self._rows(
            "SELECT (time - ?) / ? AS bin, value, sum(times) FROM seen "
            f"WHERE {IN_RANGE} GROUP BY bin, value ORDER BY value",
            place,
        ):
            values.setdefault(start + number * period, []).append((value, times))
        for beginning, pairs in values.items():
            found[beginning].values = tuple(pairs)

    def units(self, metric: Metric, start: int, end: int) -> list[str]:
        """The units that its data of a time has."""
        rows = self._rows(
            "SELECT DISTINCT unit FROM points JOIN series ON id = series "
            f"WHERE {IS_METRIC} AND time >= ? AND time < ? ORDER BY unit",
            (*metric.key, start, end),
        )
        return [unit for (unit,) in rows]

    def metrics(
        self, account: str, region: str, namespace: str | None = None, since: float | None = None
    ) -> list[Metric]:
        """The metrics that have had data since a time; within two weeks if none is given."""
        rows = self._rows(
            "SELECT account, region, namespace, name, dimensions FROM series WHERE account = ? AND "
            "region = ? AND latest >= ? AND (? IS NULL OR namespace = ?) "
            "ORDER BY namespace, name, dimensions",
            (account, region, since or time.time() - LISTED, namespace, namespace),
        )
        return [
            Metric(account, region, found, name, tuple((n, v) for n, v in json.loads(dimensions)))
            for _, _, found, name, dimensions in rows
        ]

    def roll_up(self, now: float) -> None:
        """Sum up the seconds that are three hours old, and forget what is past its time."""
        with self._lock, self._transaction() as connection:
            before = int(now - SECONDS_KEPT) // MINUTE * MINUTE
            for insert, columns in ((POINT, POINT_SUMS), (SEEN, SEEN_SUMS)):
                table, sums, group = columns
                connection.execute(
                    insert.format(
                        values=f"SELECT series, time - time % 60 AS minute, unit, 60, {sums} "
                        f"FROM {table} WHERE resolution = 1 AND time < ? "
                        f"GROUP BY series, minute, unit{group}"
                    ),
                    (before,),
                )
                connection.execute(
                    f"DELETE FROM {table} WHERE (resolution = 1 AND time < ?) OR time < ?",
                    (before, int(now - KEPT)),
                )
            connection.execute("DELETE FROM series WHERE latest < ?", (int(now - KEPT),))

    def _rows(self, query: str, values: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._connection.execute(query, values).fetchall()

    def _row(self, query: str, values: tuple[Any, ...]) -> tuple[Any, ...] | None:
        return next(iter(self._rows(query, values)), None)


IS_METRIC = "account = ? AND region = ? AND namespace = ? AND name = ? AND dimensions = ?"
IN_RANGE = "series = ? AND time >= ? AND time < ? AND (? IS NULL OR unit = ?)"
POINT_SUMS = ("points", "sum(samples), sum(total), min(low), max(high), sum(hidden)", "")
SEEN_SUMS = ("seen", "value, sum(times)", ", value")


def summed(values: Mapping[float, float]) -> tuple[float, float, float, float]:
    """Sample count, sum, minimum and maximum."""
    total = math.fsum(value * times for value, times in values.items())
    return sum(values.values()), total, min(values), max(values)
