"""Splitting, merging and rescaling shards."""

from typing import Any

from localstack.aws.api import RequestContext

from emulation.compute.streams.errors import InvalidRequest
from emulation.compute.streams.stream import Stream
from emulation.services.kinesis import errors, store, streams

MAX_STREAM_SHARDS = 10_000


def split(context: RequestContext, request: dict[str, Any]) -> None:
    """Cut a shard in two at a hash key strictly inside of it."""
    stream = _provisioned(context, request)
    shard = stream.shard(_open_number(request["ShardToSplit"], stream))
    start = int(request["NewStartingHashKey"])
    if not shard.start + 1 < start < shard.end:
        raise errors.invalid_argument(
            f"NewStartingHashKey {start} used in SplitShard() on shard {shard.shard_id} in stream "
            f"{stream.state.name} under account {stream.state.account} is not both greater than "
            f"one plus the shard's StartingHashKey {shard.start} and less than the shard's "
            f"EndingHashKey {shard.end - 1}."
        )
    streams.check_shard_limit(context, 1)
    stream.split(shard.number, start, store.now_ms())


def merge(context: RequestContext, request: dict[str, Any]) -> None:
    """Make one shard of two neighbours."""
    stream = _provisioned(context, request)
    one = _open_number(request["ShardToMerge"], stream)
    other = _open_number(request["AdjacentShardToMerge"], stream)
    try:
        stream.merge(one, other, store.now_ms())
    except InvalidRequest:
        ids = stream.shard(one).shard_id, stream.shard(other).shard_id
        raise errors.invalid_argument(
            f"Shards {ids[0]} and {ids[1]} in stream {stream.state.name} under account "
            f"{stream.state.account} are not an adjacent pair of shards eligible for merging"
        ) from None


def rescale(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    """The answer of UpdateShardCount; the shards are there when it returns."""
    stream = _provisioned(context, request)
    now, target = len(stream.open_shards()), request["TargetShardCount"]
    _check_target(now, target)
    streams.check_shard_limit(context, max(target - now, 0))
    if target != now:
        stream.rescale(target, store.now_ms())
    return {
        "StreamName": stream.state.name,
        "StreamARN": store.arn(context, stream),
        "CurrentShardCount": now,
        "TargetShardCount": target,
    }


def _check_target(now: int, target: int) -> None:
    counts = f"Current open shard count: {now} Target shard count: {target}"
    if target > 2 * now:
        raise errors.invalid_argument(
            f"UpdateShardCount cannot scale up over double your current open shard count. {counts}"
        )
    if 2 * target < now:
        raise errors.invalid_argument(
            f"UpdateShardCount cannot scale down below half your current open shard count. {counts}"
        )
    if target > MAX_STREAM_SHARDS:
        raise errors.invalid_argument(
            f"UpdateShardCount cannot scale over {MAX_STREAM_SHARDS} shards. {counts}"
        )


def _provisioned(context: RequestContext, request: dict[str, Any]) -> Stream:
    stream = store.find(context, request)
    if stream.state.mode == streams.ON_DEMAND:
        raise errors.on_demand(stream.state.name, stream.state.account)
    return stream


def _open_number(shard_id: str, stream: Stream) -> int:
    number = streams.number_of(shard_id, stream)
    if not stream.shard(number).is_open:
        raise errors.shard_closed(shard_id, stream.state.name, stream.state.account)
    return number
