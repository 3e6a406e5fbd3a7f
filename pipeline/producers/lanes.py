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
from collections import deque
from collections.abc import Iterable, Set
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from pipeline import aws
from pipeline.contracts import events
from pipeline.contracts.events import Event
from pipeline.errors import LateError, StoppedError

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


class Lane:
    """Sends batches one after the other, but for the events that are `known` to be sent.

    `count` is how many events of the lane are passed, `sent` how many of them by this one.
    """

    def __init__(self, stream: str, count: int, known: Set[str] = frozenset()) -> None:
        self.count = count
        self.sent = 0
        self._stream = stream
        self._known = known
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="lane")
        self._waiting: deque[Future[None]] = deque()
        self._broken = False
        self._stopped = threading.Event()

    def offer(self, batch: Batch) -> None:
        """Have a batch sent; waits while many are waiting already, raises what the lane met."""
        self._wait(WAITING_BATCHES)
        self._waiting.append(self._thread.submit(self._pass, batch))

    def finish(self) -> None:
        """Wait for the rest to be sent."""
        self._wait(0)

    def stop(self) -> None:
        """End after the batch that is on its way."""
        self._stopped.set()
        self._thread.shutdown(cancel_futures=True)

    def _wait(self, most: int) -> None:
        while len(self._waiting) > most:
            self._waiting.popleft().result()

    def _pass(self, batch: Batch) -> None:
        if self._broken or self._stopped.is_set():
            return
        # Behind a batch that failed nothing may be sent: the count has no gaps.
        self._broken = True
        unsent = [event for event in batch if event["event_id"] not in self._known]
        send(self._stream, unsent, self._stopped)
        self.count += len(batch)
        self.sent += len(unsent)
        self._broken = False


def send(stream: str, batch: Batch, stopped: threading.Event) -> None:
    """Send a batch of events, as `put`."""
    records = [
        {"Data": events.encode(event), "PartitionKey": events.partition_key(event)}
        for event in batch
    ]
    put(stream, records, stopped)


def put(stream: str, records: list[dict[str, Any]], stopped: threading.Event) -> None:
    """Send at most `BATCH` records; what the stream refuses is sent again until it takes it.

    Raises:
        LateError: it took none for a long time.
        StoppedError: `stopped` was set meanwhile.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    pause = 0.05
    while records:
        refused = _put(stream, records)
        if len(refused) < len(records):
            deadline, pause = time.monotonic() + PATIENCE_SECONDS, 0.05
        elif time.monotonic() > deadline:
            raise LateError(f"{stream} took no record for {PATIENCE_SECONDS:.0f} s.")
        records = refused
        if records and stopped.wait(random.uniform(pause / 2, pause)):
            raise StoppedError(f"{len(records)} records that {stream} refused were not sent again.")
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
