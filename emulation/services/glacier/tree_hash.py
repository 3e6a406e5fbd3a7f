"""SHA-256 tree hashes: of each megabyte, of pairs of those, and so on up to one."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import IO

MEGABYTE = 1024 * 1024


def megabytes(stream: IO[bytes]) -> Iterator[bytes]:
    """What is left of a stream, in megabytes; the last may be shorter."""
    rest = bytearray()
    while chunk := stream.read(MEGABYTE - len(rest)):
        rest += chunk
        if len(rest) == MEGABYTE:
            yield bytes(rest)
            rest.clear()
    if rest:
        yield bytes(rest)


def leaves(chunks: Iterable[bytes]) -> list[bytes]:
    """The digest of each megabyte."""
    return [hashlib.sha256(chunk).digest() for chunk in chunks]


def root(digests: Sequence[bytes]) -> str:
    """The tree hash over the digests of megabytes, in hexadecimal."""
    level = list(digests) or [hashlib.sha256().digest()]
    while len(level) > 1:
        level = [parent(level[at : at + 2]) for at in range(0, len(level), 2)]
    return level[0].hex()


def parent(pair: Sequence[bytes]) -> bytes:
    """The digest of two; one alone goes up as it is."""
    return hashlib.sha256(b"".join(pair)).digest() if len(pair) == 2 else pair[0]


def is_aligned(start: int, end: int, size: int) -> bool:
    """Whether the bytes from `start` to before `end` have a node of their own in the tree over
    `size` bytes.
    """
    if start % MEGABYTE or (end % MEGABYTE and end != size):
        return False
    first, last, count = start // MEGABYTE, -(-end // MEGABYTE), -(-size // MEGABYTE)
    width = 1
    while first % width == 0 and width < 2 * count:
        if last == min(first + width, count):
            return True
        width *= 2
    return False
