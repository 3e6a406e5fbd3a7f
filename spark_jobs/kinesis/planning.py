"""Where a batch ends, known before it is run.

Kinesis cannot be asked where a shard ends, and a batch that ends wherever its reading happened to
end is another one when it is run again. So the planner reads ahead, and the batch is what it has
read: the ends go into Spark's log, the records go along with the batch (GetRecords is the scarce
thing: two megabytes and five requests a second for each shard, for all readers together). Only a
batch that is run again after a restart is read anew, from one sequence number to the other.

Shards are read in step, by the time of arrival: a batch ends at a moment up to which every shard
is known. Else a shard with few records would run days ahead of its neighbour while old records are
read, and whatever watermark there is would call the neighbour's late. What was read beyond that
moment waits for the next batch.
"""

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from spark_jobs.kinesis.cursor import Cursor, Record
from spark_jobs.kinesis.offsets import SHARD_END, Offset, Range, followed

READERS = 8


class Ahead:
    """A shard of which more was read than planned."""

    def __init__(self, cursor: Cursor) -> None:
        self.cursor = cursor
        self.planned = cursor.position
        self.ended = False
        self._read: list[Record] = []
        self._reached = -math.inf

    @property
    def finished(self) -> bool:
        """Whether everything is planned, and there will be no more."""
        return self.ended and not self._read

    @property
    def reached(self) -> float:
        """The moment up to which all records of the shard are known."""
        return self._reached

    def fill(self, limit: int) -> None:
        """Read up to so many records, or to the tip."""
        while not self.ended and len(self._read) < limit:
            answer = self.cursor.read(limit - len(self._read))
            self._read += answer.records
            self.ended = answer.ended
            self._reached = answer.reached
            if answer.at_tip or not answer.records:
                break
        if self._read and (self.ended or len(self._read) >= limit):
            # Behind the last record there may be more at once: in this shard, or in its children.
            self._reached = max(map(arrival, self._read))

    def take(self, until: float) -> tuple[Range, list[Record]]:
        """The records that have arrived by then, and where they lie."""
        count = next(
            (at for at, record in enumerate(self._read) if arrival(record) > until),
            len(self._read),
        )
        taken, self._read = self._read[:count], self._read[count:]
        after = self.planned
        if taken:
            self.planned = taken[-1]["SequenceNumber"]
        if self.finished:
            self.planned = SHARD_END
        return Range(self.cursor.shard_id, after, self.planned), taken


@dataclass(frozen=True)
class Plan:
    """A batch: its end, and the records of its ranges."""

    end: Offset
    records: dict[Range, list[Record]]


class Planner:
    """Plans batch after batch. `shards()` lists the stream's shards as AWS describes them, and
    `cursor(shard_id, position, start)` reads one.
    """

    def __init__(
        self,
        shards: Callable[[], list[dict[str, Any]]],
        cursor: Callable[[str, str, str], Cursor],
        records_per_shard: int,
    ) -> None:
        self._shards = shards
        self._cursor = cursor
        self._limit = records_per_shard
        self._ahead: dict[str, Ahead] = {}
        self._followed: set[str] = set()
        self._pool = ThreadPoolExecutor(READERS, thread_name_prefix="shard")

    def begin(self, start: str) -> Offset:
        """Before the first record."""
        return followed(Offset(start), self._shards())

    def next(self, done: Offset) -> Plan:
        """The batch behind an offset; its end is that offset when there is nothing new."""
        done, reading = self._read(done)
        until = min((shard.reached for shard in reading), default=math.inf)
        taken = dict(shard.take(until) for shard in reading)
        moved = {found.shard_id: found.until for found in taken}
        return Plan(Offset(done.start, {**done.shards, **moved}), taken)

    def stop(self) -> None:
        """Read nothing any more."""
        self._pool.shutdown(cancel_futures=True)

    def _read(self, done: Offset) -> tuple[Offset, list[Ahead]]:
        """Read on in all shards; where one has ended with nothing left, in its children."""
        while True:
            done = self._follow(done)
            open_shards = [key for key, at in done.shards.items() if at != SHARD_END]
            reading = [self._reader(done, key) for key in open_shards]
            list(self._pool.map(lambda shard: shard.fill(self._limit), reading))
            ended = {shard.cursor.shard_id: SHARD_END for shard in reading if shard.finished}
            if not ended:
                return done, reading
            done = Offset(done.start, {**done.shards, **ended})

    def _follow(self, done: Offset) -> Offset:
        """With the children of shards that have ended since."""
        ended = {key for key, position in done.shards.items() if position == SHARD_END}
        if ended <= self._followed:
            return done
        self._followed = ended
        return followed(done, self._shards())

    def _reader(self, done: Offset, shard_id: str) -> Ahead:
        """What has read on from there; anew, where it has not."""
        known = self._ahead.get(shard_id)
        if known is None or known.planned != done.shards[shard_id]:
            known = Ahead(self._cursor(shard_id, done.shards[shard_id], done.start))
            self._ahead[shard_id] = known
        return known


def arrival(record: Record) -> float:
    """When Kinesis took a record."""
    moment: float = record["ApproximateArrivalTimestamp"].timestamp()
    return moment
