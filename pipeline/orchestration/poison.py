"""What the lake could not take: look at it, and send it again.

Sent again means into the stream, so that everybody who reads it gets it, and the object goes only
after the stream has taken it. A kill in between sends an event twice, which the lake takes once.
What still breaks the contract stays where it is, with the new reason and the old payload.
"""

import hashlib
import json
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import batched
from typing import Any

from botocore.exceptions import ClientError

from pipeline import aws
from pipeline.contracts import events, fields, poison
from pipeline.contracts.fields import InvalidEvent
from pipeline.contracts.poison import GivenUp, SetAside
from pipeline.errors import SettingError
from pipeline.producers.lanes import BATCH, put

WORKERS = 8
ID_LENGTH = 10


@dataclass(frozen=True)
class Waiting:
    """One object, without its payload: thousands may wait."""

    key: str
    kind: str
    reason: str
    arrived: str
    holds: str

    @classmethod
    def of(cls, key: str, content: SetAside | GivenUp) -> "Waiting":
        """What an object holds, in words."""
        if isinstance(content, GivenUp):
            arrived, holds = content.arrived, f"{len(content.records):,} records"
        else:
            arrived = datetime.fromtimestamp(content.arrived_at, UTC).isoformat()
            holds = f"{len(content.data):,} bytes"
        return cls(key, content.kind, content.reason, arrived[:19], holds)

    @property
    def id(self) -> str:
        """A short name for people, the same at each look."""
        return hashlib.sha256(self.key.encode()).hexdigest()[:ID_LENGTH]


@dataclass(frozen=True)
class Outcome:
    """What became of one object: empty, or why it stays."""

    waiting: Waiting
    stays: str = ""


@dataclass(frozen=True)
class Changes:
    """What is done to a payload before it is sent again."""

    set: Mapping[str, Any] = field(default_factory=dict)
    unset: frozenset[str] = frozenset()

    @classmethod
    def parse(cls, given: Sequence[str], unset: Sequence[str]) -> "Changes":
        """From `name=value` words; a value that is not JSON is text.

        Raises:
            SettingError: a word without a name or `=`.
        """
        parsed = {}
        for word in given:
            name, equals, value = word.partition("=")
            if not (name and equals):
                raise SettingError(f"--set takes NAME=VALUE, not {word!r}.")
            parsed[name] = _value(value)
        return cls(parsed, frozenset(unset))

    def apply(self, data: bytes) -> bytes:
        """The changed payload; the same bytes when nothing is to change.

        Raises:
            InvalidEvent: there is no object to change.
        """
        if not self:
            return data
        try:
            event = json.loads(data.decode())
        except (ValueError, RecursionError) as error:
            raise InvalidEvent(fields.NOT_JSON, f"not JSON: {error}") from error
        if not isinstance(event, dict):
            raise InvalidEvent(fields.NO_OBJECT, "there is no object whose fields could be set")
        kept = {name: value for name, value in event.items() if name not in self.unset}
        return json.dumps({**kept, **self.set}).encode()

    def __bool__(self) -> bool:
        return bool(self.set or self.unset)

    def __str__(self) -> str:
        told = [f"{name}={json.dumps(value)}" for name, value in self.set.items()]
        return ", ".join([*told, *(f"without {name}" for name in sorted(self.unset))])


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


class Aside:
    """What stands beside the lake of a bucket."""

    def __init__(self, bucket: str, stream: str) -> None:
        self._bucket = bucket
        self._stream = stream

    def look(self, *, ids: Sequence[str] = (), kind: str = "") -> list[Waiting]:
        """What waits: all, or what is named.

        Raises:
            SettingError: an id names nothing, or more than one object.
        """
        with ThreadPoolExecutor(WORKERS) as readers:
            found = [item for item in readers.map(self._look, self._keys()) if item]
        if ids:
            found = [_one(found, id_) for id_ in dict.fromkeys(ids)]
        return [item for item in found if kind in {"", item.kind}]

    def read(self, key: str) -> bytes | None:
        """An object as it stands; None when it was seen to meanwhile."""
        try:
            answer = aws.client("s3").get_object(Bucket=self._bucket, Key=key)
        except ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchKey":
                raise
            return None
        content: bytes = answer["Body"].read()
        return content

    def redrive(self, waiting: Iterable[Waiting], changes: Changes) -> Iterator[Outcome]:
        """Send each again."""
        with ThreadPoolExecutor(WORKERS) as workers:
            yield from workers.map(lambda item: self._redrive(item, changes), waiting)

    def _redrive(self, waiting: Waiting, changes: Changes) -> Outcome:
        content = self.read(waiting.key)
        if content is None:
            return Outcome(waiting)
        match poison.read(waiting.key, content):
            case GivenUp() if changes:
                return Outcome(waiting, "a batch is sent as it is: no field can be set")
            case GivenUp(records=records):
                self._send(records)
            case SetAside() as aside:
                try:
                    event = events.decode(changes.apply(aside.data))
                except InvalidEvent as error:
                    return self._keep(waiting, aside, error, str(changes))
                self._send([(events.partition_key(event), events.encode(event))])
        aws.client("s3").delete_object(Bucket=self._bucket, Key=waiting.key)
        return Outcome(waiting)

    def _keep(self, waiting: Waiting, old: SetAside, error: InvalidEvent, tried: str) -> Outcome:
        reason = f"with {tried}: {error}" if tried else str(error)
        new = replace(old, kind=error.kind, reason=reason)
        if new != old:
            aws.client("s3").put_object(
                Bucket=self._bucket,
                Key=waiting.key,
                Body=new.encode(),
                ContentType="application/json",
            )
        return Outcome(waiting, reason)

    def _send(self, records: Iterable[tuple[str, bytes]]) -> None:
        # A batch of Lambda is at most 6 MB in base64, so no request of its records is too large.
        for batch in batched(records, BATCH, strict=False):
            asked = [{"PartitionKey": key, "Data": data} for key, data in batch]
            put(self._stream, asked, threading.Event())

    def _keys(self) -> Iterator[str]:
        pages = aws.client("s3").get_paginator("list_objects_v2")
        for prefix in (poison.POISON, poison.GIVEN_UP):
            for page in pages.paginate(Bucket=self._bucket, Prefix=prefix):
                yield from (item["Key"] for item in page.get("Contents", ()))

    def _look(self, key: str) -> Waiting | None:
        content = self.read(key)
        return Waiting.of(key, poison.read(key, content)) if content is not None else None


def _one(found: Sequence[Waiting], id_: str) -> Waiting:
    named = [item for item in found if id_ and (item.id.startswith(id_) or item.key == id_)]
    if len(named) != 1:
        many = f"{len(named)} records" if named else "no record"
        raise SettingError(f"{id_!r} names {many} of `python -m pipeline poison list`.")
    return named[0]
