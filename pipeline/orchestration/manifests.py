"""What a backup holds: one JSON object a backup, `manifests/PREFIX/ID.json` in the backup bucket.

It is written last, so a backup that is there is whole. The key tells when it was made, and the
newest of a prefix is the one that is restored when no other is named.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from pipeline import aws
from pipeline.errors import BackupError
from pipeline.orchestration.archives import Copy, Source, listed
from pipeline.orchestration.objects import read_json

FOLDER = "manifests/"


@dataclass(frozen=True)
class Manifest:
    """One backup."""

    id: str
    prefix: str
    archive: str
    copies: Sequence[Copy]

    @property
    def bytes(self) -> int:
        """Size of everything."""
        return sum(copy.source.size for copy in self.copies)

    @property
    def contents(self) -> set[tuple[Source, str]]:
        """What it holds, and where: two backups of the same are equal in this."""
        return {(copy.source, copy.place) for copy in self.copies}

    def write(self, bucket: str) -> None:
        """Keep it."""
        aws.client("s3").put_object(
            Bucket=bucket,
            Key=key(self.prefix, self.id),
            Body=json.dumps(asdict(self), indent=1).encode(),
            ContentType="application/json",
        )


def key(prefix: str, name: str) -> str:
    """Where the manifest of a backup is."""
    return f"{FOLDER}{prefix}{name}.json"


def new_id() -> str:
    """The name of a backup that is made now: `20130315T171500Z`."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"


def ids(bucket: str, prefix: str) -> list[str]:
    """The backups of just this prefix, the oldest first."""
    start = key(prefix, "").removesuffix(".json")
    names = [item["Key"].removeprefix(start) for item in listed(bucket, start)]
    return sorted(name.removesuffix(".json") for name in names if "/" not in name)


def read(bucket: str, prefix: str, name: str = "") -> Manifest:
    """A backup, the newest when none is named.

    Raises:
        BackupError: there is none.
    """
    known = ids(bucket, prefix)
    wanted = name or (known[-1] if known else "")
    found = read_json(bucket, key(prefix, wanted)) if wanted in known else None
    if found is None:
        there = ", ".join(known[-3:]) or "none"
        raise BackupError(f"There is no backup {name} of {prefix}; there is: {there}.")
    return of(found)


def newest(bucket: str, prefix: str) -> Manifest | None:
    """The last backup, None when there is none."""
    return read(bucket, prefix) if ids(bucket, prefix) else None


def of(found: dict[str, Any]) -> Manifest:
    """A manifest from its JSON."""
    copies = [
        Copy(Source(**item["source"]), item["place"], item["sha256"]) for item in found["copies"]
    ]
    return Manifest(found["id"], found["prefix"], found["archive"], copies)
