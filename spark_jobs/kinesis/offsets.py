"""Offsets of a stream: how far each shard was read. Spark keeps them as JSON in its checkpoint, and
two offsets are the same batch's end when their JSON is the same.

    {"start": "TRIM_HORIZON", "shards": {"shardId-...0": "4959...", "shardId-...1": "SHARD_END"}}

A position is the sequence number of the last record that was read, `BEGIN` (nothing was read yet:
from `start` on) or `SHARD_END` (everything was, and there will be no more). `start` is
`TRIM_HORIZON` or a moment in seconds: LATEST is made a moment when the stream is looked at first,
and stands in the end of the first batch, so that this batch is the same when it is run again.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

BEGIN, SHARD_END = "BEGIN", "SHARD_END"


@dataclass(frozen=True)
class Offset:
    """Where reading began, and the position of each shard."""

    start: str
    shards: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """As Spark keeps it; the same positions have the same text."""
        return {"start": self.start, "shards": dict(sorted(self.shards.items()))}

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> "Offset":
        """What `to_json` has made."""
        return cls(str(told["start"]), dict(told["shards"]))


@dataclass(frozen=True)
class Range:
    """Records of one shard behind `after`, up to and with `until`."""

    shard_id: str
    after: str
    until: str


def ranges(start: Offset, end: Offset) -> list[Range]:
    """What lies between two offsets; one that the first does not know is read whole."""
    known = ((shard_id, start.shards.get(shard_id, BEGIN)) for shard_id in end.shards)
    return [
        Range(shard_id, after, end.shards[shard_id])
        for shard_id, after in known
        if after != end.shards[shard_id]
    ]


def followed(offset: Offset, listed: Iterable[Mapping[str, Any]]) -> Offset:
    """The offset with the shards that may be read now: those without a parent, and those whose
    parents are at their end. A parent that is not listed any more has lost its last record to the
    stream's retention; ended shards that are not listed are forgotten.
    """
    shards = {shard["ShardId"]: shard for shard in listed}
    known = {
        shard_id: position
        for shard_id, position in offset.shards.items()
        if position != SHARD_END or shard_id in shards
    }
    ready = {
        shard_id: BEGIN
        for shard_id, shard in shards.items()
        if shard_id not in known
        and all(known.get(key) == SHARD_END for key in parents(shard) if key in shards)
    }
    return Offset(offset.start, {**known, **ready})


def parents(shard: Mapping[str, Any]) -> list[str]:
    """One after a split, two after a merge, none of a shard that the stream began with."""
    named = (shard.get("ParentShardId"), shard.get("AdjacentParentShardId"))
    return [key for key in named if key]
