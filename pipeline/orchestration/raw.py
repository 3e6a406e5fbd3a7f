"""What the lake holds of the events, counted line by line and not by trust.

An object of the raw lake is a set of events that grows, so it is read again when its entity tag has
changed, and only then. Identities are kept as 64-bit hashes: a year is a million of them.
"""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from pipeline import aws
from pipeline.orchestration.run import digest

EVENT_ID = re.compile(rb'"event_id": ?"((?:[^"\\]|\\.)*)"')
READERS = 4
LINES = ".jsonl"


def identity(event_id: bytes) -> int:
    """A short stand-in for an identity; only of use in this process."""
    return hash(event_id)


def identities(text: bytes) -> list[int]:
    """The identities of the events in a text, one JSON object a line."""
    return [identity(found) for found in EVENT_ID.findall(text)]


@dataclass(frozen=True)
class Counted:
    """One object as it was read."""

    etag: str
    events: list[int]


class RawCount:
    """The events under a prefix of a bucket, in the objects that name them line by line."""

    def __init__(self, bucket: str, prefix: str = "raw/") -> None:
        self._bucket = bucket
        self._prefix = prefix
        self._counted: dict[str, Counted] = {}

    @property
    def events(self) -> int:
        """Lines of all objects."""
        return sum(len(counted.events) for counted in self._counted.values())

    @property
    def distinct(self) -> set[int]:
        """Identities of all objects."""
        return {event for counted in self._counted.values() for event in counted.events}

    @property
    def version(self) -> str:
        """A name for just these contents."""
        return digest(sorted(f"{key} {counted.etag}" for key, counted in self._counted.items()))

    def refresh(self) -> None:
        """Read the objects that are new or have changed."""
        changed = [(key, etag) for key, etag in self._objects() if not self._knows(key, etag)]
        with ThreadPoolExecutor(READERS) as readers:
            keys = [key for key, _ in changed]
            self._counted |= zip(keys, readers.map(self._read, keys), strict=True)

    def _knows(self, key: str, etag: str) -> bool:
        return key in self._counted and self._counted[key].etag == etag

    def _objects(self) -> Iterator[tuple[str, str]]:
        pages = aws.client("s3").get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=self._bucket, Prefix=self._prefix):
            found = ((item["Key"], item["ETag"]) for item in page.get("Contents", ()))
            yield from ((key, etag) for key, etag in found if key.endswith(LINES))

    def _read(self, key: str) -> Counted:
        answer = aws.client("s3").get_object(Bucket=self._bucket, Key=key)
        return Counted(answer["ETag"], identities(answer["Body"].read()))
