"""A lane of a shard: its own batches, one at a time, beside the other lanes'.

A mapping with a ParallelizationFactor has so many lanes a shard. The partition key decides about
the lane, so that records of one key stay in order.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Condition

from emulation.services.lambda_.batches import MAX_PAYLOAD_BYTES, Record
from emulation.services.lambda_.delivery import Delivery
from emulation.services.lambda_.exchange import Exchange
from emulation.services.lambda_.windows import WindowedExchange


@dataclass(frozen=True, slots=True)
class Batching:
    """When the records at hand are enough."""

    size: int
    window_seconds: float


class Lane:
    """Gathers records and delivers them, in a thread of its own."""

    def __init__(
        self, changed: Condition, batching: Batching, exchange: Exchange, delivery: Delivery
    ) -> None:
        """`changed` is held by the reader when it calls anything but `run`."""
        self._changed = changed
        self._batching = batching
        self._exchange = exchange
        self._delivery = delivery
        self._records: list[Record] = []
        self._bytes = 0
        self._gathering_since = 0.0
        self._ending = False

    def put(self, records: Sequence[Record]) -> None:
        """More records, in order."""
        if not self._records:
            self._gathering_since = time.monotonic()
        self._records += records
        self._bytes += sum(len(record.text) for record in records)

    def end(self) -> None:
        """Nothing follows: deliver what is there, and return."""
        self._ending = True

    def run(self) -> bool:
        """Deliver until the end; False when the mapping was stopped before."""
        while batch := self._next():
            if not self._delivery.deliver(self._exchange, batch):
                return False
        return not self._delivery.stopped.is_set()

    def _next(self) -> list[Record]:
        """The next batch, as soon as it is due; empty at the end."""
        with self._changed:
            while not (self._ending or self._is_due()):
                self._changed.wait(self._seconds_left())
            return self._cut() if self._records else []

    def _is_due(self) -> bool:
        if not self._records:
            return False
        full = len(self._records) >= self._batching.size or self._bytes >= MAX_PAYLOAD_BYTES
        return full or self._window_end() <= time.monotonic()

    def _seconds_left(self) -> float | None:
        return self._window_end() - time.monotonic() if self._records else None

    def _window_end(self) -> float:
        return self._gathering_since + self._batching.window_seconds

    def _cut(self) -> list[Record]:
        count = self._exchange.count(self._records, self._batching.size)
        batch, self._records = self._records[:count], self._records[count:]
        self._bytes -= sum(len(record.text) for record in batch)
        self._gathering_since = time.monotonic()
        return batch


class WindowedLane(Lane):
    """The one lane of a mapping with tumbling windows."""

    def __init__(
        self,
        changed: Condition,
        batching: Batching,
        exchange: WindowedExchange,
        delivery: Delivery,
    ) -> None:
        super().__init__(changed, batching, exchange, delivery)
        self._windows = exchange
        self._read_until_ms = 0

    def read_until(self, now_ms: int) -> None:
        """Everything that arrived before this time is here."""
        self._read_until_ms = now_ms

    def run(self) -> bool:
        """Deliver until the end, and end each window that is over."""
        while not self._delivery.stopped.is_set():
            batch = self._next()
            if not batch and not self._windows.is_open:
                return True
            if not self._step(batch):
                return False
        return False

    def _step(self, batch: list[Record]) -> bool:
        if not batch:
            return self._delivery.conclude(self._windows, early=False)
        if not self._delivery.deliver(self._windows, batch):
            return False
        return not self._windows.is_full or self._delivery.conclude(self._windows, early=True)

    def _is_due(self) -> bool:
        return self._is_over() or super()._is_due()

    def _is_over(self) -> bool:
        following = self._records[0] if self._records else None
        return self._windows.is_over(following, self._read_until_ms)

    def _cut(self) -> list[Record]:
        """Nothing, where the open window ends before the next record."""
        return [] if self._is_over() else super()._cut()
