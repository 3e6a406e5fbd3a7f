"""Reading a Kinesis stream for an event source mapping: from the engine itself, since a request
to the gateway of the same process would sign, write, parse and encode every record on its way.
"""

import re
from typing import NamedTuple

from emulation.compute.streams.errors import StreamMissing
from emulation.compute.streams.records import parse_sequence_number
from emulation.compute.streams.shards import Shard
from emulation.compute.streams.stream import Batch, Stream
from emulation.services.kinesis import store

MAX_READ_BYTES = 2 * 1024 * 1024
"""So much a second is what a shard gives on AWS; here it is what one read holds in memory."""

_ARN = re.compile(
    r"arn:aws[^:]*:kinesis:(?P<region>[^:]+):(?P<account>\d{12}):stream/(?P<name>[^/]+)"
    r"(?:/consumer/(?P<consumer>[^/:]+):(?P<created>\d+))?"
)


class Read(NamedTuple):
    """What one read found."""

    batch: Batch
    at_end: bool
    """The shard is closed, and this was the last of it."""
    behind: bool
    """There was more than one read takes."""
    now_ms: int
    """What arrived before this time was read, if nothing is behind."""


class KinesisSource:
    """One stream, or a consumer of it. A stream that is deleted raises `StreamMissing`."""

    def __init__(self, source_arn: str) -> None:
        self.source_arn = source_arn
        named = _ARN.fullmatch(source_arn)
        if named is None:
            raise ValueError(f"{source_arn} is not the ARN of a stream or consumer")
        self._named = named["account"], named["region"], named["name"]
        self._consumer = named["consumer"], named["created"]

    def stream(self) -> Stream:
        """The stream.

        Raises:
            StreamMissing: there is none of this name, or no such consumer of it.
        """
        stream = store.engine().get(*self._named)
        consumers = [(each.name, str(each.created_s)) for each in stream.state.consumers]
        if self._consumer[0] is not None and self._consumer not in consumers:
            raise StreamMissing(self.source_arn)
        return stream

    def shards(self) -> dict[int, list[int]]:
        """The numbers of the shards that may hold records, each with its parents'."""
        return {
            shard.number: [
                parent for parent in (shard.parent, shard.adjacent_parent) if parent is not None
            ]
            for shard in self.stream().listed_shards(store.now_ms())
        }

    def shard(self, number: int) -> Shard:
        """One shard."""
        return self.stream().shard(number)

    def first_ordinal(self, number: int, since: float | None) -> int:
        """Where reading begins: at the first record since a time, or at the oldest one."""
        stream = self.stream()
        log = stream.log(number)
        if since is None:
            return log.trim(stream.horizon_ms(store.now_ms()))
        return log.ordinal_at(int(since * 1000))

    def read(self, number: int, ordinal: int, limit: int) -> Read:
        """The next records of a shard."""
        stream, now_ms = self.stream(), store.now_ms()
        # The end is decided before the read: a shard that closes meanwhile is not at it.
        closed = not stream.shard(number).is_open
        end = stream.log(number).next_ordinal
        batch = stream.read(number, ordinal, now_ms, limit=limit, max_bytes=MAX_READ_BYTES)
        behind = batch.next_ordinal < end
        return Read(batch, closed and not behind, behind, now_ms)

    def wait(self, number: int, ordinal: int, seconds: float) -> None:
        """Wait for a record."""
        self.stream().log(number).wait_for(ordinal, seconds)


def ordinal_after(number: str) -> int:
    """The place behind a sequence number."""
    parsed = parse_sequence_number(number)
    assert parsed is not None
    return parsed.ordinal + 1
