"""The features that the stream job has settled, for the processed table: training reads of a flight
what serving has read. Flights without a line - told before the stream job was there, planned too
late, not settled yet - have the same features from the lake.
"""

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from pipeline.contracts import features
from pipeline.contracts.stream_features import STREAMED
from spark_jobs.live.files import Files

LINE = "line"


def read(spark: SparkSession, folder: str) -> DataFrame | None:
    """The lines of all days: `flight_id`, and the features in one struct; None where there are
    none at all. They are read once, here: the stream job writes on meanwhile, and who has a line
    must be one answer.
    """
    if not Files(spark).exists(folder):
        return None
    types = {column.name: column.type for column in features.FEATURES}
    named = [f"{name} {types[name]}" for name in STREAMED]
    schema = StructType.fromDDL(", ".join(["flight_id string", *named]))
    lines = spark.read.schema(schema).json(folder)
    return lines.select("flight_id", F.struct(*STREAMED).alias(LINE)).localCheckpoint()


def without(flights: DataFrame, streamed: DataFrame | None) -> DataFrame:
    """The flights that have no line."""
    if streamed is None:
        return flights
    return flights.join(streamed.select("flight_id"), "flight_id", "left_anti")


def put(table: DataFrame, streamed: DataFrame | None) -> DataFrame:
    """The table with what the lines say in the place of what the lake says."""
    if streamed is None:
        return table
    there = F.col(LINE).isNotNull()
    said = {
        name: F.when(there, F.col(f"{LINE}.{name}")).otherwise(F.col(name)) for name in STREAMED
    }
    return table.join(streamed, "flight_id", "left").withColumns(said).drop(LINE)
