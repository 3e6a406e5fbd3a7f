"""Fields that newer producers add: from the raw events to the processed table, whatever they are
called, without a word in the contract.

A frame of events keeps them in one struct, `ADDED`, so that no name of theirs meets one of ours. At
the end each becomes a column behind those of the contract, under its own name; where that is taken,
by the contract or by an event that is told earlier, its event's type goes before it. Spellings that
differ in case only are one column, as they are to the catalog. Objects and lists are JSON text.
"""

from collections.abc import Iterator, Mapping, Sequence

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import (
    BooleanType,
    DataType,
    DoubleType,
    LongType,
    StringType,
    StructField,
    StructType,
)

from pipeline.contracts import events

ADDED = "added"
FLIGHT_EVENTS = (events.PLANNED, events.DEPARTED, events.ARRIVED)

_AS_THEY_ARE = (BooleanType(), DoubleType(), LongType())


def find(spark: SparkSession, folder: str) -> dict[str, StructType]:
    """The added fields of each type of event, with their types, from all lines below `folder`.

    Names are looked for in every line, since an addition may be in one of a million; types are only
    inferred where there is one.
    """
    lines = spark.read.text(folder)
    keys = lines.select("type", F.explode(F.json_object_keys("value")).alias("name")).distinct()
    names: dict[str, set[str]] = {kind: set() for kind in events.EVENT_TYPES}
    for row in keys.collect():
        if row.type in names and row.name not in events.DECLARED[row.type]:
            names[row.type].add(row.name)
    root = folder.rstrip("/")
    return {
        kind: _typed(spark, f"{root}/type={kind}/", found) if found else StructType([])
        for kind, found in names.items()
    }


def _typed(spark: SparkSession, path: str, names: set[str]) -> StructType:
    inferred = spark.read.json(path).schema
    kept = [field for field in inferred.fields if field.name in names]
    return StructType([StructField(field.name, _type(field.dataType)) for field in kept])


def _type(inferred: DataType) -> DataType:
    """JSON read as a string is its text, also an object's."""
    return inferred if inferred in _AS_THEY_ARE else StringType()


def quoted(name: str) -> str:
    """A name as a path that Spark does not take apart."""
    return f"`{name.replace('`', '``')}`"


def kept_apart(fields: StructType) -> list[Column]:
    """The struct of the fields; none where nothing is added."""
    columns = [F.col(quoted(name)) for name in fields.names]
    return [F.struct(*columns).alias(ADDED)] if columns else []


def join(table: DataFrame, sources: Mapping[str, DataFrame]) -> DataFrame:
    """`table`, whose rows are flights and the weather at their time, with the struct of each of
    their events that has additions.
    """
    table = table.withColumnRenamed(ADDED, _struct(events.WEATHER))
    for kind in FLIGHT_EVENTS:
        if ADDED in sources[kind].columns:
            of_kind = sources[kind].select("flight_id", F.col(ADDED).alias(_struct(kind)))
            table = table.join(of_kind, "flight_id", "left")
    return table


def columns(table: DataFrame, taken: Sequence[str]) -> Iterator[Column]:
    """A column for each addition."""
    names = {name.lower() for name in taken}
    for kind in events.EVENT_TYPES:
        if _struct(kind) not in table.columns:
            continue
        fields: dict[str, list[str]] = {}
        for name in sorted(table.schema[_struct(kind)].dataType.names):
            fields.setdefault(name.lower(), []).append(name)
        for spellings in fields.values():
            public = spellings[0]
            while public.lower() in names:
                public = f"{kind}_{public}"
            names.add(public.lower())
            values = [F.col(_struct(kind)).getField(name) for name in spellings]
            yield F.coalesce(*values).alias(public)


def _struct(kind: str) -> str:
    return f"{kind}_{ADDED}"
