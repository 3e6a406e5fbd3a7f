"""Spark's format `kinesis`: the columns, the reader that Spark asks on the driver, and the tasks.

    spark.dataSource.register(KinesisDataSource)
    spark.readStream.format("kinesis").option("streamName", "flights-events").load()

Options: `streamName` or `streamARN`, `region`, `endpointUrl`, `startingPosition` (`LATEST`,
`TRIM_HORIZON`, `AT_TIMESTAMP` with `startingTimestamp`), `maxRecordsPerShard` of a batch.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]
from pyspark.sql.datasource import DataSource, DataSourceStreamReader, InputPartition

from spark_jobs.kinesis.cursor import Cursor, Record
from spark_jobs.kinesis.offsets import SHARD_END, Offset, Range, ranges
from spark_jobs.kinesis.planning import Planner
from spark_jobs.kinesis.settings import LATEST, MOST_RECORDS, KinesisSettings, settings

SCHEMA = (
    "data binary, partitionKey string, sequenceNumber string, "
    "approximateArrivalTimestamp timestamp, shardId string, streamName string"
)
COLUMNS = pa.schema(
    [
        ("data", pa.binary()),
        ("partitionKey", pa.string()),
        ("sequenceNumber", pa.string()),
        ("approximateArrivalTimestamp", pa.timestamp("us", tz="UTC")),
        ("shardId", pa.string()),
        ("streamName", pa.string()),
    ]
)

PAUSE_SECONDS = 0.5
"""Between two looks at the stream: all readers of a shard together have five requests a second."""


class RecordsLostError(Exception):
    """Records that a batch was planned with are not in the stream any more."""


class KinesisDataSource(DataSource):  # type: ignore[misc]
    """The format."""

    @classmethod
    def name(cls) -> str:
        """What `format` takes."""
        return "kinesis"

    def schema(self) -> str:
        """A record of the stream."""
        return SCHEMA

    def streamReader(self, schema: Any) -> "KinesisReader":
        """The reader of a query."""
        return KinesisReader(settings(self.options))


@dataclass
class ShardRange(InputPartition):  # type: ignore[misc]
    """A task: records of one shard, and the records themselves where they are read already, packed
    (Spark sends tasks one by one).
    """

    range: Range
    start: str
    packed: bytes = b""


class KinesisReader(DataSourceStreamReader):  # type: ignore[misc]
    """Asked by Spark in one process for the life of a query; `read` alone runs in tasks."""

    def __init__(self, chosen: KinesisSettings) -> None:
        self._settings = chosen
        self._planned: dict[Range, list[Record]] = {}
        self._initial: Offset | None = None
        self._done: Offset | None = None
        self._planner: Planner | None = None
        self._asked_at = -PAUSE_SECONDS

    def __getstate__(self) -> dict[str, Any]:
        # It is sent to tasks, which need no more than this.
        return {"_settings": self._settings}

    def initialOffset(self) -> dict[str, Any]:
        """Before the first record of a new query."""
        if self._initial is None:
            start = self._settings.start
            moment = f"{time.time():.3f}" if start == LATEST else start
            self._initial = self._planning().begin(moment)
        return self._initial.to_json()

    def latestOffset(self) -> dict[str, Any]:
        """The end of the next batch. Spark asks again and again, and runs a batch when it moved."""
        if self._done is None:
            self._done = Offset.from_json(self.initialOffset())
        self._wait()
        plan = self._planning().next(self._done)
        self._planned |= {found: records for found, records in plan.records.items() if records}
        self._done = plan.end
        return plan.end.to_json()

    def partitions(self, start: dict[str, Any], end: dict[str, Any]) -> list[ShardRange]:
        """A task for each shard. After a restart Spark asks for what it knows last, with both
        offsets the same where that is done: so it is told from where to go on.
        """
        until = Offset.from_json(end)
        if self._done is None:
            self._done = until
        found = ranges(Offset.from_json(start), until)
        return [ShardRange(part, until.start, self._packed(part)) for part in found]

    def _packed(self, part: Range) -> bytes:
        """What was read of a range already; nothing after a restart."""
        records = self._planned.pop(part, None)
        if records is None:
            return b""
        return pack(_table(records, part.shard_id, self._settings.stream_name))

    def read(self, partition: ShardRange) -> Iterator[pa.RecordBatch]:
        """The records of a task."""
        if partition.packed:
            yield from pa.ipc.open_stream(partition.packed)
            return
        chosen, found = self._settings, partition.range
        cursor = Cursor(chosen.client(), chosen.named, found.shard_id, found.after, partition.start)
        for records in again(cursor, found.until):
            yield _table(records, found.shard_id, chosen.stream_name)

    def stop(self) -> None:
        """The query has ended."""
        if self._planner is not None:
            self._planner.stop()

    def _wait(self) -> None:
        """Spark asks a hundred times a second when there is nothing new."""
        time.sleep(max(0.0, self._asked_at + PAUSE_SECONDS - time.monotonic()))
        self._asked_at = time.monotonic()

    def _planning(self) -> Planner:
        if self._planner is None:
            client, named = self._settings.client(), self._settings.named

            def shards() -> list[dict[str, Any]]:
                return list_shards(client, named)

            def cursor(shard_id: str, position: str, start: str) -> Cursor:
                return Cursor(client, named, shard_id, position, start)

            self._planner = Planner(shards, cursor, self._settings.records_per_shard)
        return self._planner


def pack(records: pa.RecordBatch) -> bytes:
    """Records as bytes; events are text, and a sixth of it then."""
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    with pa.ipc.new_stream(sink, COLUMNS, options=options) as stream:
        stream.write_batch(records)
    packed: bytes = sink.getvalue().to_pybytes()
    return packed


def list_shards(client: Any, named: dict[str, str]) -> list[dict[str, Any]]:
    """Every shard, open or closed, that has records."""
    pages = client.get_paginator("list_shards").paginate(**named)
    return [shard for page in pages for shard in page["Shards"]]


def again(cursor: Cursor, until: str) -> Iterator[list[Record]]:
    """The records up to a sequence number, or to the shard's end.

    Raises:
        RecordsLostError: there is no such record: its retention is over.
    """
    while True:
        answer = cursor.read(MOST_RECORDS)
        numbers = [record["SequenceNumber"] for record in answer.records]
        if until in numbers:
            yield answer.records[: numbers.index(until) + 1]
            return
        if until != SHARD_END and (answer.ended or answer.at_tip or _beyond(numbers, until)):
            raise RecordsLostError(
                f"{cursor.shard_id} holds no record {until} any more: a batch that was begun "
                "cannot be run again as it was. Start with a new checkpoint to go on without it."
            )
        if answer.records:
            yield answer.records
        if answer.ended:
            return


def _beyond(numbers: list[str], until: str) -> bool:
    return bool(numbers) and int(numbers[-1]) > int(until)


def _table(records: list[Record], shard_id: str, stream: str) -> pa.RecordBatch:
    columns = [
        [record["Data"] for record in records],
        [record["PartitionKey"] for record in records],
        [record["SequenceNumber"] for record in records],
        [record["ApproximateArrivalTimestamp"] for record in records],
        [shard_id] * len(records),
        [stream] * len(records),
    ]
    arrays = [pa.array(values, field.type) for values, field in zip(columns, COLUMNS, strict=True)]
    return pa.record_batch(arrays, schema=COLUMNS)
