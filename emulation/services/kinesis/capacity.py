"""The capacity of on-demand streams: an open shard for each MiB/s that is asked for.

A stream of an account with a commitment may be told its warm throughput, and then has the shards
for it, but never fewer than an on-demand stream begins with. Nothing else scales a stream here.
"""

from typing import Any

from localstack.aws.api import RequestContext

from emulation.compute.streams.stream import Stream
from emulation.services.kinesis import accounts, errors, store, streams

MAX_WARM_MIBPS = 10 * 1024


def check_warm(context: RequestContext, mode: str, mibps: int | None) -> None:
    """Refuse a warm throughput that a stream of this mode cannot have in this account."""
    if not mibps:
        return
    if mode != streams.ON_DEMAND:
        raise errors.validation(
            "WarmThroughputMiBps is only supported for streams in ON_DEMAND mode."
        )
    if not accounts.is_committed(context):
        raise errors.validation(
            "WarmThroughputMiBps is only supported for accounts that have "
            "MinimumThroughputBillingCommitment enabled."
        )
    if mibps > MAX_WARM_MIBPS:
        raise errors.validation(
            f"WarmThroughputMiBps {mibps} exceeds the limit of {MAX_WARM_MIBPS} for an on-demand "
            "stream."
        )


def shards_for(mibps: int | None) -> int:
    """The shards of an on-demand stream."""
    return max(streams.ON_DEMAND_SHARDS, mibps or 0)


def set_mode(context: RequestContext, request: dict[str, Any]) -> None:
    """Change the mode; the shards stay unless a warm throughput is asked for."""
    stream = store.find(context, request)
    mode, mibps = request["StreamModeDetails"]["StreamMode"], request.get("WarmThroughputMiBps")
    check_warm(context, mode, mibps)
    stream.change(mode=mode, warm_mibps=None)
    if mibps:
        _warm(context, stream, mibps)


def set_warm(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    """The answer of UpdateStreamWarmThroughput; the shards are there when it returns."""
    stream = store.find(context, request)
    mibps = request["WarmThroughputMiBps"]
    # Also for 0, which takes the warm throughput back.
    check_warm(context, stream.state.mode, mibps or 1)
    _warm(context, stream, mibps)
    return {
        "StreamName": stream.state.name,
        "StreamARN": store.arn(context, stream),
        **streams.warm_throughput(stream),
    }


def _warm(context: RequestContext, stream: Stream, mibps: int) -> None:
    target = shards_for(mibps)
    streams.check_shard_limit(context, max(target - len(stream.open_shards()), 0))
    if target != len(stream.open_shards()):
        stream.rescale(target, store.now_ms())
    stream.change(warm_mibps=mibps)
