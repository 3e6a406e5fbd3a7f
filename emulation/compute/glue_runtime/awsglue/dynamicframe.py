"""`DynamicFrame`: here a Spark frame with Glue's names around it. There are no choice types: Spark
has one type a column.
"""

from collections.abc import Callable, Sequence
from typing import Any

from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as f

TYPES = {"long": "bigint", "short": "smallint", "byte": "tinyint"}


class DynamicFrame:
    """A frame as Glue's scripts hold it."""

    def __init__(self, frame: DataFrame, glue_ctx: Any, name: str = "") -> None:
        self._frame = frame
        self.glue_ctx = glue_ctx
        self.name = name

    @classmethod
    def fromDF(cls, dataframe: DataFrame, glue_ctx: Any, name: str = "") -> "DynamicFrame":
        """Glue's frame of Spark's."""
        return cls(dataframe, glue_ctx, name)

    def toDF(self, options: Any = None) -> DataFrame:
        """Spark's frame."""
        return self._frame

    def count(self) -> int:
        """How many rows."""
        return self._frame.count()

    def schema(self) -> Any:
        """The columns and their types."""
        return self._frame.schema

    def printSchema(self) -> None:
        """Print the columns and their types."""
        self._frame.printSchema()

    def show(self, num_rows: int = 20) -> None:
        """Print rows as JSON, one a line."""
        for row in self._frame.limit(num_rows).toJSON().collect():
            print(row)  # noqa: T201 - this is what it is for

    def filter(self, f: Callable[[Row], bool], **options: Any) -> "DynamicFrame":
        """The rows that a function likes."""
        rows = self._frame.rdd.filter(f)
        return self._with(self._frame.sparkSession.createDataFrame(rows, self._frame.schema))

    def select_fields(self, paths: Sequence[str], **options: Any) -> "DynamicFrame":
        """Some columns."""
        return self._with(self._frame.select(*paths))

    def drop_fields(self, paths: Sequence[str], **options: Any) -> "DynamicFrame":
        """All columns but some."""
        return self._with(self._frame.drop(*paths))

    def rename_field(self, oldName: str, newName: str, **options: Any) -> "DynamicFrame":
        """The same with another name for a column."""
        return self._with(self._frame.withColumnRenamed(oldName, newName))

    def apply_mapping(
        self, mappings: Sequence[tuple[str, str, str, str]], **options: Any
    ) -> "DynamicFrame":
        """Columns by (source, source type, target, target type)."""
        columns = [
            f.col(source).cast(TYPES.get(kind, kind)).alias(target)
            for source, _, target, kind in mappings
        ]
        return self._with(self._frame.select(*columns))

    def repartition(self, num_partitions: int, **options: Any) -> "DynamicFrame":
        """The same rows in so many pieces."""
        return self._with(self._frame.repartition(num_partitions))

    def coalesce(
        self, num_partitions: int, shuffle: bool = False, **options: Any
    ) -> "DynamicFrame":
        """The same rows in fewer pieces."""
        return self._with(self._frame.coalesce(num_partitions))

    def _with(self, frame: DataFrame) -> "DynamicFrame":
        return DynamicFrame(frame, self.glue_ctx, self.name)

    def __getattr__(self, name: str) -> Any:
        raise NotImplementedError(f"DynamicFrame.{name} is not emulated")
