"""The metrics AWS/Kinesis of a stream: a few values a request, however many records it has.

Bytes are data and partition keys, as AWS's limits count them. A read that finds nothing leaves no
trace: consumers poll, and an idle stream costs nothing.
"""

from collections.abc import Sequence

from emulation.compute.streams.stream import Batch, Entry, Stored, Stream
from emulation.services.metrics import METER, Metric, Source

INCOMING_RECORDS = Metric("IncomingRecords", "Count")
INCOMING_BYTES = Metric("IncomingBytes", "Bytes")
PUT_RECORD = Metric("PutRecord.Success", "Count")
PUT_RECORDS = Metric("PutRecords.Success", "Count")
ITERATOR_AGE = Metric("GetRecords.IteratorAgeMilliseconds", "Milliseconds")


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


def source(stream: Stream) -> Source:
    """Whose metrics they are."""
    state = stream.state
    return Source(state.account, state.region, "AWS/Kinesis", (("StreamName", state.name),))
