"""`GlueContext`: Spark's session, with Glue's ways of reading and writing around it."""

import logging
import sys
from typing import Any

from pyspark import SparkContext
from pyspark.sql import SparkSession

from awsglue.dynamicframe import DynamicFrame  # type: ignore[import-not-found]
from awsglue.sources import Reader, Writer  # type: ignore[import-not-found]


class GlueContext:
    """Made from a SparkContext or a SparkSession; whatever it has not itself, it has from the
    session.
    """

    def __init__(self, sparkContext: Any = None, **options: Any) -> None:
        if isinstance(sparkContext, SparkSession):
            self.spark_session = sparkContext
        else:
            self.spark_session = SparkSession.builder.getOrCreate()
        self.create_dynamic_frame = Reader(self, wrap=self._wrap)
        self.create_data_frame = Reader(self, wrap=lambda frame, name: frame)
        self.write_dynamic_frame = Writer(self)
        self.write_data_frame = Writer(self)

    @property
    def sparkSession(self) -> SparkSession:
        """The session, by the name that SQLContext has for it."""
        return self.spark_session

    @property
    def sc(self) -> SparkContext:
        """The session's context."""
        return self.spark_session.sparkContext

    def get_logger(self) -> logging.Logger:
        """A logger whose lines stand in the job's error log."""
        logger = logging.getLogger("GlueLogger")
        if not logger.handlers:
            line = logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s")
            handler = logging.StreamHandler(sys.stderr)
            handler.setFormatter(line)
            logger.addHandler(handler)
            logger.setLevel(logging.INFO)
            logger.propagate = False
        return logger

    def create_dynamic_frame_from_catalog(self, database: str, table_name: str, **kw: Any) -> Any:
        """`create_dynamic_frame.from_catalog`."""
        return self.create_dynamic_frame.from_catalog(database, table_name, **kw)

    def create_dynamic_frame_from_options(self, connection_type: str, **kw: Any) -> Any:
        """`create_dynamic_frame.from_options`."""
        return self.create_dynamic_frame.from_options(connection_type, **kw)

    def create_data_frame_from_catalog(self, database: str, table_name: str, **kw: Any) -> Any:
        """`create_data_frame.from_catalog`."""
        return self.create_data_frame.from_catalog(database, table_name, **kw)

    def write_dynamic_frame_from_options(self, frame: Any, connection_type: str, **kw: Any) -> Any:
        """`write_dynamic_frame.from_options`."""
        return self.write_dynamic_frame.from_options(frame, connection_type, **kw)

    def write_dynamic_frame_from_catalog(self, frame: Any, database: str, table_name: str) -> Any:
        """`write_dynamic_frame.from_catalog`."""
        return self.write_dynamic_frame.from_catalog(frame, database, table_name)

    def _wrap(self, frame: Any, name: str) -> DynamicFrame:
        return DynamicFrame(frame, self, name)

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("_") and hasattr(self.spark_session, name):
            return getattr(self.spark_session, name)
        raise NotImplementedError(f"GlueContext.{name} is not emulated")
