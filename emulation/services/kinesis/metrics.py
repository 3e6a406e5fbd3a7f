"""The metrics AWS/Kinesis of a stream: a few values a request, however many records it has.

Bytes are data and partition keys, as AWS's limits count them. A read that finds nothing leaves no
trace: consumers poll, and an idle stream costs nothing.
"""

from collections.abc import Sequence

from emulation.compute.streams.feeds import News
from emulation.compute.streams.records import Record
from emulation.compute.streams.stream import Batch, Entry, Stored, Stream
from emulation.services.metrics import METER, Metric, Source

INCOMING_RECORDS = Metric("IncomingRecords", "Count")
INCOMING_BYTES = Metric("IncomingBytes", "Bytes")
PUT_RECORD = Metric("PutRecord.Success", "Count")
PUT_RECORDS = Metric("PutRecords.Success", "Count")
ITERATOR_AGE = Metric("GetRecords.IteratorAgeMilliseconds", "Milliseconds")
EVENT_BYTES = Metric("SubscribeToShardEvent.Bytes", "Bytes")
EVENT_RECORDS = Metric("SubscribeToShardEvent.Records", "Count")
EVENT_BEHIND = Metric("SubscribeToShardEvent.MillisBehindLatest", "Milliseconds")
EVENT_SUCCESS = Metric("SubscribeToShardEvent.Success", "Count")


def size(entries: Sequence[Entry]) -> int:
    """What records weigh."""
    return sum(len(entry.data) + len(entry.partition_key) for entry in entries)


def count_put(
    stream: Stream, operation: Metric, places: Sequence[Stored | None], size: int
) -> None:
    """One PutRecord or PutRecords; it is a success when one record at least is stored. Of a
    request that is stored in part, each record counts for the same part of its size.
    """
    records = len(places) - places.count(None)
    values: dict[Metric, float] = {operation: records > 0}
    if records:
        values |= {
            INCOMING_RECORDS: records,
            INCOMING_BYTES: round(size * records / len(places)),
        }
    METER.count(source(stream), values)


def count_read(stream: Stream, batch: Batch) -> None:
    """One GetRecords."""
    if batch.records:
        METER.count(source(stream), {ITERATOR_AGE: batch.millis_behind})


def count_event(stream: Stream, consumer: str, news: News) -> None:
    """One event of a subscription; one without records is not counted."""
    if not news.records:
        return
    values: dict[Metric, float] = {
        EVENT_BYTES: read_size(news.records),
        EVENT_RECORDS: len(news.records),
        EVENT_BEHIND: news.millis_behind,
        EVENT_SUCCESS: 1,
    }
    METER.count(source(stream, ("ConsumerName", consumer)), values)


def read_size(records: Sequence[Record]) -> int:
    """What records that are read weigh."""
    return sum(len(record.data) + len(record.partition_key) for record in records)


def source(stream: Stream, *more: tuple[str, str]) -> Source:
    """Whose metrics they are; further dimensions follow the stream's name."""
    state = stream.state
    return Source(state.account, state.region, "AWS/Kinesis", (("StreamName", state.name), *more))
