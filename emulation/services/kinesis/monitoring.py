"""Enhanced monitoring: which metrics each shard of a stream sends to CloudWatch.

Where it is off, a request pays one look at an empty tuple.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from localstack.aws.api import RequestContext

from emulation.compute.streams.feeds import News
from emulation.compute.streams.stream import Batch, Entry, Stored, Stream, StreamState
from emulation.services.kinesis import errors, metrics, store
from emulation.services.metrics import METER, Metric

ALL = "ALL"
UNITS = {
    "IncomingBytes": "Bytes",
    "IncomingRecords": "Count",
    "OutgoingBytes": "Bytes",
    "OutgoingRecords": "Count",
    "WriteProvisionedThroughputExceeded": "Count",
    "ReadProvisionedThroughputExceeded": "Count",
    "IteratorAgeMilliseconds": "Milliseconds",
}
WRITE_EXCEEDED = Metric("WriteProvisionedThroughputExceeded", "Count")
READ_EXCEEDED = Metric("ReadProvisionedThroughputExceeded", "Count")


def enable(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    """The answer of EnableEnhancedMonitoring."""
    return _change(context, request, add=True)


def disable(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    """The answer of DisableEnhancedMonitoring."""
    return _change(context, request, add=False)


def _change(context: RequestContext, request: dict[str, Any], *, add: bool) -> dict[str, Any]:
    stream = store.find(context, request)
    given = set(request["ShardLevelMetrics"])
    if not given:
        raise errors.invalid_argument("ShardLevelMetrics must not be empty.")
    chosen = set(UNITS) if ALL in given else given
    before: tuple[str, ...] = ()

    def changed(state: StreamState) -> dict[str, Any]:
        nonlocal before
        before = state.shard_metrics
        after = chosen.union(before) if add else set(before) - chosen
        return {"shard_metrics": tuple(name for name in UNITS if name in after)}

    stream.update(changed)
    return {
        "StreamName": stream.state.name,
        "StreamARN": store.arn(context, stream),
        "CurrentShardLevelMetrics": list(before),
        "DesiredShardLevelMetrics": list(stream.state.shard_metrics),
    }


def count_put(stream: Stream, entries: Sequence[Entry], places: Sequence[Stored | None]) -> None:
    """What came into each shard with one request."""
    if not stream.state.shard_metrics:
        return
    records: Counter[str] = Counter()
    size: Counter[str] = Counter()
    for entry, stored in zip(entries, places, strict=True):
        if stored:
            records[stored.shard_id] += 1
            size[stored.shard_id] += metrics.size([entry])
    for shard_id, count in records.items():
        _count(stream, shard_id, IncomingRecords=count, IncomingBytes=size[shard_id])


def count_read(stream: Stream, shard_id: str, batch: Batch | News) -> None:
    """What went out of a shard with one request; nothing is no value, consumers poll."""
    if not stream.state.shard_metrics or not batch.records:
        return
    _count(
        stream,
        shard_id,
        OutgoingRecords=len(batch.records),
        OutgoingBytes=metrics.read_size(batch.records),
        IteratorAgeMilliseconds=batch.millis_behind,
    )


def count_exceeded(stream: Stream, shard_id: str, *, written: int = 0, reads: int = 0) -> None:
    """Records or reads that a shard's throughput did not allow."""
    METER.count(
        metrics.source(stream),
        {WRITE_EXCEEDED: float(written)} if written else {READ_EXCEEDED: float(reads)},
    )
    _count(
        stream,
        shard_id,
        WriteProvisionedThroughputExceeded=written,
        ReadProvisionedThroughputExceeded=reads,
    )


def _count(stream: Stream, shard_id: str, **values: float) -> None:
    wanted = stream.state.shard_metrics
    chosen: dict[Metric, float] = {
        Metric(name, UNITS[name]): value for name, value in values.items() if name in wanted
    }
    if chosen:
        METER.count(metrics.source(stream, ("ShardId", shard_id)), chosen)
