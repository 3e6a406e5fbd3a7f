"""Records of the stream to events, in the JVM: one frame for all types of event.

The ingest function sets aside what breaks the contract, reason by reason; here the same events are
only left out, or stream and lake would not hold the same. Fields that newer producers add are not
looked at: no feature reads them.
"""

from functools import reduce
from operator import and_, or_

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import StructField, StructType

from pipeline.contracts import events, fields
from spark_jobs.raw_events import TYPES

TOLD_AT = "told_at"
READING = {
    "timestampFormat": "yyyy-MM-dd'T'HH:mm:ss'Z'",
    "dateFormat": "yyyy-MM-dd",
    "allowNonNumericNumbers": "false",
}


def all_fields() -> dict[str, fields.Field]:
    """Every declared field."""
    payloads = (field for kind in events.EVENT_TYPES for field in events.PAYLOAD[kind])
    return {field.name: field for field in (*events.ENVELOPE, *payloads)}


def schema() -> StructType:
    """The columns of an event of any type."""
    declared = all_fields().items()
    return StructType([StructField(name, TYPES[field.kind]) for name, field in declared])


def parsed(records: DataFrame) -> DataFrame:
    """The valid events of a stream's records; instants are whole seconds since 1970, days are text.
    `told_at` is when Kinesis took the record.
    """
    small = records.where(F.length("data") <= events.MAX_EVENT_BYTES)
    # `decode` would end the job at a record that is no text.
    text = small.select(
        F.col("data").cast("string").alias("text"),
        F.unix_timestamp("approximateArrivalTimestamp").alias(TOLD_AT),
    ).where(F.is_valid_utf8("text"))
    event = F.from_json("text", schema(), READING).alias("event")
    read = text.select(TOLD_AT, event).select(TOLD_AT, "event.*")
    told = [_plain(field).alias(name) for name, field in all_fields().items()]
    return read.where(_valid()).select(*told, TOLD_AT)


def _plain(field: fields.Field) -> Column:
    if field.kind is fields.INSTANT:
        return F.unix_timestamp(field.name)
    return F.col(field.name).cast("string") if field.kind is fields.DATE else F.col(field.name)


def _valid() -> Column:
    known = F.col("schema_version") == events.SCHEMA_VERSION
    of_a_kind = reduce(or_, [_of_kind(kind) for kind in events.EVENT_TYPES])
    return F.coalesce(known & of_a_kind, F.lit(False))


def _of_kind(kind: str) -> Column:
    """All of its fields, none of another's, and the name that they make."""
    declared = (*events.ENVELOPE, *events.PAYLOAD[kind])
    there = [_holds(field) for field in declared if not field.nullable]
    foreign = [F.col(name).isNull() for name in all_fields() if name not in events.DECLARED[kind]]
    named = F.col("event_id") == F.concat(_subject(kind), F.lit(f"#{kind}"))
    return reduce(and_, (F.col("event_type") == kind, named, *there, *foreign))


def _holds(field: fields.Field) -> Column:
    column = F.col(field.name)
    return (F.length(column) > 0) if field.kind is fields.TEXT else column.isNotNull()


def _subject(kind: str) -> Column:
    """What `events.flight_id` and `events.weather_id` make."""
    if kind == events.WEATHER:
        observed = F.date_format("observed_at", "yyyy-MM-dd'T'HH:mm:ss'Z'")
        return F.concat_ws("/", observed, "origin")
    day = F.date_format("flight_date", "yyyy-MM-dd")
    return F.concat_ws("/", day, "carrier", "flight", "origin")
