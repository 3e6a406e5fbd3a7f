"""What an endpoint may be asked, as JSON lines, because whoever asks it reads no Parquet: identity,
score time and features of the flights whose score time the stream has reached. No outcome.

The newest departure or arrival tells how far the stream is: what is planned for later has features
that the hours before it will still change. Older months were asked for long ago.
"""

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from pipeline.contracts import features
from pipeline.contracts.captures import IDENTITY

INSTANTS = "yyyy-MM-dd'T'HH:mm:ss'Z'"
DAYS = 62
"""A flight can be asked for at least so long after its score time: whole months are kept, so that
a month's object changes only with its flights.
"""


def told() -> list[Column]:
    """The columns of a request, with instants as text."""
    return [
        F.date_format(name, INSTANTS).alias(name)
        if name.endswith(("_time", "_departure"))
        else F.col(name)
        for name in (*IDENTITY, *features.FEATURE_NAMES)
    ]


def of(table: DataFrame) -> DataFrame:
    """The requests of a processed table; what is unknown is null."""
    newest = table.select(
        F.greatest(F.max("departed_at"), F.max("arrived_at")).alias("reached"),
    )
    oldest = F.date_format(F.col("reached") - F.expr(f"INTERVAL {DAYS} DAYS"), "yyyy-MM")
    due = table.crossJoin(F.broadcast(newest)).where("score_time <= reached")
    return due.where(F.col(features.PARTITION) >= oldest).select(*told(), features.PARTITION)


def write(spark: SparkSession, processed: str, requests: str) -> None:
    """Write one object a month in the order of the score time, of the table that lies there. The
    same flights make the same object.
    """
    (
        of(spark.read.parquet(processed))
        .repartition(features.PARTITION)
        .sortWithinPartitions(features.PARTITION, "score_time", "flight_id")
        .write.mode("overwrite")
        .partitionBy(features.PARTITION)
        .json(requests, compression="gzip")
    )
