"""Rolling operations as of the score time, by running totals.

Every event that a `Rolling` feature counts is an entry in a ledger: a key, an instant, and what it
adds. The running total of a key at an instant is the sum of all entries up to and including it, so
a window is the difference of two totals: at the score time, and h hours before. Spark computes a
frame that begins at UNBOUNDED PRECEDING by adding each row once; a sliding frame, or a range join,
would visit every event of a window again for each flight. All totals are whole numbers, so the
result does not depend on any order.

An entry's instant is when the fact became known. That is what keeps the outcome out: an entry later
than the score time is in neither total. Two of them need a word:

* a flight becomes `overdue` late minutes after its schedule (it has not left: that is known then),
  and ceases to be at its departure or when it is forgotten: one entry of +1 and one of -1;
* a plan enters `scheduled` at its scheduled departure, not when it became known. So that no plan is
  counted before it was known, plans that were known too late are left out.
"""

from collections.abc import Iterable
from functools import reduce
from itertools import groupby

from pyspark.sql import Column, DataFrame, Window, WindowSpec
from pyspark.sql import functions as F

from pipeline.contracts.features import (
    ARRIVED,
    COUNT,
    DEPARTED,
    LATE_MINUTES,
    LATE_SHARE,
    MEAN_DELAY,
    OVERDUE,
    OVERDUE_FORGOTTEN,
    ROLLING,
    SCHEDULED,
    SCORE_LEAD,
    Rolling,
)

KEYS = ("carrier", "flight", "origin", "dest")
HOUR = 3600
LEAD = int(SCORE_LEAD.total_seconds())
AROUND = HOUR
"""`scheduled` counts plans up to this long before and after the scheduled departure."""

ADDS = {COUNT: "counted", MEAN_DELAY: "delay", LATE_SHARE: "late"}
"""The column of an entry that each measure sums."""


def ledger(flights: DataFrame, departed: DataFrame, arrived: DataFrame) -> DataFrame:
    """All entries: keys, `of`, `at` (seconds), `counted`, `delay`, `late`."""
    parts = (
        delays(departed, DEPARTED, "dep_delay"),
        delays(arrived, ARRIVED, "arr_delay"),
        overdue(flights),
        scheduled(flights),
    )
    return reduce(DataFrame.unionByName, parts)


def delays(events: DataFrame, of: str, delay: str) -> DataFrame:
    """An entry for each departure or arrival, when it became known."""
    late = (F.col(delay) > LATE_MINUTES).cast("long")
    return events.select(*entry(of, F.unix_timestamp("event_time"), F.lit(1), F.col(delay), late))


def overdue(flights: DataFrame) -> DataFrame:
    """Two entries for each flight that did not leave in time."""
    schedule = F.unix_timestamp("scheduled_departure")
    begins = F.greatest(schedule + LATE_MINUTES * 60, F.unix_timestamp("planned_at"))
    forgotten = schedule + int(OVERDUE_FORGOTTEN.total_seconds())
    # LEAST skips nulls: a flight that never left is forgotten.
    ends = F.least(F.unix_timestamp("departed_at"), forgotten)
    spans = flights.select(*KEYS, begins.alias("begins"), ends.alias("ends"))
    waiting = spans.where("ends > begins")
    return waiting.select(*entry(OVERDUE, F.col("begins"), F.lit(1))).unionByName(
        waiting.select(*entry(OVERDUE, F.col("ends"), F.lit(-1)))
    )


def scheduled(flights: DataFrame) -> DataFrame:
    """An entry for each plan that every flight which counts it can have known."""
    departure = F.unix_timestamp("scheduled_departure")
    known_in_time = F.unix_timestamp("planned_at") <= departure - LEAD - AROUND
    return flights.where(known_in_time).select(*entry(SCHEDULED, departure, F.lit(1)))


def entry(
    of: str, at: Column, counted: Column, delay: Column | None = None, late: Column | None = None
) -> list[Column]:
    """The columns of a ledger's entry."""
    nothing = F.lit(0)
    return [
        *map(F.col, KEYS),
        F.lit(of).alias("of"),
        at.cast("long").alias("at"),
        counted.cast("long").alias("counted"),
        (nothing if delay is None else delay).cast("long").alias("delay"),
        (nothing if late is None else late).cast("long").alias("late"),
    ]


def with_rolling(
    flights: DataFrame, entries: DataFrame, features: Iterable[Rolling] = ROLLING
) -> DataFrame:
    """`flight_id` and the rolling features of each flight."""
    asked = flights.select("flight_id", *KEYS, F.unix_timestamp("score_time").alias("at"))
    for by, group in groupby(sorted(features, key=lambda feature: feature.by), lambda f: f.by):
        asked = _with_totals(asked, entries, by, tuple(group))
    return asked.drop(*KEYS, "at")


def _with_totals(
    asked: DataFrame, entries: DataFrame, by: tuple[str, ...], features: tuple[Rolling, ...]
) -> DataFrame:
    """One pass over the ledger of one key."""
    wanted = entries.where(F.col("of").isin(sorted({feature.of for feature in features})))
    rows = asked.unionByName(wanted, allowMissingColumns=True)
    by_key = Window.partitionBy(*by).orderBy("at")
    measured = [value(feature, by_key).alias(feature.name) for feature in features]
    answered = rows.select(*asked.columns, *measured)
    return answered.where(F.col("flight_id").isNotNull())


def value(feature: Rolling, by_key: WindowSpec) -> Column:
    """The feature at a row's instant."""
    count = _windowed(feature, COUNT, by_key)
    if feature.measure == COUNT:
        return F.coalesce(count, F.lit(0)).cast("int")
    return F.try_divide(_windowed(feature, feature.measure, by_key), count)


def _windowed(feature: Rolling, measure: str, by_key: WindowSpec) -> Column:
    added = F.when(F.col("of") == feature.of, F.col(ADDS[measure]))
    newest, oldest = bounds(feature)
    total = _total(added, by_key, newest)
    return total if oldest is None else total - _total(added, by_key, oldest)


def bounds(feature: Rolling) -> tuple[int, int | None]:
    """Where the window ends and begins, in seconds from the score time; None is the beginning."""
    if feature.of == OVERDUE:
        return 0, None
    if feature.of == SCHEDULED:
        return LEAD + AROUND, LEAD - AROUND
    return 0, -feature.hours * HOUR


def _total(added: Column, by_key: WindowSpec, until: int) -> Column:
    upto = by_key.rangeBetween(Window.unboundedPreceding, until)
    return F.coalesce(F.sum(added).over(upto), F.lit(0))
