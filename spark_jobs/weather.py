"""The weather as it was known at the score time: the last observation at the origin, not stale."""

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from pipeline.contracts.features import HIGHEST_WIND_MPH, WEATHER, WEATHER_STALE
from spark_jobs.additions import ADDED

NAMES = tuple(column.name for column in WEATHER)


def plausible(observations: DataFrame) -> DataFrame:
    """Winds that no instrument can have measured are unknown."""
    winds = {
        name: F.when(F.col(name) <= HIGHEST_WIND_MPH, F.col(name))
        for name in ("wind_speed", "wind_gust")
    }
    return observations.withColumns(winds)


def with_weather(flights: DataFrame, observations: DataFrame) -> DataFrame:
    """`flight_id` and the weather of each flight.

    Observations sort before flights of the same instant (what becomes known at the score time is
    known), and by `observed_at` among themselves.
    """
    names = [*NAMES, *(name for name in (ADDED,) if name in observations.columns)]
    known = F.struct(F.col("event_time").alias("known_at"), *names)
    seen = plausible(observations).select(
        "origin", F.col("event_time").alias("at"), "observed_at", known.alias("seen")
    )
    asked = flights.select("origin", F.col("score_time").alias("at"), "flight_id")
    rows = seen.unionByName(asked, allowMissingColumns=True)
    order = Window.partitionBy("origin").orderBy("at", F.col("observed_at").asc_nulls_last())
    last = F.last("seen", ignorenulls=True).over(
        order.rowsBetween(Window.unboundedPreceding, Window.currentRow)
    )
    stale = F.expr(f"INTERVAL {WEATHER_STALE.total_seconds():.0f} SECONDS")
    fresh = F.col("last.known_at") > F.col("at") - stale
    return (
        rows.select("flight_id", "at", last.alias("last"))
        .where(F.col("flight_id").isNotNull())
        .select("flight_id", *(F.when(fresh, F.col(f"last.{name}")).alias(name) for name in names))
    )
