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
PAGE, SHARDS_PAGE = 100, 1000
"""A page holds so many at most, and when nothing is asked for."""


def write_token(context: RequestContext, **content: Any) -> str:
    """A NextToken of the operation; it lives for five minutes."""
    text = json.dumps(content | {"made_ms": store.now_ms(), "made_by": context.operation.name})
    return urlsafe_b64encode(text.encode()).decode()


def read_token(context: RequestContext, token: str) -> dict[str, Any]:
    """What a NextToken of the operation holds."""
    try:
        content: dict[str, Any] = json.loads(urlsafe_b64decode(token))
        made_ms, made_by = content["made_ms"], content["made_by"]
    except (NotBase64, ValueError, KeyError, TypeError):
        raise errors.invalid_argument("Invalid NextToken.") from None
    if made_by != context.operation.name:
        raise errors.invalid_argument("Invalid NextToken.")
    if store.now_ms() - made_ms > TOKEN_LIFETIME_MS:
        raise errors.expired_token()
    return content


def check_creation(stream: Stream, request: dict[str, Any]) -> None:
    """Refuse the stream when the request means one of its name that was created at another time."""
    given = request.get("StreamCreationTimestamp")
    # Clients send whole seconds.
    if given and milliseconds(given) // 1000 != stream.state.created_ms // 1000:
        raise errors.stream_not_found(stream.state.name, stream.state.account)


def streams_page(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    """The answer of ListStreams."""
    token = request.get("NextToken")
    after = (
        read_token(context, token)["after"] if token else request.get("ExclusiveStartStreamName")
    )
    found = [
        stream
        for stream in store.engine().list(context.account_id, context.region)
        if not after or stream.state.name > after
    ]
    limit = min(request.get("Limit") or PAGE, PAGE)
    page = found[:limit]
    answer: dict[str, Any] = {
        "StreamNames": [stream.state.name for stream in page],
        "StreamSummaries": [streams.summary(context, stream) for stream in page],
        "HasMoreStreams": len(found) > limit,
    }
    if answer["HasMoreStreams"]:
        answer["NextToken"] = write_token(context, after=page[-1].state.name)
    return answer


def shards_page(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    """The answer of ListShards."""
    token = request.get("NextToken")
    _check_token_alone(request)
    if token:
        content = read_token(context, token)
        stream = store.get(content["account"], context.region, content["stream"])
        chosen = content["filter"]
        after = content["after"]
    else:
        stream = store.find(context, request)
        check_creation(stream, request)
        chosen = _filter(request.get("ShardFilter") or {}, stream)
        start = request.get("ExclusiveStartShardId")
        after = streams.number_of(start, stream) if start else -1
    shards = [shard for shard in _kept(stream, chosen) if shard.number > after]
    limit = min(request.get("MaxResults") or SHARDS_PAGE, SHARDS_PAGE)
    answer: dict[str, Any] = {"Shards": [streams.shard(shard) for shard in shards[:limit]]}
    if len(shards) > limit:
        answer["NextToken"] = write_token(
            context,
            account=stream.state.account,
            stream=stream.state.name,
            filter=chosen,
            after=shards[limit - 1].number,
        )
    return answer


def _check_token_alone(request: dict[str, Any]) -> None:
    """A token says all of the first request but how many shards it wants."""
    named = request.get("StreamName") or request.get("StreamARN")
    if not request.get("NextToken"):
        if not named:
            raise errors.invalid_argument("Either NextToken or StreamName should be provided.")
        return
    others = {
        "StreamName": named,
        "StreamCreationTimestamp": request.get("StreamCreationTimestamp"),
        "ExclusiveStartShardId": request.get("ExclusiveStartShardId"),
        "ShardFilter": request.get("ShardFilter"),
    }
    if given := [name for name, value in others.items() if value]:
        raise errors.invalid_argument(f"NextToken and {given[0]} cannot be provided together.")


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
