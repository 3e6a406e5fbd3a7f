"""Files named by what they hold: the manifests, configurations and layers of images."""

import hashlib
import os
import re
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from emulation.compute.process_images.trees import share

DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
PIECE = 1024 * 1024


def digest_of(content: bytes) -> str:
    """The digest of what is in memory."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def pieces(file: IO[bytes]) -> Iterator[bytes]:
    """What a file holds, a megabyte at a time."""
    while piece := file.read(PIECE):
        yield piece


class Blobs:
    """A folder of them."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder

    def path(self, digest: str) -> Path:
        """Where a blob is, or would be.

        Raises:
            ValueError: that is no digest.
        """
        if DIGEST.fullmatch(digest) is None:
            raise ValueError(digest)
        return self._folder / digest.partition(":")[2]

    def has(self, digest: str) -> bool:
        """Whether it is here."""
        return DIGEST.fullmatch(digest) is not None and self.path(digest).exists()

    def size(self, digest: str) -> int:
        """In bytes."""
        return self.path(digest).stat().st_size

    def read(self, digest: str) -> bytes:
        """What a small one holds."""
        return self.path(digest).read_bytes()

    def add(self, content: bytes) -> str:
        """Keep what is in memory; its digest."""
        digest = digest_of(content)
        if not self.has(digest):
            new = self.new_file()
            new.write_bytes(content)
            self.adopt(new, digest)
        return digest

    def adopt(self, file: Path, digest: str) -> None:
        """Take a file of this folder's disk; that it has the digest is known."""
        file.replace(self.path(digest))

    def share_from(self, other: "Blobs", digest: str) -> None:
        """Keep a blob of another folder too."""
        if not self.has(digest):
            new = self.new_file()
            share(str(other.path(digest)), str(new))
            self.adopt(new, digest)

    def new_file(self) -> Path:
        """A place on the same disk, for a file that is to be a blob."""
        return self._folder / f"new-{uuid.uuid4().hex}"

    def remove(self, digest: str) -> None:
        """Forget one."""
        self.path(digest).unlink(missing_ok=True)

    def all(self) -> list[str]:
        """Their digests; what a killed emulator left half written is none."""
        names = os.listdir(self._folder)  # noqa: PTH208
        found = (f"sha256:{name}" for name in names)
        return [digest for digest in found if DIGEST.fullmatch(digest)]
