"""A cursor walks over the records of one shard."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from spark_jobs.kinesis.offsets import BEGIN
from spark_jobs.kinesis.settings import AT_TIMESTAMP, MOST_RECORDS, TRIM_HORIZON

Record = dict[str, Any]

EMPTY_ANSWERS = 20
"""Kinesis may answer without records in the middle of a shard; five requests a second are allowed.
"""


@dataclass(frozen=True)
class Answer:
    """What one request has found; `reached` is the moment up to which the shard is known."""

    records: list[Record]
    reached: float
    ended: bool = False
    at_tip: bool = False


class Cursor:
    """Reads on behind `position`, which is `BEGIN` or a sequence number."""

    def __init__(
        self,
        client: Any,
        stream: dict[str, str],
        shard_id: str,
        position: str,
        start: str,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.shard_id = shard_id
        self.position = position
        self._client = client
        self._stream = stream
        self._start = start
        self._clock = clock
        self._iterator = ""

    def read(self, limit: int) -> Answer:
        """The next records, none when there are none yet."""
        answer = self._ask(limit)
        for _ in range(EMPTY_ANSWERS):
            if answer.records or answer.ended or answer.at_tip:
                break
            answer = self._ask(limit)
        return answer

    def _ask(self, limit: int) -> Answer:
        asked_at = self._clock()
        try:
            answer = self._get(limit)
        except ClientError as error:
            # An iterator is good for five minutes; a batch may take longer.
            if error.response["Error"]["Code"] != "ExpiredIteratorException":
                raise
            self._iterator = ""
            answer = self._get(limit)
        records: list[Record] = answer["Records"]
        self._iterator = answer.get("NextShardIterator") or ""
        behind = answer.get("MillisBehindLatest", 0)
        if records:
            self.position = records[-1]["SequenceNumber"]
        return Answer(
            records, asked_at - behind / 1000, ended=not self._iterator, at_tip=not behind
        )

    def _get(self, limit: int) -> dict[str, Any]:
        iterator = self._iterator or self._begin()
        found: dict[str, Any] = self._client.get_records(
            ShardIterator=iterator, Limit=min(limit, MOST_RECORDS)
        )
        return found

    def _begin(self) -> str:
        answer = self._client.get_shard_iterator(
            **self._stream, ShardId=self.shard_id, **where(self.position, self._start)
        )
        return str(answer["ShardIterator"])


def where(position: str, start: str) -> dict[str, Any]:
    """A position as GetShardIterator takes it."""
    if position != BEGIN:
        return {
            "ShardIteratorType": "AFTER_SEQUENCE_NUMBER",
            "StartingSequenceNumber": position,
        }
    if start == TRIM_HORIZON:
        return {"ShardIteratorType": TRIM_HORIZON}
    moment = datetime.fromtimestamp(float(start), UTC)
    return {"ShardIteratorType": AT_TIMESTAMP, "Timestamp": moment}
