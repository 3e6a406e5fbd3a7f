"""Raw events to flights with features: extract, transform, load.

Runs on Glue 6.0 as it is. Its arguments are read with `argparse`, which ignores those of Glue's
own. The whole table is built anew on every run (a late event may change any later row of its key),
and written over the old one: S3 committers that need no rename refuse to overwrite single
partitions.
"""

import argparse
import logging
from dataclasses import dataclass

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from pipeline.contracts import features
from pipeline.contracts.captures import REQUESTS
from pipeline.contracts.stream_features import FLIGHTS_PREFIX
from spark_jobs import additions, flights, raw_events, requests, rolling, streamed, weather

LOG = logging.getLogger("build_flight_features")


@dataclass(frozen=True)
class Sources:
    """What the job reads: whole, unique events and the dimension tables."""

    planned: DataFrame
    departed: DataFrame
    arrived: DataFrame
    weather: DataFrame
    planes: DataFrame
    airports: DataFrame
    streamed: DataFrame | None = None


def extract(spark: SparkSession, raw: str, dimensions: str, settled: str = "") -> Sources:
    """Read the lake; `settled` is the folder of the stream job's features, if they are wanted."""
    added = additions.find(spark, raw)
    found = {
        kind: raw_events.once(raw_events.clean(raw_events.read(spark, raw, kind, fields), kind))
        for kind, fields in added.items()
    }
    tables = {
        name: spark.read.parquet(f"{dimensions.rstrip('/')}/{name}/")
        for name in ("planes", "airports")
    }
    return Sources(**found, **tables, streamed=streamed.read(spark, settled) if settled else None)


def transform(sources: Sources) -> DataFrame:
    """The processed table.

    Each key of the rolling features passes over flights, departures and arrivals: they are kept.
    """
    departed, arrived = sources.departed.persist(), sources.arrived.persist()
    assembled = flights.assemble(sources.planned, departed, arrived).persist()
    entries = rolling.ledger(assembled, departed, arrived)
    described = flights.with_dimensions(assembled, sources.planes, sources.airports)
    rolled = rolling.with_rolling(streamed.without(assembled, sources.streamed), entries)
    complete = described.join(rolled, "flight_id", "left").join(
        weather.with_weather(assembled, sources.weather), "flight_id"
    )
    complete = streamed.put(complete, sources.streamed)
    complete = additions.join(complete, vars(sources))
    declared = [_typed(column) for column in features.COLUMNS]
    names = [*(column.name for column in features.COLUMNS), features.PARTITION]
    added = additions.columns(complete, names)
    return complete.select(*declared, *added, features.PARTITION)


def _typed(column: features.Column) -> Column:
    # Without a zone, so that Redshift's TIMESTAMP takes it as it is; the session's zone is UTC.
    wanted = "timestamp_ntz" if column.type == features.INSTANT else column.type
    return F.col(column.name).cast(wanted)


def load(table: DataFrame, processed: str) -> None:
    """Write one file a month, in the order of departure."""
    (
        table.repartition(features.PARTITION)
        .sortWithinPartitions(features.PARTITION, "scheduled_departure", "flight_id")
        .write.mode("overwrite")
        .partitionBy(features.PARTITION)
        .parquet(processed)
    )


def session() -> SparkSession:
    """A session whose clock is UTC and whose shuffles fit a small cluster."""
    spark: SparkSession = SparkSession.builder.appName("build-flight-features").getOrCreate()
    spark.conf.set("spark.sql.session.timeZone", "UTC")
    spark.conf.set("spark.sql.shuffle.partitions", "8")
    # What producers add is theirs to spell; `additions` brings spellings together.
    spark.conf.set("spark.sql.caseSensitive", "true")
    return spark


def arguments(given: list[str] | None = None) -> argparse.Namespace:
    """The job's own arguments."""
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--lake_bucket", required=True, help="bucket, or a folder's address")
    parser.add_argument("--raw_prefix", default="raw/")
    parser.add_argument("--dimensions_prefix", default="dimensions/")
    parser.add_argument("--processed_prefix", default="processed/flights/")
    parser.add_argument("--requests_prefix", default=REQUESTS)
    parser.add_argument("--features_prefix", default=FLIGHTS_PREFIX, help="empty: all from events")
    return parser.parse_known_args(given)[0]


def main() -> None:
    """Run the job."""
    logging.basicConfig(level=logging.INFO)
    asked = arguments()
    lake = asked.lake_bucket if "://" in asked.lake_bucket else f"s3://{asked.lake_bucket}"
    spark = session()
    settled = f"{lake}/{asked.features_prefix}" if asked.features_prefix else ""
    raw, dimensions = f"{lake}/{asked.raw_prefix}", f"{lake}/{asked.dimensions_prefix}"
    sources = extract(spark, raw, dimensions, settled)
    processed = f"{lake}/{asked.processed_prefix}"
    load(transform(sources), processed)
    requests.write(spark, processed, f"{lake}/{asked.requests_prefix}")
    LOG.info("wrote %s", processed)


if __name__ == "__main__":
    main()
