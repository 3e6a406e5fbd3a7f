"""Tell the flights of some days to the stream: at full speed, or so many times faster than they
happened.

Days are counted from 1 January 2013. A stream's producer remembers what it told
(`pipeline/producers/position.py`): asked for more days it tells those that are missing, asked again
it tells nothing.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

from pipeline.contracts.events import Event
from pipeline.producers import tables
from pipeline.producers.lanes import BATCH, Batch, Lane, lane_of
from pipeline.producers.position import LANES, Position, PositionObject, received_since
from pipeline.producers.timeline import count, timeline

SAVE_SECONDS = 2.0
TICK_SECONDS = 0.2
"""What happens within so long is sent together when events are told in their own time."""

Progress = Callable[[int], None]
"""Called with how many of the asked-for days' events are told by now."""


def expected_events(days: int, *, after: int = 0) -> int:
    """How many events tell the first `days` days, without the first `after` of them."""
    return count(tables.days(days, after=after))


def send(
    stream: str, days: int, *, state_bucket: str, speed: float = 0, progress: Progress | None = None
) -> int:
    """Tell the first `days` days as far as they are not told yet; how many events were sent.

    `speed` is how many times faster than real time; 0 is as fast as the stream takes it. Whatever
    ends it - an error, an interrupt, a kill - the next call goes on from there.
    """
    kept = PositionObject(state_bucket, stream)
    position = kept.load()
    sent = 0
    while position.is_open or days > position.done:
        if not position.is_open:
            position = position.begin(days)
            kept.save(position)
        sent += Telling(stream, position, kept, progress or _ignore).tell(speed)
        position = position.finish()
        kept.save(position)
    return sent


def _ignore(_: int) -> None:
    """Nobody wants to know."""


class Telling:
    """One run over the days of a position, from there on."""

    def __init__(
        self, stream: str, position: Position, kept: PositionObject, progress: Progress
    ) -> None:
        self._position = position
        self._kept = kept
        self._progress = progress
        self._before = expected_events(position.done)
        resumed = position.written_at
        known = received_since(stream, resumed) if resumed else frozenset()
        self._lanes = [Lane(stream, passed, known) for passed in position.lanes]
        self._batches: list[Batch] = [[] for _ in self._lanes]
        self._saved_at = time.monotonic()

    def tell(self, speed: float) -> int:
        """Send what is left; how many events that were."""
        events = self._left()
        with self._running():
            for event in paced(events, speed, self._flush) if speed else events:
                lane = lane_of(event, LANES)
                self._batches[lane].append(event)
                if len(self._batches[lane]) == BATCH:
                    self._offer(lane)
            self._flush()
            for sending in self._lanes:
                sending.finish()
                self._progress(self._told())
        return sum(lane.sent for lane in self._lanes)

    def _left(self) -> Iterator[Event]:
        """The events that the lanes have not passed."""
        days = tables.days(self._position.until, after=self._position.done)
        passed = list(self._position.lanes)
        for event in timeline(days):
            lane = lane_of(event, LANES)
            if passed[lane]:
                passed[lane] -= 1
            else:
                yield event

    @contextmanager
    def _running(self) -> Iterator[None]:
        """With the lanes at work; however it ends, the position is kept."""
        try:
            yield
        finally:
            for lane in self._lanes:
                lane.stop()
            self._save()

    def _flush(self) -> None:
        for lane, batch in enumerate(self._batches):
            if batch:
                self._offer(lane)

    def _offer(self, lane: int) -> None:
        self._lanes[lane].offer(self._batches[lane])
        self._batches[lane] = []
        self._progress(self._told())
        if time.monotonic() - self._saved_at > SAVE_SECONDS:
            self._save()

    def _told(self) -> int:
        return self._before + sum(lane.count for lane in self._lanes)

    def _save(self) -> None:
        self._kept.save(replace(self._position, lanes=tuple(lane.count for lane in self._lanes)))
        self._saved_at = time.monotonic()


def paced(events: Iterator[Event], speed: float, flush: Callable[[], None]) -> Iterator[Event]:
    """The events when they are due: the first at once, the others `speed` times faster than they
    happened. `flush` is called before each wait.
    """
    first: float | None = None
    began = time.monotonic()
    for event in events:
        happened = datetime.fromisoformat(event["event_time"]).timestamp()
        first = happened if first is None else first
        wait = began + (happened - first) / speed - time.monotonic()
        if wait > 0:
            flush()
            time.sleep(max(wait, TICK_SECONDS))
        yield event
