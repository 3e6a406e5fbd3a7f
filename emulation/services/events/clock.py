"""What is to happen at a time: one thread that waits for the next of it, and none while nothing is.

Whoever is called works in the pool, so that a slow one delays nobody.
"""

import heapq
import itertools
import logging
import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime

LOG = logging.getLogger(__name__)

Work = Callable[[], None]

POOL = ThreadPoolExecutor(max_workers=16, thread_name_prefix="events")
"""Where deliveries and schedules are carried out; its threads start as they are needed."""

LONGEST_WAIT = 30.0
"""A laptop that slept notices within so many seconds."""


def submit(work: Work) -> None:
    """Carry out in the pool; what fails there by a mistake of ours is at least told."""
    POOL.submit(work).add_done_callback(_tell)


def _tell(done: Future[None]) -> None:
    if error := done.exception():
        LOG.error("work of EventBridge failed", exc_info=error)


class Clock:
    """Calls what is due, once; a key has one time, and a new time takes the place of the last."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._heap: list[tuple[datetime, int, Hashable, Work]] = []
        self._current: dict[Hashable, int] = {}
        """The entry that counts, by key."""
        self._numbers = itertools.count()
        self._thread: threading.Thread | None = None

    def at(self, key: Hashable, moment: datetime, work: Work) -> None:
        """Call then."""
        with self._changed:
            number = next(self._numbers)
            self._current[key] = number
            heapq.heappush(self._heap, (moment, number, key, work))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="events-clock", daemon=True)
                self._thread.start()
            self._changed.notify()

    def cancel(self, key: Hashable) -> None:
        """Do not call."""
        with self._changed:
            self._current.pop(key, None)

    def _run(self) -> None:
        while True:
            with self._changed:
                due = self._take_due()
                if not due:
                    self._changed.wait(self._wait())
            for work in due:
                submit(work)

    def _take_due(self) -> list[Work]:
        """What is due and has not been cancelled or moved."""
        now, due = datetime.now(UTC), []
        while self._heap and self._heap[0][0] <= now:
            _, number, key, work = heapq.heappop(self._heap)
            if self._current.get(key) == number:
                del self._current[key]
                due.append(work)
        return due

    def _wait(self) -> float | None:
        if not self._heap:
            return None
        seconds = (self._heap[0][0] - datetime.now(UTC)).total_seconds()
        return min(max(seconds, 0.0), LONGEST_WAIT)


CLOCK = Clock()
"""The emulator's one clock of events."""
