"""Events of the stream to the features of flights, as they happen: a Structured Streaming query.

Runs on EMR Serverless as it is, with boto3, pandas and pyarrow in its Python. Each batch is a range
of sequence numbers that Spark has written down before it runs, so whatever ends the job - a kill, a
lost instance - the next start runs the same batch again, and it writes the same again. A second job
on the same checkpoint must not run beside it.
"""

import argparse
import logging

from pyspark import cloudpickle
from pyspark.sql import SparkSession
from pyspark.sql.streaming import StreamingQuery

from pipeline.contracts.stream_features import CHECKPOINT_PREFIX
from spark_jobs import kinesis
from spark_jobs.kinesis.settings import TRIM_HORIZON
from spark_jobs.kinesis.source import KinesisDataSource
from spark_jobs.live.batches import Batches
from spark_jobs.live.files import Files
from spark_jobs.live.memory import Memory
from spark_jobs.live.store import FeatureStore

LOG = logging.getLogger("stream_features")
DAY_SECONDS = 86_400


def session() -> SparkSession:
    """A session whose clock is UTC and whose shuffles are as many as its cores."""
    spark: SparkSession = SparkSession.builder.appName("stream-features").getOrCreate()
    spark.conf.set("spark.sql.session.timeZone", "UTC")
    spark.conf.set("spark.sql.shuffle.partitions", str(spark.sparkContext.defaultParallelism))
    return spark


def start(spark: SparkSession, asked: argparse.Namespace) -> StreamingQuery:
    """Start the query."""
    lake = asked.lake_bucket if "://" in asked.lake_bucket else f"s3://{asked.lake_bucket}"
    checkpoint = asked.checkpoint or f"{lake}/{CHECKPOINT_PREFIX}"
    files = Files(spark)
    memory, store = Memory(files, checkpoint), FeatureStore(files, lake)
    batches = Batches(
        *(memory, store),
        delay=int(asked.late_minutes * 60),
        history=asked.history_days * DAY_SECONDS,
    )
    # Spark plans batches in a process that knows nothing of `--py-files`.
    cloudpickle.register_pickle_by_value(kinesis)
    spark.dataSource.register(KinesisDataSource)
    records = (
        spark.readStream.format(KinesisDataSource.name())
        .option("streamName", asked.stream)
        .option("startingPosition", asked.starting_position)
        .option("maxRecordsPerShard", str(asked.records_per_shard))
        .load()
    )
    return (
        records.writeStream.queryName("stream-features")
        .option("checkpointLocation", checkpoint)
        .trigger(processingTime=f"{asked.trigger_seconds} seconds")
        .foreachBatch(batches.process)
        .start()
    )


def arguments(given: list[str] | None = None) -> argparse.Namespace:
    """The job's arguments."""
    parser = argparse.ArgumentParser(allow_abbrev=False)
    add = parser.add_argument
    add("--stream", required=True, help="name or ARN of the stream of events")
    add("--lake_bucket", required=True, help="bucket, or a folder's address")
    add("--checkpoint", default="", help="address; below the lake if it is not given")
    add("--starting_position", default=TRIM_HORIZON)
    add("--late_minutes", type=float, default=15, help="in event time: how late an event may come")
    add("--history_days", type=int, default=0, help="read before lines begin, by a new checkpoint")
    add("--trigger_seconds", type=int, default=10, help="a batch begins no sooner after another")
    add("--records_per_shard", type=int, default=10_000, help="of a batch, at most")
    add("--until_idle", action="store_true", help="end when every record of now is read")
    return parser.parse_known_args(given)[0]


def has_begun(query: StreamingQuery) -> bool:
    """Wait for the end of a first trigger, with records or without; False when the query ended."""
    while query.lastProgress is None:
        if query.awaitTermination(1):
            return False
    return True


def main() -> None:
    """Run until the query is stopped, or fails."""
    logging.basicConfig(level=logging.INFO)
    # One warning for each call that finds nothing to release would be the log.
    logging.getLogger("py4j").setLevel(logging.WARNING)
    asked = arguments()
    query = start(session(), asked)
    if asked.until_idle:
        query.processAllAvailable()
        query.stop()
    if has_begun(query):
        LOG.info("%s is being read", asked.stream)
    query.awaitTermination()


if __name__ == "__main__":
    main()
