"""Records of one shard, batch by batch, from a checkpoint on."""

from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from pipeline.consumers.lease import TRIM_HORIZON, Lease, is_after


@dataclass(frozen=True)
class Batch:
    """What was read at once; `ended` says that the shard has no more, `lag_ms` how far behind its
    newest record the reading was.
    """

    shard_id: str
    records: list[dict[str, Any]] = field(default_factory=list)
    lag_ms: int = 0
    ended: bool = False

    @property
    def first(self) -> str:
        """Sequence number of the first record."""
        return str(self.records[0]["SequenceNumber"])

    @property
    def last(self) -> str:
        """Sequence number of the last record."""
        return str(self.records[-1]["SequenceNumber"])


class ShardReader:
    """Reads on from where a lease stands. `kinesis` is a client.

    If its owner before has begun a batch, the first one ends just where that one ended.
    """

    def __init__(self, kinesis: Any, stream: str, lease: Lease, limit: int) -> None:
        self._kinesis = kinesis
        self._stream = stream
        self._shard_id = lease.key
        self._position = lease.checkpoint
        self._until = lease.pending
        self._limit = limit
        self._iterator = ""

    def read(self) -> Batch:
        """The next records, none when there are none yet. After an error, the same again.

        An iterator is good for five minutes, and an endpoint may be away for longer.
        """
        try:
            batch = self._read_begun() if self._until else self._get()
        except (ClientError, BotoCoreError):
            self._iterator = ""
            raise
        if batch.records:
            self._position = batch.last
        return batch

    def _read_begun(self) -> Batch:
        """Up to the end of the batch that was begun, and no further."""
        records: list[dict[str, Any]] = []
        while True:
            batch = self._get()
            records += batch.records
            if batch.ended or not batch.lag_ms or _reaches(records, self._until):
                break
        begun = [r for r in records if not is_after(r["SequenceNumber"], self._until)]
        if len(begun) < len(records):
            # What was read too much is read again, as a batch of its own.
            self._iterator, batch = "", Batch(self._shard_id, lag_ms=batch.lag_ms)
        self._until = ""
        return Batch(self._shard_id, begun, batch.lag_ms, batch.ended)

    def _get(self) -> Batch:
        iterator = self._iterator or self._begin()
        answer = self._kinesis.get_records(ShardIterator=iterator, Limit=self._limit)
        self._iterator = answer.get("NextShardIterator") or ""
        return Batch(
            self._shard_id,
            answer["Records"],
            answer.get("MillisBehindLatest", 0),
            ended=not self._iterator,
        )

    def _begin(self) -> str:
        where: dict[str, str] = {"ShardIteratorType": TRIM_HORIZON}
        if self._position != TRIM_HORIZON:
            where = {
                "ShardIteratorType": "AFTER_SEQUENCE_NUMBER",
                "StartingSequenceNumber": self._position,
            }
        answer = self._kinesis.get_shard_iterator(
            StreamName=self._stream, ShardId=self._shard_id, **where
        )
        return str(answer["ShardIterator"])


def _reaches(records: list[dict[str, Any]], until: str) -> bool:
    return bool(records) and not is_after(until, records[-1]["SequenceNumber"])
