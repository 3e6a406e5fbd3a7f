"""The records of one shard: segments in a folder, of which the last one grows.

Reading and writing cost the same however much the shard holds; memory holds the sparse indexes
only. Retention drops whole segments, and hides the part of a segment that is too old.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event, Lock

from emulation.compute.streams.records import Record
from emulation.compute.streams.segments import Segment, frame

SEGMENT_BYTES = 64 * 1024 * 1024


class ShardLog:
    """The log of one shard; `append` from one thread at a time, reads from any."""

    def __init__(self, folder: Path, segment_bytes: int = SEGMENT_BYTES) -> None:
        self._folder = folder
        self._segment_bytes = segment_bytes
        self._lock = Lock()
        folder.mkdir(parents=True, exist_ok=True)
        paths = sorted(folder.glob("*.log"))
        self._segments = [Segment.open(path) for path in paths] or [self._new_segment(1)]
        self._watchers: tuple[Callable[[], None], ...] = ()

    def _new_segment(self, first: int) -> Segment:
        segment = Segment(self._folder / f"{first:020d}.log")
        segment.path.touch()
        return segment

    @property
    def next_ordinal(self) -> int:
        """The ordinal that the next record gets."""
        return self._segments[-1].next_ordinal

    @property
    def last_arrival_ms(self) -> int:
        """When the newest record arrived; 0 when there never was one."""
        return max(segment.last_arrival_ms for segment in self._segments[-2:])

    def append(self, records: list[tuple[bytes, bytes]], now_ms: int) -> tuple[int, int]:
        """Store (key, data) pairs; the first one's ordinal and the arrival of all.

        Arrivals never go back, whatever the machine's clock does.
        """
        with self._lock:
            arrival_ms = max(now_ms, self.last_arrival_ms)
            first = self.next_ordinal
            frames = [
                frame(ordinal, arrival_ms, key, data)
                for ordinal, (key, data) in enumerate(records, first)
            ]
            self._segments[-1].append(frames, arrival_ms)
            if self._segments[-1].size >= self._segment_bytes:
                self._segments[-1].seal()
                self._segments.append(self._new_segment(self.next_ordinal))
            self.wake()
            return first, arrival_ms

    def wait_for(self, ordinal: int, seconds: float) -> bool:
        """Wait until this record is stored, or the shard ends; False when it is not within the
        time.
        """
        news = Event()
        self.watch(news.set)
        try:
            if self.next_ordinal <= ordinal:
                news.wait(seconds)
        finally:
            self.unwatch(news.set)
        return self.next_ordinal > ordinal

    def watch(self, watcher: Callable[[], None]) -> None:
        """Call the watcher whenever there may be news: records, or the end of the shard."""
        with self._lock:
            self._watchers = (*self._watchers, watcher)

    def unwatch(self, watcher: Callable[[], None]) -> None:
        """Call it no more."""
        with self._lock:
            self._watchers = tuple(other for other in self._watchers if other != watcher)

    def wake(self) -> None:
        """Tell the watchers; without any it costs nothing."""
        for watcher in self._watchers:
            watcher()

    def read(self, ordinal: int) -> Iterator[Record]:
        """The stored records from `ordinal` on; those that are trimmed meanwhile are left out."""
        segments = list(self._segments)
        start = bisect_right(segments, ordinal, key=lambda segment: segment.first) - 1
        for segment in segments[max(start, 0) :]:
            if segment.size:
                try:
                    yield from segment.read(ordinal)
                except FileNotFoundError:
                    continue

    def ordinal_at(self, arrival_ms: int) -> int:
        """The first ordinal that arrived at that time or later; the next one when there is none."""
        for segment in list(self._segments):
            if segment.last_arrival_ms >= arrival_ms:
                try:
                    return segment.ordinal_at(arrival_ms)
                except FileNotFoundError:
                    continue
        return self.next_ordinal

    def trim(self, horizon_ms: int) -> int:
        """Drop the segments that are wholly older; the first ordinal that is still readable."""
        with self._lock:
            while len(self._segments) > 1 and self._segments[0].last_arrival_ms < horizon_ms:
                self._segments.pop(0).delete()
        oldest = self._segments[0]
        if oldest.first_arrival_ms is None or oldest.first_arrival_ms >= horizon_ms:
            return oldest.first
        return self.ordinal_at(horizon_ms)

    def close(self) -> None:
        """Everything to the disk; the log opens itself again when it is written to."""
        with self._lock:
            for segment in self._segments:
                segment.close()
