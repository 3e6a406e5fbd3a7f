"""Where frames come from and go to: S3 by address, and tables of the Data Catalog."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import reduce
from typing import Any

import boto3  # noqa: TID251 - runs inside a job, as its script does
from pyspark.sql import DataFrame, DataFrameReader
from pyspark.sql import functions as f

from awsglue.dynamicframe import DynamicFrame  # type: ignore[import-not-found]

FORMATS = {
    "json": "json",
    "csv": "csv",
    "parquet": "parquet",
    "glueparquet": "parquet",
    "orc": "orc",
}
CSV_OPTIONS = {
    "withHeader": "header",
    "separator": "sep",
    "quoteChar": "quote",
    "escaper": "escape",
}
INFERENCE = "spark.sql.sources.partitionColumnTypeInference.enabled"


def spark_options(name: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Glue's options of a format in Spark's words."""
    if name != "csv":
        return dict(options)
    return {CSV_OPTIONS.get(option, option): value for option, value in options.items()}


def format_of(name: str | None) -> str:
    """Spark's word for a format."""
    if name not in FORMATS:
        raise NotImplementedError(f"The format {name} is not emulated")
    return FORMATS[name]


def refuse_connection(connection_type: str) -> None:
    """S3 is what there is."""
    if connection_type not in {"s3", "file"}:
        raise NotImplementedError(f"The connection type {connection_type} is not emulated")


class Catalog:
    """One table of the Data Catalog, asked of the service itself."""

    def __init__(self, database: str, table_name: str) -> None:
        self._names = {"DatabaseName": database, "TableName": table_name}
        self._glue = boto3.client("glue")
        self.table = self._glue.get_table(DatabaseName=database, Name=table_name)["Table"]

    @property
    def location(self) -> str:
        """Where the table's data are."""
        return str(self.table["StorageDescriptor"]["Location"])

    @property
    def keys(self) -> list[str]:
        """The names of the partition keys."""
        return [key["Name"] for key in self.table.get("PartitionKeys", [])]

    @property
    def format(self) -> str:
        """Spark's word for the table's format."""
        return format_of(self.table.get("Parameters", {}).get("classification"))

    def options(self) -> dict[str, Any]:
        """How a table of text is written."""
        parameters = self.table.get("Parameters", {})
        if self.format != "csv":
            return {}
        header = parameters.get("skip.header.line.count", "0") != "0"
        return {"sep": parameters.get("delimiter", ","), "header": header}

    def partitions(self) -> Iterator[tuple[dict[str, str], str]]:
        """Each partition's values by key, and where it is."""
        pages = self._glue.get_paginator("get_partitions").paginate(**self._names)
        for page in pages:
            for partition in page["Partitions"]:
                values = dict(zip(self.keys, partition["Values"], strict=True))
                yield values, partition["StorageDescriptor"]["Location"]


class Reader:
    """`create_dynamic_frame` and `create_data_frame`."""

    def __init__(self, context: Any, wrap: Callable[[DataFrame, str], Any]) -> None:
        self._spark = context.spark_session
        self._wrap = wrap

    def from_catalog(
        self, database: str, table_name: str, push_down_predicate: str = "", **options: Any
    ) -> Any:
        """A table's data; of a table with partitions, those that the catalog knows."""
        catalog = Catalog(database, table_name)
        frame = self._partitioned(catalog) if catalog.keys else self._plain(catalog)
        if push_down_predicate:
            frame = frame.where(push_down_predicate)
        return self._wrap(frame, table_name)

    def from_options(
        self,
        connection_type: str,
        connection_options: Mapping[str, Any] | None = None,
        format: str | None = None,
        format_options: Mapping[str, Any] | None = None,
        transformation_ctx: str = "",
        **options: Any,
    ) -> Any:
        """The data below addresses in S3."""
        refuse_connection(connection_type)
        given = connection_options or {}
        reader = self._spark.read.format(format_of(format))
        reader = reader.options(**spark_options(str(format), format_options or {}))
        if given.get("recurse"):
            reader = reader.option("recursiveFileLookup", "true")
        return self._wrap(reader.load(paths_of(given)), transformation_ctx)

    def _reader(self, catalog: Catalog) -> DataFrameReader:
        return self._spark.read.format(catalog.format).options(**catalog.options())

    def _plain(self, catalog: Catalog) -> DataFrame:
        return self._reader(catalog).load(catalog.location)

    def _partitioned(self, catalog: Catalog) -> DataFrame:
        """Each partition read where it is, its keys added as text, as the catalog has them."""
        frames = [
            self._reader(catalog)
            .load(location)
            .withColumns({key: f.lit(value) for key, value in values.items()})
            for values, location in catalog.partitions()
        ]
        if not frames:
            return self._spark.createDataFrame([], schema_of(catalog.table))
        return reduce(lambda one, other: one.unionByName(other, allowMissingColumns=True), frames)


class Writer:
    """`write_dynamic_frame` and `write_data_frame`."""

    def __init__(self, context: Any) -> None:
        self._spark = context.spark_session

    def from_options(
        self,
        frame: Any,
        connection_type: str,
        connection_options: Mapping[str, Any] | None = None,
        format: str | None = None,
        format_options: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> Any:
        """Add the frame's rows below an address in S3, as Glue does: what is there stays."""
        refuse_connection(connection_type)
        given = connection_options or {}
        writer = data_frame(frame).write.format(format_of(format)).mode("append")
        writer = writer.options(**spark_options(str(format), format_options or {}))
        if keys := given.get("partitionKeys"):
            writer = writer.partitionBy(*keys)
        writer.save(str(given["path"]))
        return frame

    def from_catalog(self, frame: Any, database: str, table_name: str, **options: Any) -> Any:
        """Add the frame's rows to a table's data; new partitions wait for a crawler, as on AWS."""
        catalog = Catalog(database, table_name)
        writer = data_frame(frame).write.format(catalog.format).mode("append")
        writer = writer.options(**catalog.options())
        if catalog.keys:
            writer = writer.partitionBy(*catalog.keys)
        writer.save(catalog.location)
        return frame


def data_frame(frame: Any) -> DataFrame:
    """Spark's frame of either kind of frame."""
    return frame.toDF() if isinstance(frame, DynamicFrame) else frame


def paths_of(options: Mapping[str, Any]) -> list[str]:
    """The addresses to read."""
    paths = options.get("paths") or [options["path"]]
    return [paths] if isinstance(paths, str) else list(paths)


def schema_of(table: Mapping[str, Any]) -> str:
    """A table's columns as Spark writes a schema."""
    columns: Sequence[Mapping[str, str]] = [
        *table["StorageDescriptor"].get("Columns", []),
        *table.get("PartitionKeys", []),
    ]
    return ", ".join(f"`{column['Name']}` {column['Type']}" for column in columns)
