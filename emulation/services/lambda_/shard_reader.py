"""One shard of an event source mapping: read it, filter, hand the records to its lanes, and
remember how far they have come.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Event
from zlib import crc32

from emulation.compute.streams.errors import StreamMissing
from emulation.compute.streams.records import Record as Stored
from emulation.services.lambda_ import mapping_metrics as metrics
from emulation.services.lambda_.batches import MAX_PAYLOAD_BYTES, Origin, Record
from emulation.services.lambda_.filter_patterns import Filters
from emulation.services.lambda_.kinesis_source import KinesisSource, Read
from emulation.services.lambda_.lanes import Lane, WindowedLane
from emulation.services.lambda_.mapping_metrics import MappingMetrics
from emulation.services.lambda_.progress import Progress

READ_LIMIT = 10_000
"""Records that one GetRecords returns at most."""

IDLE_SECONDS = 0.5
"""A shard that gets no records is looked at this often: it may have been closed or deleted."""


@dataclass(frozen=True, slots=True)
class Start:
    """Where a shard begins that was never read."""

    ordinal: int
    since: float = 0.0
    """Older records are passed over; a time to come is possible."""


class ShardReader:
    """Runs in a thread of its own, and its lanes in theirs."""

    def __init__(
        self,
        source: KinesisSource,
        number: int,
        origin: Origin,
        filters: Filters,
        lanes: Sequence[Lane],
        progress: Progress,
        stopped: Event,
        pace: Callable[[], float],
        metrics: MappingMetrics,
        most_records: int,
    ) -> None:
        """`pace` gives the seconds between two reads that find little; `most_records` may wait."""
        self._source = source
        self._number = number
        self._origin = origin
        self._filters = filters
        self._lanes = lanes
        self._progress = progress
        self._stopped = stopped
        self._pace = pace
        self._metrics = metrics
        self._most_records = most_records
        self._most_bytes = MAX_PAYLOAD_BYTES * (len(lanes) + 1)
        self._settled: list[bool] = []
        name = threading.current_thread().name
        self._threads = [
            threading.Thread(
                target=self._run_lane, args=(lane,), name=f"{name}-{place}", daemon=True
            )
            for place, lane in enumerate(lanes)
        ]

    def run(self, start: Start) -> bool:
        """Read from there until the shard ends, and wait until all of it is settled; False when the
        mapping was stopped before, or the stream was deleted.
        """
        for thread in self._threads:
            thread.start()
        try:
            ended = self._read_on(start)
        finally:
            self._end_lanes()
        return ended and all(self._settled) and len(self._settled) == len(self._lanes)

    def _run_lane(self, lane: Lane) -> None:
        self._settled.append(lane.run())

    def _end_lanes(self) -> None:
        with self._progress.changed:
            for lane in self._lanes:
                lane.end()
            self._progress.changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _read_on(self, start: Start) -> bool:
        """True at the end of the shard."""
        ordinal = start.ordinal
        while self._has_room():
            try:
                read = self._source.read(self._number, ordinal, READ_LIMIT)
            except StreamMissing:
                return False
            ordinal = read.batch.next_ordinal
            self._take(read, start.since)
            if read.at_end:
                return True
            if not read.behind:
                self._wait(ordinal, found=bool(read.batch.records))
        return False

    def _has_room(self) -> bool:
        """Wait until lanes have settled enough of what was read; False when stopped, or when a lane
        has broken down and reading begins again at the checkpoint.
        """
        with self._progress.changed:
            while self._works() and self._progress.holds(self._most_records, self._most_bytes):
                self._progress.changed.wait(IDLE_SECONDS)
        return self._works()

    def _works(self) -> bool:
        return not self._stopped.is_set() and all(thread.is_alive() for thread in self._threads)

    def _wait(self, ordinal: int, *, found: bool) -> None:
        """Wait for more. After some, a moment: records that come one by one would be as many
        invocations.
        """
        if found:
            self._stopped.wait(self._pace())
            return
        try:
            self._source.wait(self._number, ordinal, IDLE_SECONDS)
        except StreamMissing:
            return

    def _take(self, read: Read, since: float) -> None:
        records = [self._record(stored, since) for stored in read.batch.records]
        kept = [record for record in records if not record.settled]
        self._metrics.events(metrics.POLLED, len(records))
        self._metrics.events(metrics.FILTERED_OUT, len(records) - len(kept))
        # Known as unsettled before a lane can settle them.
        self._progress.take(records)
        with self._progress.changed:
            for lane, chosen in self._sorted(kept):
                lane.put(chosen)
            for lane in self._lanes:
                if isinstance(lane, WindowedLane) and not read.behind:
                    lane.read_until(read.now_ms)
            if records or not read.behind:
                self._progress.changed.notify_all()

    def _record(self, stored: Stored, since: float) -> Record:
        if stored.arrival_ms < since * 1000 or not self._passes(stored):
            return self._origin.passed(stored)
        return self._origin.record(stored)

    def _passes(self, stored: Stored) -> bool:
        return not self._filters or self._filters.passes(
            {
                "kinesisSchemaVersion": "1.0",
                "partitionKey": stored.partition_key,
                "sequenceNumber": self._origin.number(stored),
                "approximateArrivalTimestamp": stored.arrival_ms / 1000,
            },
            stored.data,
        )

    def _sorted(self, records: Sequence[Record]) -> list[tuple[Lane, list[Record]]]:
        """The records of each lane, by partition key."""
        if len(self._lanes) == 1:
            return [(self._lanes[0], list(records))] if records else []
        chosen: list[list[Record]] = [[] for _ in self._lanes]
        for record in records:
            chosen[crc32(record.partition_key.encode()) % len(chosen)].append(record)
        return [(lane, part) for lane, part in zip(self._lanes, chosen, strict=True) if part]
