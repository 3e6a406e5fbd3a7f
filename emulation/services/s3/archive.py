"""Where the bytes of archived objects are: out of the hot store, compressed, a file each.

An object in an archive class keeps `archived` beside its other members: the name of its file here
and the state of its restore. Its bytes in the hot store are gone; a restore brings a copy back for
some days, and proves by its digest that it is the same.
"""

import gzip
import hashlib
import shutil
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

CLASSES = frozenset({"GLACIER", "DEEP_ARCHIVE"})
"""The storage classes whose objects have to be restored before they can be read."""

CHUNK = 1 << 20
LEVEL = 3
"""Of the compression: most of what is archived here is compressed already."""


class DamagedError(OSError):
    """What came out of the archive is not what went in."""


@dataclass(slots=True)
class Archived:
    """An object's place in the archive, and its restore; times are of the clock, in UTC."""

    name: str
    sha256: str
    tier: str = ""
    days: int = 0
    due: datetime | None = None
    """When the restore is done that goes on."""
    expires: datetime | None = None
    """Until when the restored copy is there."""


def archived_of(s3_object: Any) -> Archived | None:
    """An object's place in the archive; None when it is not archived."""
    found: Archived | None = getattr(s3_object, "archived", None)
    return found


class Archive:
    """Compressed bytes by bucket and name, below one folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, bucket: str, name: str) -> Path:
        """Where a name of a bucket is."""
        return self.root / bucket / name[:2] / f"{name}.gz"

    def take(self, bucket: str, content: IO[bytes]) -> Archived:
        """Store the bytes from the position on."""
        name, digest = uuid.uuid4().hex, hashlib.sha256()
        path = self.path(bucket, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        with gzip.open(path, "wb", LEVEL) as packed:
            while chunk := content.read(CHUNK):
                digest.update(chunk)
                packed.write(chunk)
        return Archived(name, digest.hexdigest())

    def content(self, bucket: str, archived: Archived) -> Iterator[bytes]:
        """The bytes of an object, in chunks.

        Raises:
            DamagedError: after the last of them, when they are others than those that were stored.
        """
        digest = hashlib.sha256()
        with gzip.open(self.path(bucket, archived.name)) as packed:
            while chunk := packed.read(CHUNK):
                digest.update(chunk)
                yield chunk
        if digest.hexdigest() != archived.sha256:
            raise DamagedError(f"{archived.name} of {bucket} is damaged in the archive")

    def drop(self, bucket: str, name: str) -> None:
        """Remove what has a name; who reads it reads on."""
        self.path(bucket, name).unlink(missing_ok=True)

    def drop_strays(self, bucket: str, kept: set[str]) -> None:
        """Remove everything of a bucket but these names."""
        for path in (self.root / bucket).glob("??/*.gz"):
            if path.stem not in kept:
                path.unlink(missing_ok=True)

    def delete_bucket(self, bucket: str) -> None:
        """Remove everything of a bucket."""
        shutil.rmtree(self.root / bucket, ignore_errors=True)

    def buckets(self) -> set[str]:
        """The buckets that have something here."""
        return {path.name for path in self.root.iterdir()} if self.root.exists() else set()
