"""Feeds: a place in a shard that waits for what comes next, asleep until it is there.

One thread calls `next`; any other may end the feed, which wakes it at once.
"""

import threading
import time
from collections.abc import Callable
from typing import NamedTuple

from emulation.compute.streams.errors import StreamMissing
from emulation.compute.streams.records import Record
from emulation.compute.streams.stream import Stream

RECORDS = 10_000
BYTES = 2 * 1024 * 1024


class News(NamedTuple):
    """What a feed has to tell: records, perhaps none, and whether the shard has no more."""

    records: list[Record]
    next_ordinal: int
    millis_behind: int
    at_end: bool


class Feed:
    """The records of a shard from an ordinal on, as they come.

    Raises:
        StreamMissing: the stream is gone.
    """

    def __init__(
        self, stream: Stream, number: int, ordinal: int, now_ms: Callable[[], int]
    ) -> None:
        self._stream = stream
        self._number = number
        self._ordinal = ordinal
        self._now_ms = now_ms
        self._wake = threading.Event()
        self._ended = threading.Event()
        self._log = stream.log(number)
        self._watches = False

    def next(self, seconds: float) -> News | None:
        """The next records; none of them if none comes in time; None when the feed is ended."""
        deadline = time.monotonic() + seconds
        self._watch()
        while not self._ended.is_set():
            # Before reading: what is written after the read wakes the wait that follows.
            self._wake.clear()
            news = self._read()
            left = deadline - time.monotonic()
            if news.records or news.at_end or left <= 0:
                self._ordinal = news.next_ordinal
                return news
            self._wake.wait(left)
        return None

    def _watch(self) -> None:
        """From the first read on: a feed that nobody reads must not be kept by what it watches."""
        if self._watches or self._ended.is_set():
            return
        self._watches = True
        self._log.watch(self._wake.set)
        if self._ended.is_set():
            # Ended meanwhile, before there was anything to unwatch.
            self._log.unwatch(self._wake.set)

    def _read(self) -> News:
        if not self._stream.is_kept:
            raise StreamMissing(self._stream.state.name)
        # The end is decided before the read: a shard that closes meanwhile is not at it.
        is_open = self._stream.shard(self._number).is_open
        end = self._log.next_ordinal
        batch = self._stream.read(
            self._number, self._ordinal, self._now_ms(), limit=RECORDS, max_bytes=BYTES
        )
        at_end = not is_open and batch.next_ordinal >= end
        return News(batch.records, batch.next_ordinal, batch.millis_behind, at_end)

    def pause(self, seconds: float) -> None:
        """Wait, but not beyond the feed's end."""
        self._ended.wait(seconds)

    def end(self) -> None:
        """Nothing more is told."""
        self._log.unwatch(self._wake.set)
        self._ended.set()
        self._wake.set()
