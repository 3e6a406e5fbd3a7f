"""Pages of streams and shards, and which shards a filter keeps."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from typing import Any

from localstack.aws.api import RequestContext

from emulation.compute.streams.shards import Shard
from emulation.compute.streams.stream import Stream
from emulation.services.kinesis import errors, store, streams
from emulation.services.kinesis.timestamps import milliseconds

TOKEN_LIFETIME_MS = 5 * 60 * 1000


def write_token(**content: Any) -> str:
    """A NextToken; it lives for five minutes."""
    text = json.dumps(content | {"made_ms": store.now_ms()})
    return urlsafe_b64encode(text.encode()).decode()


def read_token(token: str) -> dict[str, Any]:
    """What a NextToken holds."""
    try:
        content: dict[str, Any] = json.loads(urlsafe_b64decode(token))
        made_ms = content["made_ms"]
    except (NotBase64, ValueError, KeyError, TypeError):
        raise errors.invalid_argument("Invalid NextToken.") from None
    if store.now_ms() - made_ms > TOKEN_LIFETIME_MS:
        raise errors.expired_token()
    return content


def streams_page(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    """The answer of ListStreams."""
    token = request.get("NextToken")
    after = read_token(token)["after"] if token else request.get("ExclusiveStartStreamName")
    found = [
        stream
        for stream in store.engine().list(context.account_id, context.region)
        if not after or stream.state.name > after
    ]
    limit = request.get("Limit") or 100
    page = found[:limit]
    answer: dict[str, Any] = {
        "StreamNames": [stream.state.name for stream in page],
        "StreamSummaries": [streams.summary(context, stream) for stream in page],
        "HasMoreStreams": len(found) > limit,
    }
    if answer["HasMoreStreams"]:
        answer["NextToken"] = write_token(after=page[-1].state.name)
    return answer


def shards_page(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    """The answer of ListShards."""
    token = request.get("NextToken")
    if token and (request.get("StreamName") or request.get("StreamARN")):
        raise errors.invalid_argument("NextToken and StreamName cannot be provided together.")
    if token:
        content = read_token(token)
        stream = store.get(content["account"], context.region, content["stream"])
        chosen = content["filter"]
        after = content["after"]
    else:
        stream = store.find(context, request)
        chosen = _filter(request.get("ShardFilter") or {}, stream)
        start = request.get("ExclusiveStartShardId")
        after = streams.number_of(start, stream) if start else -1
    shards = [shard for shard in _kept(stream, chosen) if shard.number > after]
    limit = request.get("MaxResults") or 1000
    answer: dict[str, Any] = {"Shards": [streams.shard(shard) for shard in shards[:limit]]}
    if len(shards) > limit:
        answer["NextToken"] = write_token(
            account=stream.state.account,
            stream=stream.state.name,
            filter=chosen,
            after=shards[limit - 1].number,
        )
    return answer


def _filter(asked: dict[str, Any], stream: Stream) -> dict[str, Any]:
    """The filter as plain data; its shard and time are checked."""
    kind = asked.get("Type")
    chosen: dict[str, Any] = {"kind": kind}
    if kind == "AFTER_SHARD_ID":
        if not asked.get("ShardId"):
            raise errors.invalid_argument("ShardId must be provided with AFTER_SHARD_ID.")
        chosen["after"] = streams.number_of(asked["ShardId"], stream)
    if kind in {"AT_TIMESTAMP", "FROM_TIMESTAMP"}:
        if not asked.get("Timestamp"):
            raise errors.invalid_argument(f"Timestamp must be provided with {kind}.")
        chosen["at_ms"] = milliseconds(asked["Timestamp"])
    return chosen


def _kept(stream: Stream, chosen: dict[str, Any]) -> list[Shard]:
    now_ms = store.now_ms()
    shards = stream.listed_shards(now_ms)
    at_ms = chosen.get("at_ms", 0)
    kind = chosen["kind"]
    if kind == "AFTER_SHARD_ID":
        return [shard for shard in shards if shard.number > chosen["after"]]
    if kind == "AT_LATEST":
        return [shard for shard in shards if shard.is_open]
    if kind == "AT_TRIM_HORIZON":
        at_ms = max(stream.horizon_ms(now_ms), stream.state.created_ms)
    if kind in {"AT_TRIM_HORIZON", "AT_TIMESTAMP"}:
        return [shard for shard in shards if shard.created_s * 1000 <= at_ms < _closed_ms(shard)]
    if kind == "FROM_TIMESTAMP":
        return [shard for shard in shards if at_ms < _closed_ms(shard)]
    return shards


def _closed_ms(shard: Shard) -> float:
    return float("inf") if shard.closed_ms is None else shard.closed_ms
