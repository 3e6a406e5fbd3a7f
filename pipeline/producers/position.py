"""How far the telling of the flights is, kept in S3: a second run goes on where the first ended.

Events are told in lanes, each in a fixed order, so a number for each lane says what was sent. The
position is written while sending, not with each request. What the stream took after the last
written position is therefore asked of the stream itself (`received_since`), so that also a producer
that was killed sends nothing twice. The object is only written as it was read: of two producers of
one stream the second stops.
"""

import json
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from pipeline import aws
from pipeline.contracts import events
from pipeline.errors import StoppedError

LANES = 4
SLACK = timedelta(minutes=2)
"""For clocks that differ, and for requests that were on their way."""

GET_LIMIT = 10_000


@dataclass(frozen=True)
class Position:
    """Days 1 to `done` are told; of days `done + 1` to `until`, each lane's first events are."""

    done: int = 0
    until: int = 0
    lanes: tuple[int, ...] = (0,) * LANES
    written_at: str = ""

    @property
    def is_open(self) -> bool:
        """Whether a telling was begun and not finished."""
        return self.until > self.done

    def begin(self, until: int) -> "Position":
        """Going to tell the days up to `until`."""
        return Position(done=self.done, until=until)

    def finish(self) -> "Position":
        """Told them all."""
        return Position(done=self.until, until=self.until)


class PositionObject:
    """The position of a stream's producer, in an object of a bucket."""

    def __init__(self, bucket: str, stream: str) -> None:
        self._bucket = bucket
        self._key = f"state/produced/{stream}.json"
        self._etag: str | None = None

    def load(self) -> Position:
        """The position; nothing is told where there is none."""
        try:
            answer = aws.client("s3").get_object(Bucket=self._bucket, Key=self._key)
        except ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchKey":
                raise
            return Position()
        self._etag = answer["ETag"]
        stored = json.loads(answer["Body"].read())
        return Position(**stored | {"lanes": tuple(stored["lanes"])})

    def save(self, position: Position) -> None:
        """Keep the position.

        Raises:
            StoppedError: another producer keeps its position here.
        """
        condition = {"IfMatch": self._etag} if self._etag else {"IfNoneMatch": "*"}
        now = replace(position, written_at=datetime.now(UTC).isoformat())
        try:
            answer = aws.client("s3").put_object(
                Bucket=self._bucket, Key=self._key, Body=json.dumps(asdict(now)), **condition
            )
        except ClientError as error:
            if error.response["Error"]["Code"] not in {"PreconditionFailed", "NoSuchKey"}:
                raise
            raise StoppedError(
                f"Another producer writes s3://{self._bucket}/{self._key}; one is enough."
            ) from error
        self._etag = answer["ETag"]


def received_since(stream: str, moment: str) -> set[str]:
    """The events that the stream took since then, and some of just before."""
    kinesis = aws.client("kinesis")
    start = datetime.fromisoformat(moment) - SLACK
    found: set[str] = set()
    for page in kinesis.get_paginator("list_shards").paginate(StreamName=stream):
        for shard in page["Shards"]:
            iterator = kinesis.get_shard_iterator(
                StreamName=stream,
                ShardId=shard["ShardId"],
                ShardIteratorType="AT_TIMESTAMP",
                Timestamp=start,
            )["ShardIterator"]
            found |= _identities(kinesis, iterator)
    return found


def _identities(kinesis: Any, iterator: str | None) -> set[str]:
    found: set[str] = set()
    while iterator:
        answer = kinesis.get_records(ShardIterator=iterator, Limit=GET_LIMIT)
        for record in answer["Records"]:
            try:
                found.add(events.decode(record["Data"])["event_id"])
            except events.InvalidEvent:
                continue
        # An open shard never ends; what is sent from now on is ours.
        iterator = answer.get("NextShardIterator") if answer["MillisBehindLatest"] else None
    return found
