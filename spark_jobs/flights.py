"""Flights, assembled from their three events: the plan, left joined with what became of it."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from pipeline.contracts.features import LATE_MINUTES, PARTITION, SCORE_LEAD
from spark_jobs.additions import ADDED


def assemble(planned: DataFrame, departed: DataFrame, arrived: DataFrame) -> DataFrame:
    """One row a planned flight: identity, schedule features and outcome."""
    departures = departed.select(
        "flight_id", F.col("event_time").alias("departed_at"), "dep_delay", "tailnum"
    )
    arrivals = arrived.select(
        "flight_id", F.col("event_time").alias("arrived_at"), "arr_delay", "air_time"
    )
    flights = planned.withColumnRenamed("event_time", "planned_at")
    return (
        flights.drop("event_id", "event_type", "schema_version", ADDED)
        .join(departures, "flight_id", "left")
        .join(arrivals, "flight_id", "left")
        .withColumns(schedule_columns())
        .withColumns({"late": F.col("arr_delay") > LATE_MINUTES, "status": status()})
    )


def schedule_columns() -> dict[str, Column]:
    """What the plan alone says; the same as `features.schedule_features`."""
    departure, arrival = F.col("scheduled_departure"), F.col("scheduled_arrival")
    seconds = F.unix_timestamp(arrival) - F.unix_timestamp(departure)
    return {
        "score_time": departure - F.expr(f"INTERVAL {SCORE_LEAD.total_seconds():.0f} SECONDS"),
        "departure_minute": clock_minute("sched_dep_time"),
        "arrival_minute": clock_minute("sched_arr_time"),
        "scheduled_minutes": F.floor(seconds / 60).cast("int"),
        "day_of_week": F.weekday("flight_date") + 1,
        PARTITION: F.date_format("flight_date", "yyyy-MM"),
    }


def clock_minute(name: str) -> Column:
    """The minute of the day of a clock reading such as 515."""
    return F.expr(f"CAST(({name} DIV 100 * 60 + {name} % 100) % 1440 AS INT)")


def status() -> Column:
    """How far a flight is known to have come."""
    return (
        F.when(F.col("arrived_at").isNotNull(), "arrived")
        .when(F.col("departed_at").isNotNull(), "departed")
        .otherwise("planned")
    )


def with_dimensions(flights: DataFrame, planes: DataFrame, airports: DataFrame) -> DataFrame:
    """The aircraft and the destination, where they are known."""
    aircraft = planes.select(
        "tailnum",
        F.col("year").cast("int").alias("aircraft_year"),
        F.col("manufacturer").alias("aircraft_manufacturer"),
        F.col("model").alias("aircraft_model"),
        F.col("seats").cast("int").alias("aircraft_seats"),
    ).dropDuplicates(["tailnum"])
    destinations = airports.select(
        F.col("faa").alias("dest"), F.col("name").alias("dest_name")
    ).dropDuplicates(["dest"])
    return flights.join(F.broadcast(aircraft), "tailnum", "left").join(
        F.broadcast(destinations), "dest", "left"
    )
