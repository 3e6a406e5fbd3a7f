"""Objects of the raw lake as sets of events, which only grow: docs/decisions/0002."""

import json
import random
import time
from collections import OrderedDict
from threading import Lock
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

TRIES = 12
REMEMBERED = 64
"""Objects that a warm function keeps: some 350 KB each."""

LOST_THE_RACE = {"PreconditionFailed", "ConditionalRequestConflict"}
NOT_THERE = {"NoSuchKey", "404"}


class Stored(NamedTuple):
    """An object as it was read or written: its lines by identity, and its entity tag."""

    lines: dict[str, bytes]
    etag: str | None


class ContendedObject(RuntimeError):
    """Others wrote an object in every moment between reading and writing it."""


class Lake:
    """A bucket whose raw objects are sets. `s3` is a client."""

    def __init__(self, s3: Any, bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._remembered: OrderedDict[str, Stored] = OrderedDict()
        self._lock = Lock()

    def add(self, key: str, lines: dict[str, bytes]) -> int:
        """Put the lines into the object of `key` that are not in it; how many that were."""
        stored = self._recall(key) or self._read(key)
        for attempt in range(TRIES):
            new = {name: line for name, line in lines.items() if name not in stored.lines}
            if not new:
                self._remember(key, stored)
                return 0
            if written := self._write(key, stored, new):
                self._remember(key, written)
                return len(new)
            # Somebody else wrote since it was read, maybe the same events.
            time.sleep(random.uniform(0, 0.02 * 2 ** min(attempt, 6)))
            stored = self._read(key)
        raise ContendedObject(f"s3://{self._bucket}/{key} changed {TRIES} times while it was read")

    def _write(self, key: str, stored: Stored, new: dict[str, bytes]) -> Stored | None:
        """What is stored now, or None when the object is not as it was read."""
        lines = stored.lines | new
        condition = {"IfMatch": stored.etag} if stored.etag else {"IfNoneMatch": "*"}
        body = b"".join(lines[name] + b"\n" for name in sorted(lines))
        try:
            answer = self._s3.put_object(
                Bucket=self._bucket,
                Key=key,
                Body=body,
                ContentType="application/jsonl",
                **condition,
            )
        except ClientError as error:
            # An object that was deleted meanwhile has no tag to match.
            if error.response["Error"]["Code"] in LOST_THE_RACE | NOT_THERE:
                return None
            raise
        return Stored(lines, answer["ETag"])

    def _read(self, key: str) -> Stored:
        try:
            answer = self._s3.get_object(Bucket=self._bucket, Key=key)
        except ClientError as error:
            if error.response["Error"]["Code"] in NOT_THERE:
                return Stored({}, None)
            raise
        lines = answer["Body"].read().splitlines()
        return Stored({json.loads(line)["event_id"]: line for line in lines}, answer["ETag"])

    def _recall(self, key: str) -> Stored | None:
        with self._lock:
            return self._remembered.pop(key, None)

    def _remember(self, key: str, stored: Stored) -> None:
        with self._lock:
            self._remembered[key] = stored
            while len(self._remembered) > REMEMBERED:
                self._remembered.popitem(last=False)
