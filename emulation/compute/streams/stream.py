"""One stream: where a record goes, and how shards are read, split and merged.

`Stream` knows nothing of requests or of AWS's errors, so that any front can call it. A write takes
the stream's lock, because a shard may not be closed between choosing it and writing to it; reads
take none.
"""

import json
import logging
import os
import shutil
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from threading import RLock
from typing import Any, NamedTuple

from emulation.compute.streams.consumers import Consumer
from emulation.compute.streams.errors import ShardMissing, StorageFailed, StreamMissing
from emulation.compute.streams.log import ShardLog
from emulation.compute.streams.records import Record, sequence_number
from emulation.compute.streams.shards import (
    Shard,
    child,
    hash_key,
    ordered_neighbours,
    uniform_starts,
)

LOG = logging.getLogger(__name__)

HOUR_MS = 3600 * 1000
METADATA = "stream.json"


class Entry(NamedTuple):
    """A record to store; `explicit_hash_key` overrides the partition key's."""

    partition_key: str
    data: bytes
    explicit_hash_key: int | None = None


class Stored(NamedTuple):
    """Where a record was stored."""

    shard_id: str
    sequence_number: str


class Batch(NamedTuple):
    """What a read gives: records, the ordinal to go on from, and how far the end is away."""

    records: list[Record]
    next_ordinal: int
    millis_behind: int


@dataclass
class StreamState:
    """Everything of a stream but its records; the engine keeps it in a file of the stream."""

    account: str
    region: str
    name: str
    stream_id: str
    created_ms: int
    mode: str
    retention_hours: int = 24
    max_record_kib: int = 1024
    key_id: str | None = None
    tags: dict[str, str] = field(default_factory=dict)
    shards: list[Shard] = field(default_factory=list)
    consumers: tuple[Consumer, ...] = ()
    policy: str | None = None
    shard_metrics: tuple[str, ...] = ()
    warm_mibps: int | None = None
    dropped_before_ms: int = 0
    """What a shorter retention once dropped does not come back with a longer one."""

    def to_json(self) -> str:
        """The text of the file."""
        plain = asdict(self) | {"shards": [shard.to_dict() for shard in self.shards]}
        return json.dumps(plain, indent=1)

    @classmethod
    def from_json(cls, text: str) -> "StreamState":
        """The state of the file's text."""
        plain: dict[str, Any] = json.loads(text)
        return cls(
            **plain
            | {
                "shards": [Shard.from_dict(shard) for shard in plain["shards"]],
                "consumers": tuple(Consumer(**each) for each in plain.get("consumers", ())),
                "shard_metrics": tuple(plain.get("shard_metrics", ())),
            }
        )


class Stream:
    """A stream in its folder."""

    def __init__(self, folder: Path, state: StreamState) -> None:
        self.folder = folder
        self.state = state
        self._lock = RLock()
        self._logs: dict[int, ShardLog] = {}
        self._kept = True
        self._route()

    @classmethod
    def open(cls, folder: Path) -> "Stream":
        """The stream that a folder holds; its records are looked at when they are asked for."""
        return cls(folder, StreamState.from_json((folder / METADATA).read_text()))

    @classmethod
    def create(cls, folder: Path, state: StreamState, shard_count: int) -> "Stream":
        """A new stream of evenly cut shards."""
        starts = uniform_starts(shard_count)
        ends = [start - 1 for start in starts[1:]] + [(1 << 128) - 1]
        state.shards = [
            Shard(number, start, end, state.created_ms // 1000)
            for number, (start, end) in enumerate(zip(starts, ends, strict=True))
        ]
        folder.mkdir(parents=True)
        stream = cls(folder, state)
        # A power failure may take a stream of this second, and leaves an empty file of it.
        stream.save(forced=False)
        return stream

    def save(self, *, forced: bool = True) -> None:
        """Keep the state: whole, or as it was before."""
        with self._lock:
            self._check_kept()
            written = self.folder / f"{METADATA}.new"
            with written.open("w") as file:
                file.write(self.state.to_json())
                file.flush()
                if forced:
                    os.fsync(file.fileno())
            written.replace(self.folder / METADATA)

    def change(self, **changes: Any) -> None:
        """Change the state, and keep it; as it was when it cannot be kept."""
        with self._lock:
            before = self.state
            self.state = replace(before, **changes)
            try:
                self.save()
            except OSError:
                self.state = before
                raise

    def update(self, changes: Callable[[StreamState], dict[str, Any]]) -> None:
        """Change the state by what it is; nobody else changes it meanwhile."""
        with self._lock:
            self.change(**changes(self.state))

    def _route(self) -> None:
        opened = sorted(self.open_shards(), key=lambda shard: shard.start)
        self._routes = [shard.start for shard in opened], opened

    def open_shards(self) -> list[Shard]:
        """The shards that take records."""
        return [shard for shard in self.state.shards if shard.is_open]

    def listed_shards(self, now_ms: int) -> list[Shard]:
        """Every shard that may still hold a record."""
        horizon = self.horizon_ms(now_ms)
        return [
            shard
            for shard in self.state.shards
            if shard.closed_ms is None or shard.closed_ms >= horizon
        ]

    def shard(self, number: int) -> Shard:
        """The shard of a number."""
        try:
            return self.state.shards[number]
        except IndexError:
            raise ShardMissing(f"shardId-{number:012d}") from None

    def horizon_ms(self, now_ms: int) -> int:
        """What arrived before is gone."""
        return max(now_ms - self.state.retention_hours * HOUR_MS, self.state.dropped_before_ms)

    def log(self, number: int) -> ShardLog:
        """The records of a shard."""
        log = self._logs.get(number)
        if log is None:
            with self._lock:
                self._check_kept()
                folder = self.folder / self.shard(number).shard_id
                log = self._logs.setdefault(number, self._logs.get(number) or ShardLog(folder))
        return log

    def shard_for(self, entry: Entry) -> Shard:
        """The open shard whose range holds the record's hash key."""
        key = entry.explicit_hash_key
        starts, shards = self._routes
        return shards[
            bisect_right(starts, hash_key(entry.partition_key) if key is None else key) - 1
        ]

    def put(self, entries: list[Entry], now_ms: int) -> list[Stored | None]:
        """Store records; each shard keeps them in the order given. When this returns, they are
        written, but for those whose place is None: the disk refused them.
        """
        stored: list[Stored | None] = [None] * len(entries)
        with self._lock:
            self._check_kept()
            places: dict[int, list[int]] = {}
            for place, entry in enumerate(entries):
                places.setdefault(self.shard_for(entry).number, []).append(place)
            for number, chosen in places.items():
                written = self._append(number, [entries[place] for place in chosen], now_ms)
                for place, sequence in zip(chosen, written, strict=False):
                    stored[place] = Stored(self.shard(number).shard_id, sequence)
        return stored

    def _append(self, number: int, entries: list[Entry], now_ms: int) -> list[str]:
        """The sequence numbers of the records, or none of them."""
        pairs = [(entry.partition_key.encode(), entry.data) for entry in entries]
        try:
            first, arrival_ms = self.log(number).append(pairs, now_ms)
        except StorageFailed:
            LOG.exception("%s of %s is not writable", self.shard(number).shard_id, self.state.name)
            return []
        base = self.shard(number).base
        return [
            sequence_number(base, ordinal, arrival_ms)
            for ordinal in range(first, first + len(entries))
        ]

    def read(self, number: int, ordinal: int, now_ms: int, *, limit: int, max_bytes: int) -> Batch:
        """The next records of a shard: at least one if there is one, at most `limit` and
        `max_bytes`.
        """
        log = self.log(number)
        ordinal = max(ordinal, log.trim(self.horizon_ms(now_ms)))
        records: list[Record] = []
        for record in log.read(ordinal):
            max_bytes -= len(record.data)
            if records and max_bytes < 0:
                break
            records.append(record)
            if len(records) == limit:
                break
        following = records[-1].ordinal + 1 if records else ordinal
        behind = now_ms - records[-1].arrival_ms if records and following < log.next_ordinal else 0
        return Batch(records, following, max(behind, 0))

    def split(self, number: int, start: int, now_ms: int) -> None:
        """Cut an open shard in two, the upper part beginning at `start`."""
        with self._lock:
            shard = self.shard(number)
            self._replace([shard], [(shard.start, start - 1), (start, shard.end)], now_ms)
            self.save()

    def merge(self, number: int, other: int, now_ms: int) -> None:
        """Make one shard of two open ones whose ranges touch."""
        with self._lock:
            low, high = ordered_neighbours(self.shard(number), self.shard(other))
            self._replace([self.shard(number), self.shard(other)], [(low.start, high.end)], now_ms)
            self.save()

    def rescale(self, count: int, now_ms: int) -> None:
        """Cut the range evenly into `count` open shards, by splits and merges as on AWS."""
        starts = uniform_starts(count)
        with self._lock:
            for start in starts:
                shard = self.shard_for(Entry("", b"", start))
                if shard.start != start:
                    spans = [(shard.start, start - 1), (start, shard.end)]
                    self._replace([shard], spans, now_ms)
            while surplus := [shard for shard in self.open_shards() if shard.start not in starts]:
                high = min(surplus, key=lambda shard: shard.start)
                low = self.shard_for(Entry("", b"", high.start - 1))
                self._replace([low, high], [(low.start, high.end)], now_ms)
            self.save()

    def _replace(self, old: list[Shard], spans: list[tuple[int, int]], now_ms: int) -> None:
        for shard in old:
            following = self.log(shard.number).next_ordinal
            self.state.shards[shard.number] = shard.close(following, now_ms)
        for start, end in spans:
            number = len(self.state.shards)
            self.state.shards.append(child(old, number, start, end, now_ms))
        self._route()
        for shard in old:
            self.log(shard.number).wake()

    def close(self) -> None:
        """Everything to the disk."""
        with self._lock:
            for log in self._logs.values():
                log.close()

    def drop(self, dropped: Path) -> None:
        """Move the records out of reach, at once and for good, then delete them."""
        with self._lock:
            self._kept = False
            self.close()
            shutil.rmtree(self.folder.rename(dropped))
            for log in self._logs.values():
                log.wake()

    @property
    def is_kept(self) -> bool:
        """Whether the stream still exists."""
        return self._kept

    def _check_kept(self) -> None:
        """Who found the stream before it was deleted must not make its folder again."""
        if not self._kept:
            raise StreamMissing(self.state.name)
