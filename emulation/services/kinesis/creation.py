"""Creating and deleting streams."""

from typing import Any

from localstack.aws.api import RequestContext

from emulation.compute.streams.engine import new_stream_id
from emulation.compute.streams.errors import StreamExists, StreamMissing
from emulation.compute.streams.stream import StreamState
from emulation.services.kinesis import capacity, errors, store, streams
from emulation.services.kinesis.tags import check as check_tags


def create(context: RequestContext, request: dict[str, Any]) -> None:
    """A new stream. An on-demand stream starts with four shards, whatever count is asked for."""
    mode = (request.get("StreamModeDetails") or {}).get("StreamMode", streams.PROVISIONED)
    warm = request.get("WarmThroughputMiBps")
    capacity.check_warm(context, mode, warm)
    count = capacity.shards_for(warm) if mode == streams.ON_DEMAND else request.get("ShardCount")
    if count is None:
        raise errors.validation("ShardCount is required for a stream in PROVISIONED mode.")
    tags = request.get("Tags") or {}
    check_tags(tags, request["StreamName"], context.account_id)
    streams.check_shard_limit(context, count)
    state = StreamState(
        account=context.account_id,
        region=context.region,
        name=request["StreamName"],
        stream_id=new_stream_id(),
        created_ms=store.now_ms(),
        mode=mode,
        max_record_kib=request.get("MaxRecordSizeInKiB") or 1024,
        tags=tags,
        warm_mibps=warm or None,
    )
    try:
        store.engine().create(state, count)
    except StreamExists:
        raise errors.stream_exists(state.name, state.account) from None


def delete(context: RequestContext, request: dict[str, Any]) -> None:
    """Delete a stream; with its consumers only when that is said. Subscriptions end by it."""
    stream = store.find(context, request)
    if stream.state.consumers and not request.get("EnforceConsumerDeletion"):
        raise errors.consumers_left(store.arn(context, stream), stream.state.name)
    try:
        store.engine().delete(stream)
    except StreamMissing:
        raise errors.stream_not_found(stream.state.name, stream.state.account) from None
