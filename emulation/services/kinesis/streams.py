"""Streams and shards as AWS describes them, their limits and retention."""

from typing import Any

from localstack.aws.api import RequestContext

from emulation.compute.streams.shards import Shard
from emulation.compute.streams.stream import Stream
from emulation.services.kinesis import encryption, errors, store
from emulation.services.kinesis.timestamps import timestamp

PROVISIONED, ON_DEMAND = "PROVISIONED", "ON_DEMAND"
ON_DEMAND_SHARDS = 4
ON_DEMAND_LIMIT = 50
MAX_NUMBER = 2**31 - 1
"""No shard's id tells a larger one."""

MIN_RETENTION_HOURS, MAX_RETENTION_HOURS = 24, 8760


def check_shard_limit(context: RequestContext, more: int) -> None:
    """Refuse more open shards than an account may have."""
    now = open_shards(context)
    if now + more > errors.SHARD_LIMIT:
        raise errors.shard_limit(context.account_id, context.region, now=now, more=more)


def open_shards(context: RequestContext) -> int:
    """The open shards of the account in the region."""
    streams = store.engine().list(context.account_id, context.region)
    return sum(len(stream.open_shards()) for stream in streams)


def summary(context: RequestContext, stream: Stream) -> dict[str, Any]:
    """What ListStreams says of a stream."""
    return {
        "StreamName": stream.state.name,
        "StreamARN": store.arn(context, stream),
        "StreamStatus": "ACTIVE",
        "StreamModeDetails": {"StreamMode": stream.state.mode},
        "StreamCreationTimestamp": timestamp(stream.state.created_ms),
    }


def description(context: RequestContext, stream: Stream) -> dict[str, Any]:
    """What both descriptions say of a stream."""
    return {
        **summary(context, stream),
        "RetentionPeriodHours": stream.state.retention_hours,
        "EnhancedMonitoring": [{"ShardLevelMetrics": list(stream.state.shard_metrics)}],
        **encryption.told(stream),
    }


def description_summary(context: RequestContext, stream: Stream) -> dict[str, Any]:
    """What DescribeStreamSummary says of a stream."""
    return description(context, stream) | {
        "StreamId": stream.state.stream_id,
        "OpenShardCount": len(stream.open_shards()),
        "ConsumerCount": len(stream.state.consumers),
        "MaxRecordSizeInKiB": stream.state.max_record_kib,
        **warm_throughput(stream),
    }


def warm_throughput(stream: Stream) -> dict[str, Any]:
    """The throughput that an on-demand stream is told to be ready for, and is."""
    mibps = stream.state.warm_mibps
    if mibps is None:
        return {}
    return {"WarmThroughput": {"TargetMiBps": mibps, "CurrentMiBps": mibps}}


def shard(described: Shard) -> dict[str, Any]:
    """A shard as AWS describes it."""
    numbers = {"StartingSequenceNumber": described.starting}
    if described.ending:
        numbers["EndingSequenceNumber"] = described.ending
    return {
        "ShardId": described.shard_id,
        **_parents(described),
        "HashKeyRange": _hash_range(described),
        "SequenceNumberRange": numbers,
    }


def child_shard(described: Shard) -> dict[str, Any]:
    """A shard as the end of its parent describes it."""
    parents = _parents(described)
    return {
        "ShardId": described.shard_id,
        "ParentShards": list(parents.values()),
        "HashKeyRange": _hash_range(described),
    }


def _hash_range(described: Shard) -> dict[str, str]:
    return {"StartingHashKey": str(described.start), "EndingHashKey": str(described.end)}


def _parents(described: Shard) -> dict[str, str]:
    parents = {
        "ParentShardId": described.parent,
        "AdjacentParentShardId": described.adjacent_parent,
    }
    return {name: name_of(number) for name, number in parents.items() if number is not None}


def number_of(shard_id: str, stream: Stream) -> int:
    """The number of a shard of the stream. AWS reads the digits only: `0` is a shard's id too."""
    number = read_number(shard_id, stream)
    if number >= len(stream.state.shards):
        raise errors.shard_not_found(name_of(number), stream.state.name, stream.state.account)
    return number


def read_number(shard_id: str, stream: Stream) -> int:
    """The number that a shard's id tells, whether there is such a shard or not."""
    digits = shard_id.removeprefix("shardId-")
    if not digits.isascii() or not digits.isdigit() or int(digits) > MAX_NUMBER:
        raise errors.shard_not_found(shard_id, stream.state.name, stream.state.account)
    return int(digits)


def name_of(number: int) -> str:
    """The id of the shard of a number."""
    return f"shardId-{number:012d}"


def change_retention(stream: Stream, request: dict[str, Any], *, longer: bool) -> None:
    """Keep records for more hours, or for fewer: what is then too old is gone at once."""
    hours, now, name = (
        request["RetentionPeriodHours"],
        stream.state.retention_hours,
        stream.state.name,
    )
    asked = f"Requested retention period ({hours} hours)"
    if hours < MIN_RETENTION_HOURS:
        raise errors.invalid_argument(
            f"Minimum allowed retention period is {MIN_RETENTION_HOURS} hours. {asked} is too "
            "short."
        )
    if hours > MAX_RETENTION_HOURS:
        raise errors.invalid_argument(
            f"Maximum allowed retention period is {MAX_RETENTION_HOURS} hours. {asked} is too long."
        )
    if longer and hours < now:
        raise errors.invalid_argument(
            f"{asked} for stream {name} can not be shorter than existing retention period "
            f"({now} hours). Use DecreaseRetentionPeriod API."
        )
    if not longer and hours > now:
        raise errors.invalid_argument(
            f"{asked} for stream {name} can not be longer than existing retention period "
            f"({now} hours). Use IncreaseRetentionPeriod API."
        )
    # What was too old until now stays gone.
    stream.change(retention_hours=hours, dropped_before_ms=stream.horizon_ms(store.now_ms()))
