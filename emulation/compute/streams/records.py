"""Records and their sequence numbers.

A record's place in its shard is its *ordinal*: 1, 2, 3 ... without gaps. A sequence number is the
ordinal in AWS's dress: a decimal of 56 digits that grows within the shard, differs between shards,
and is larger in a child shard than in its parents. From the highest bit: the digit 2 as on AWS, the
shard's second of creation (36 bits), the ordinal (64), nothing (12), the second of arrival (36),
the shard's number (32), the layout's version (4).
"""

from typing import NamedTuple

HASH_KEYS = 1 << 128
VERSION = 2

_SHARD, _ARRIVAL, _ORDINAL, _CREATED, _TOP = 4, 36, 84, 148, 184


class Record(NamedTuple):
    """A stored record."""

    ordinal: int
    arrival_ms: int
    partition_key: str
    data: bytes


class SequenceNumber(NamedTuple):
    """The parts of a sequence number."""

    created_s: int
    ordinal: int
    arrival_s: int
    shard: int


def sequence_base(created_s: int, shard: int) -> int:
    """What all sequence numbers of a shard have in common."""
    return (2 << _TOP) | (created_s << _CREATED) | (shard << _SHARD) | VERSION


def sequence_number(base: int, ordinal: int, arrival_ms: int) -> str:
    """The sequence number of a record in the shard of `base`."""
    return str(base + (ordinal << _ORDINAL) + (arrival_ms // 1000 << _ARRIVAL))


def parse_sequence_number(text: str) -> SequenceNumber | None:
    """The parts, or None when this engine never gave such a number."""
    number = int(text)
    if number >> _TOP != 2 or number & 0xF != VERSION or (number >> 72) & 0xFFF:
        return None
    return SequenceNumber(
        created_s=(number >> _CREATED) & (1 << 36) - 1,
        ordinal=(number >> _ORDINAL) & (1 << 64) - 1,
        arrival_s=(number >> _ARRIVAL) & (1 << 36) - 1,
        shard=(number >> _SHARD) & (1 << 32) - 1,
    )
