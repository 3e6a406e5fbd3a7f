"""The bytes of archives: compressed on disk, hashed on their way."""

import gzip
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import IO

from emulation.services.glacier import tree_hash
from emulation.services.glacier.errors import invalid, missing
from emulation.services.glacier.tree_hash import MEGABYTE

LEVEL = 3


@dataclass(frozen=True, slots=True)
class Received:
    """What came: how many bytes, and their hashes in hexadecimal."""

    size: int
    sha256: str
    tree_hash: str

    def check(self, sha256: str | None, tree: str | None) -> None:
        """Compare with what the client has computed."""
        if tree is None:
            raise missing("x-amz-sha256-tree-hash")
        if sha256 is None:
            raise missing("x-amz-content-sha256")
        if sha256 != self.sha256:
            raise invalid(
                "The value passed in as x-amz-content-sha256 does not match the computed payload "
                f"hash. Computed digest: {self.sha256} expected hash: {sha256}"
            )
        self.check_tree(tree)

    def check_tree(self, tree: str) -> None:
        """Compare the tree hash alone."""
        if tree.lower() != self.tree_hash:
            raise invalid(f"Checksum mismatch: expected {self.tree_hash} but was {tree}")


class Hashes:
    """Passes megabytes on and hashes them."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = chunks
        self._size = 0
        self._digest = hashlib.sha256()
        self._leaves: list[bytes] = []

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            self._size += len(chunk)
            self._digest.update(chunk)
            self._leaves.append(hashlib.sha256(chunk).digest())
            yield chunk

    @property
    def received(self) -> Received:
        """What went through."""
        return Received(self._size, self._digest.hexdigest(), tree_hash.root(self._leaves))


def pack(chunks: Iterable[bytes], path: Path) -> Received:
    """Store megabytes compressed."""
    hashes = Hashes(chunks)
    with gzip.open(path, "wb", LEVEL) as packed:
        for chunk in hashes:
            packed.write(chunk)
    return hashes.received


def lay_down(chunks: Iterable[bytes], path: Path) -> Received:
    """Store megabytes as they are."""
    hashes = Hashes(chunks)
    with path.open("wb") as plain:
        for chunk in hashes:
            plain.write(chunk)
    return hashes.received


def unpacked(path: Path, start: int, end: int) -> Iterator[bytes]:
    """The bytes of a packed file from `start` to before `end`, both at megabytes or the end."""
    with gzip.open(path) as packed:
        packed.seek(start)
        at = start
        while at < end and (chunk := packed.read(min(MEGABYTE, end - at))):
            at += len(chunk)
            yield chunk


def as_stream(body: bytes | IO[bytes] | None) -> IO[bytes]:
    """A request's body as something to read."""
    return BytesIO(body or b"") if body is None or isinstance(body, bytes) else body


def of_files(paths: Iterable[Path]) -> Iterator[bytes]:
    """Files one after the other, in megabytes; all but the last are whole megabytes."""
    for path in paths:
        with path.open("rb") as part:
            yield from tree_hash.megabytes(part)


@dataclass(frozen=True, slots=True)
class FileRange:
    """The bytes of a plain file from `start` to before `end`; may be read more than once."""

    path: Path
    start: int
    end: int

    def __iter__(self) -> Iterator[bytes]:
        with self.path.open("rb") as plain:
            plain.seek(self.start)
            left = self.end - self.start
            while left and (chunk := plain.read(min(MEGABYTE, left))):
                left -= len(chunk)
                yield chunk
