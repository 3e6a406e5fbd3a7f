"""The job whose classes are kept: it reads, joins, counts and writes as jobs do, and asks an S3
that is not there.

Run by path in the runtime, as any script.
"""

import tempfile
from contextlib import suppress
from pathlib import Path

from py4j.protocol import Py4JJavaError  # type: ignore[import-untyped]
from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as f


def features(rows: DataFrame) -> DataFrame:
    """A window, an aggregate joined back, a few functions."""
    recent = Window.partitionBy("key").orderBy("at").rowsBetween(-3, -1)
    totals = rows.groupBy("key").agg(f.count("*").alias("rows"), f.avg("value").alias("mean"))
    return (
        rows.withColumn("at", f.to_timestamp("at"))
        .withColumn("load", f.sum("value").over(recent))
        .withColumn("hour", f.hour("at"))
        .withColumn("month", f.date_format("at", "yyyy-MM"))
        .dropDuplicates(["key", "at"])
        .join(f.broadcast(totals), "key", "left")
        .fillna(0, ["load"])
    )


def main() -> None:
    """Write JSON, read it with and without a schema, write Parquet and CSV in partitions, read them
    back.
    """
    spark = SparkSession.builder.config(
        "spark.sql.sources.partitionOverwriteMode", "dynamic"
    ).getOrCreate()
    folder = Path(tempfile.mkdtemp())
    rows = spark.range(2000).selectExpr(
        "id % 7 key", "cast(id as double) value", "cast(timestamp_seconds(id * 3600) as string) at"
    )
    rows.write.json(f"{folder}/raw")
    result = features(
        spark.read.schema(spark.read.json(f"{folder}/raw").schema).json(f"{folder}/raw")
    )
    result.write.partitionBy("month").mode("overwrite").parquet(f"{folder}/parquet")
    result.write.csv(f"{folder}/csv", header=True)
    spark.read.csv(f"{folder}/csv", header=True, inferSchema=True).count()
    spark.read.parquet(f"{folder}/parquet").filter("key > 2").orderBy("at").toPandas()
    for read in (spark.read.json, spark.read.parquet):
        with suppress(Py4JJavaError):
            read("s3://bucket/key")
    spark.stop()


main()
