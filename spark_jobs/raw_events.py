"""Raw events as frames: their schemas, what is dropped as unreadable, and each event once.

The lake is written at least once and in any order, so a frame of events is a set: of lines with the
same `event_id` the one with the latest `event_time` (then the greatest content) stands, whatever
the order of the files.
"""

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import (
    DataType,
    DateType,
    DoubleType,
    IntegerType,
    StringType,
    StructField,
    StructType,
    TimestampType,
)

from pipeline.contracts import events, fields
from spark_jobs import additions

NOTHING = StructType([])

TYPES: dict[fields.Kind, DataType] = {
    fields.TEXT: StringType(),
    fields.WHOLE: IntegerType(),
    fields.NUMBER: DoubleType(),
    fields.INSTANT: TimestampType(),
    fields.DATE: DateType(),
}


def schema(event_type: str) -> StructType:
    """The columns of one type of event, as the contract declares them."""
    fields = (*events.ENVELOPE, *events.PAYLOAD[event_type])
    return StructType([StructField(field.name, TYPES[field.kind]) for field in fields])


def read(
    spark: SparkSession, folder: str, event_type: str, added: StructType = NOTHING
) -> DataFrame:
    """The lines of one type of event; a line that is not such an event has nulls."""
    path = f"{folder.rstrip('/')}/type={event_type}/"
    columns = schema(event_type)
    both = StructType([*columns.fields, *added.fields])
    lines = spark.read.schema(both).option("mode", "PERMISSIVE").json(path)
    return lines.select(*columns.fieldNames(), *additions.kept_apart(added))


def clean(lines: DataFrame, event_type: str) -> DataFrame:
    """Only whole events: a null where the contract allows none makes a line unreadable.

    The ingest function has already refused such events, so this guards against a line that was cut
    or written by hand, not against bad producers.
    """
    fields = (*events.ENVELOPE, *events.PAYLOAD[event_type])
    return lines.dropna(subset=[field.name for field in fields if not field.nullable])


def once(lines: DataFrame) -> DataFrame:
    """Each event once, the same one for any order of the lines."""
    rest = [name for name in lines.columns if name not in {"event_id", "event_time"}]
    newest = F.max(F.struct("event_time", *rest)).alias("newest")
    return lines.groupBy("event_id").agg(newest).select("event_id", "newest.*")
