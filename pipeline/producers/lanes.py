"""Events to the stream through several lanes: threads with an order of their own each.

All events of a flight take one lane, so they reach the stream in their order. (But for records that
the stream refused and that are sent again right behind their batch: two events of one flight in one
batch may then change places.) A lane's count says how many of its events the stream has taken, in
its order, without gaps.
"""

import random
import threading
import time
import zlib
from collections.abc import Iterable, Set
from queue import Queue
from typing import Any

from pipeline import aws
from pipeline.contracts import events
from pipeline.contracts.events import Event
from pipeline.errors import LateError

BATCH = 500
"""PutRecords takes no more."""

WAITING_BATCHES = 8
PATIENCE_SECONDS = 120.0
"""A stream that takes nothing for so long is given up."""

LONGEST_PAUSE_SECONDS = 5.0

Batch = list[Event]


def lane_of(event: Event, lanes: int) -> int:
    """The lane of an event: the same in every run."""
    return zlib.crc32(events.partition_key(event).encode()) % lanes


class Lane(threading.Thread):
    """Sends batches one after the other, but for the events that are `known` to be sent.

    `count` is how many events of the lane are passed, `sent` how many of them by this one.
    """

    def __init__(self, stream: str, count: int, known: Set[str] = frozenset()) -> None:
        super().__init__(name="lane", daemon=True)
        self.count = count
        self.sent = 0
        self.error: BaseException | None = None
        self._stream = stream
        self._known = known
        self._batches: Queue[Batch | None] = Queue(WAITING_BATCHES)
        self._stopped = threading.Event()

    def offer(self, batch: Batch) -> None:
        """Have a batch sent; waits while many are waiting already, raises what the lane met."""
        if self.error:
            raise self.error
        self._batches.put(batch)

    def finish(self) -> None:
        """Wait for the rest to be sent."""
        self._batches.put(None)
        self.join()
        if self.error:
            raise self.error

    def stop(self) -> None:
        """End after the batch that is on its way."""
        self._stopped.set()
        while self.is_alive():
            # The lane may wait for a batch, or the queue be full.
            while not self._batches.empty():
                self._batches.get()
            self._batches.put(None)
            self.join(0.1)

    def run(self) -> None:
        """Send until there is no more, or something fails."""
        while (batch := self._batches.get()) is not None:
            if self.error or self._stopped.is_set():
                continue
            try:
                unsent = [event for event in batch if event["event_id"] not in self._known]
                send(self._stream, unsent)
            except BaseException as error:  # noqa: BLE001 - raised in the thread that offers
                self.error = error
            else:
                self.count += len(batch)
                self.sent += len(unsent)


def send(stream: str, batch: Batch) -> None:
    """Send a batch; records that the stream refuses are sent again until it takes them."""
    records = [
        {"Data": events.encode(event), "PartitionKey": events.partition_key(event)}
        for event in batch
    ]
    deadline = time.monotonic() + PATIENCE_SECONDS
    pause = 0.05
    while records:
        refused = _put(stream, records)
        if len(refused) < len(records):
            deadline, pause = time.monotonic() + PATIENCE_SECONDS, 0.05
        elif time.monotonic() > deadline:
            raise LateError(f"{stream} took no record for {PATIENCE_SECONDS:.0f} s.")
        records = refused
        if records:
            time.sleep(random.uniform(pause / 2, pause))
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)


def _put(stream: str, records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The records that were not taken."""
    answer = aws.client("kinesis").put_records(StreamName=stream, Records=records)
    if not answer["FailedRecordCount"]:
        return []
    results: Iterable[dict[str, Any]] = answer["Records"]
    return [
        record for record, result in zip(records, results, strict=True) if "ErrorCode" in result
    ]
