"""The streams of this emulator, and how a request names one.

There is no other state: the engine's own files survive a restart.
"""

import re
import time
from typing import Any

from localstack.aws.api import RequestContext

from emulation.compute.once import once
from emulation.compute.streams.consumers import Consumer
from emulation.compute.streams.engine import StreamEngine
from emulation.compute.streams.errors import StreamMissing
from emulation.compute.streams.stream import Stream, StreamState
from emulation.services.kinesis import errors
from emulation.settings import settings

_ARN = re.compile(
    r"arn:(?P<partition>aws[^:]*):kinesis:(?P<region>[^:]*):(?P<account>\d{12}):stream/(?P<name>[^/]+)"
)
_CONSUMER_ARN = re.compile(
    r"(?P<stream>arn:aws[^:]*:kinesis:[^:]*:\d{12}:stream/[^/]+)/consumer/(?P<name>[^/:]+):(?P<created>\d+)"
)


@once
def engine() -> StreamEngine:
    """The engine, opened when the first request needs it."""
    return StreamEngine(settings().folder("streams"))


def now_ms() -> int:
    """The clock that arrivals and iterators are told by."""
    return time.time_ns() // 1_000_000


def arn(context: RequestContext, stream: Stream) -> str:
    """The stream's ARN."""
    state = stream.state
    return f"arn:{context.partition}:kinesis:{state.region}:{state.account}:stream/{state.name}"


def find(context: RequestContext, request: dict[str, Any]) -> Stream:
    """The stream that a request means, by name, ARN, or both."""
    name, account = request.get("StreamName"), context.account_id
    if given := request.get("StreamARN"):
        named = _ARN.fullmatch(given)
        if not named or named["region"] != context.region:
            raise errors.invalid_argument(f"Invalid StreamARN: {given}")
        if name and name != named["name"]:
            raise errors.invalid_argument(
                f"StreamName {name} and StreamARN {given} name different streams."
            )
        name, account = named["name"], named["account"]
    if not name:
        raise errors.invalid_argument("Either StreamName or StreamARN must be provided.")
    return get(account, context.region, name)


def get(account: str, region: str, name: str) -> Stream:
    """The stream of a name."""
    try:
        return engine().get(account, region, name)
    except StreamMissing:
        raise errors.stream_not_found(name, account) from None


def find_resource(context: RequestContext, arn: str) -> tuple[Stream, Consumer | None]:
    """The stream that an ARN means, and the consumer when it means one."""
    if named := _CONSUMER_ARN.fullmatch(arn):
        stream = find(context, {"StreamARN": named["stream"]})
        return stream, consumer(stream, arn, named["name"], int(named["created"]))
    if not _ARN.fullmatch(arn):
        raise errors.resource_not_found(arn)
    return find(context, {"StreamARN": arn}), None


def consumer(stream: Stream, told: str, name: str, created_s: int | None = None) -> Consumer:
    """The consumer of a name, and of the second of creation when that is known; `told` is how the
    request names it.
    """
    for each in stream.state.consumers:
        if each.name == name and created_s in {None, each.created_s}:
            return each
    raise errors.consumer_not_found(told, stream.state.account)


def change_consumer(stream: Stream, consumer: Consumer, changed: Consumer | None) -> None:
    """Put the changed consumer in the place of the one, or none."""
    told = f"{consumer.name}:{consumer.created_s}"

    def replaced(state: StreamState) -> dict[str, Any]:
        if consumer not in state.consumers:
            raise errors.consumer_not_found(told, state.account)
        kept = [changed if other == consumer else other for other in state.consumers]
        return {"consumers": tuple(other for other in kept if other)}

    stream.update(replaced)
