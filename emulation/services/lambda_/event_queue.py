"""When accepted events run: at once, and again after a failure, with Lambda's waits between."""

import heapq
import itertools
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable

from emulation.services.lambda_ import queued_events
from emulation.services.lambda_.queued_events import QueuedEvent

AT_ONCE = 32
"""Events of one function that run at the same time. AWS goes further, and more slowly."""

AFTER_ERROR_SECONDS = 60.0
"""When an event is tried again whose attempt failed here, which nobody foresaw."""


class EventQueue:
    """Calls `attempt` with each event when it is due; it says when the event is due again, or None
    when it is done with.
    """

    def __init__(self, attempt: Callable[[QueuedEvent], float | None]) -> None:
        self._attempt = attempt
        self._changed = threading.Condition()
        self._waiting: list[tuple[float, int, QueuedEvent]] = []
        self._numbers = itertools.count()
        self._ready: dict[str, deque[QueuedEvent]] = defaultdict(deque)
        self._running: defaultdict[str, int] = defaultdict(int)
        self._known: set[str] = set()
        self._scheduler: threading.Thread | None = None

    def accept(self, event: QueuedEvent) -> None:
        """Keep it and run it soon."""
        event.save()
        self._add(event)

    def load(self, function_arn: str) -> None:
        """Take up the function's events that an emulator before this one has left."""
        for event in queued_events.kept(function_arn):
            self._add(event)

    def _add(self, event: QueuedEvent) -> None:
        with self._changed:
            if event.request_id in self._known:
                return
            self._known.add(event.request_id)
            self._schedule(event)

    def _schedule(self, event: QueuedEvent) -> None:
        heapq.heappush(self._waiting, (event.due, next(self._numbers), event))
        if self._scheduler is None:
            self._scheduler = _thread("lambda-events", self._run)
        self._changed.notify()

    def _run(self) -> None:
        """The scheduler: hand out what is due, for ever."""
        with self._changed:
            while True:
                now = time.time()
                while self._waiting and self._waiting[0][0] <= now:
                    event = heapq.heappop(self._waiting)[2]
                    self._ready[event.function_arn].append(event)
                    self._work(event.function_arn)
                self._changed.wait(self._waiting[0][0] - now if self._waiting else None)

    def _work(self, function_arn: str) -> None:
        ready = self._ready[function_arn]
        while ready and self._running[function_arn] < AT_ONCE:
            self._running[function_arn] += 1
            _thread(f"lambda-event-{function_arn}", self._serve, ready.popleft())

    def _serve(self, event: QueuedEvent) -> None:
        due: float | None = time.time() + AFTER_ERROR_SECONDS
        try:
            due = self._attempt(event)
        finally:
            self._settle(event, due)

    def _settle(self, event: QueuedEvent, due: float | None) -> None:
        if due is None:
            event.forget()
        else:
            event.due = due
            event.save()
        with self._changed:
            if due is None:
                self._known.discard(event.request_id)
            else:
                self._schedule(event)
            self._running[event.function_arn] -= 1
            self._work(event.function_arn)


def _thread(name: str, target: Callable[..., None], *arguments: object) -> threading.Thread:
    thread = threading.Thread(target=target, args=arguments, name=name, daemon=True)
    thread.start()
    return thread
