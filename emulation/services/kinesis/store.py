"""The streams of this emulator, and how a request names one.

There is no other state: the engine's own files survive a restart.
"""

import re
import time
from functools import cache
from typing import Any

from localstack.aws.api import RequestContext

from emulation.compute.streams.engine import StreamEngine
from emulation.compute.streams.errors import StreamMissing
from emulation.compute.streams.stream import Stream
from emulation.services.kinesis import errors
from emulation.settings import settings

_ARN = re.compile(
    r"arn:(?P<partition>aws[^:]*):kinesis:(?P<region>[^:]*):(?P<account>\d{12}):stream/(?P<name>[^/]+)"
)


@cache
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


def find_tagged(context: RequestContext, request: dict[str, Any]) -> Stream:
    """The stream that a ResourceARN means; consumers, which have ARNs too, do not exist."""
    given = request["ResourceARN"]
    if not _ARN.fullmatch(given):
        raise errors.resource_not_found(given)
    return find(context, {"StreamARN": given})
