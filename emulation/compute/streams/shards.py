"""Shards: which part of the hash range each one holds, from which it came, and when it was closed.

A shard never changes but for being closed; splitting and merging close shards and open children.
"""

from dataclasses import asdict, dataclass, replace
from hashlib import md5
from typing import Any

from emulation.compute.streams.errors import InvalidRequest
from emulation.compute.streams.records import HASH_KEYS, sequence_base, sequence_number


@dataclass(frozen=True)
class Shard:
    """One shard; both ends of its range of hash keys are in it."""

    number: int
    start: int
    end: int
    created_s: int
    parent: int | None = None
    adjacent_parent: int | None = None
    closed_ms: int | None = None
    ending: str | None = None

    @property
    def shard_id(self) -> str:
        """The name that AWS gives to the shard of this number."""
        return f"shardId-{self.number:012d}"

    @property
    def base(self) -> int:
        """What the sequence numbers of its records have in common."""
        return sequence_base(self.created_s, self.number)

    @property
    def starting(self) -> str:
        """The sequence number before every record's."""
        return sequence_number(self.base, 0, self.created_s * 1000)

    @property
    def is_open(self) -> bool:
        """Whether it takes records."""
        return self.closed_ms is None

    def close(self, next_ordinal: int, now_ms: int) -> "Shard":
        """The same shard, taking no more records."""
        return replace(
            self, closed_ms=now_ms, ending=sequence_number(self.base, next_ordinal, now_ms)
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain data; the hash keys exceed what JSON readers of other languages hold."""
        return asdict(self) | {"start": str(self.start), "end": str(self.end)}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "Shard":
        """The shard of plain data."""
        return cls(**data | {"start": int(data["start"]), "end": int(data["end"])})


def hash_key(partition_key: str) -> int:
    """The place of a partition key in the range of hash keys."""
    return int.from_bytes(md5(partition_key.encode(), usedforsecurity=False).digest())


def uniform_starts(count: int) -> list[int]:
    """Where the parts begin when the range of hash keys is cut evenly."""
    return [HASH_KEYS * part // count for part in range(count)]


def child(parents: list[Shard], number: int, start: int, end: int, now_ms: int) -> Shard:
    """A new shard out of one or two; younger than they are, so that its numbers are larger."""
    return Shard(
        number=number,
        start=start,
        end=end,
        created_s=max(now_ms // 1000, max(parent.created_s for parent in parents) + 1),
        parent=parents[0].number,
        adjacent_parent=parents[1].number if len(parents) > 1 else None,
    )


def ordered_neighbours(one: Shard, other: Shard) -> tuple[Shard, Shard]:
    """The two shards by their ranges, which must touch."""
    low, high = sorted((one, other), key=lambda shard: shard.start)
    if low.end + 1 != high.start or not (low.is_open and high.is_open):
        raise InvalidRequest(f"{one.shard_id} and {other.shard_id} are not adjacent")
    return low, high
