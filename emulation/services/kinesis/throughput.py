"""What a shard lets through in a second, applied when the setting `limits` is on.

AWS's figures: 1 MiB and 1,000 records in; 2 MiB and 5 reads out; 2 MiB to each subscription. One
request may take more than a second's worth - a read of 10 MiB, or a record of as much - and then
the seconds after it are used up too: no other is let through until they are over.
"""

import threading
from collections.abc import Sequence
from weakref import WeakKeyDictionary

from emulation.compute.once import once
from emulation.compute.streams.stream import Batch, Entry, Stream
from emulation.services.kinesis import errors, metrics, monitoring
from emulation.settings import settings

MIB = 1024 * 1024
BYTES_IN, RECORDS_IN = MIB, 1000
BYTES_OUT, READS_OUT = 2 * MIB, 5
SECOND_MS = 1000


class Rate:
    """How much of something has passed in the present second."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._used = 0
        self._start_ms = 0

    def fits(self, amount: int, now_ms: int) -> bool:
        """Whether so much more may pass now; anything may where nothing has."""
        over = max(now_ms - self._start_ms, 0) // SECOND_MS
        self._start_ms += over * SECOND_MS
        self._used = max(self._used - over * self._most, 0)
        if not self._used:
            self._start_ms = now_ms
        return not self._used or self._used + amount <= self._most

    def take(self, amount: int) -> None:
        """It has passed."""
        self._used += amount


class ShardRates:
    """The rates of one shard."""

    def __init__(self) -> None:
        self.bytes_in, self.records_in = Rate(BYTES_IN), Rate(RECORDS_IN)
        self.bytes_out, self.reads_out = Rate(BYTES_OUT), Rate(READS_OUT)


class Throughput:
    """The rates of all shards."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._shards: WeakKeyDictionary[Stream, dict[int, ShardRates]] = WeakKeyDictionary()

    def allow(self, stream: Stream, shard: int, records: int, size: int, now_ms: int) -> bool:
        """Whether records of `size` bytes in all may come into a shard; those that may, count."""
        with self._lock:
            rates = self._rates(stream, shard)
            fits = rates.bytes_in.fits(size, now_ms) and rates.records_in.fits(records, now_ms)
            if fits:
                rates.bytes_in.take(size)
                rates.records_in.take(records)
            return fits

    def allow_read(self, stream: Stream, shard: int, now_ms: int) -> bool:
        """Whether a shard may be read from now."""
        with self._lock:
            rates = self._rates(stream, shard)
            fits = rates.bytes_out.fits(1, now_ms) and rates.reads_out.fits(1, now_ms)
            if fits:
                rates.reads_out.take(1)
            return fits

    def count_read(self, stream: Stream, shard: int, size: int) -> None:
        """So many bytes were read from a shard."""
        with self._lock:
            self._rates(stream, shard).bytes_out.take(size)

    def _rates(self, stream: Stream, shard: int) -> ShardRates:
        return self._shards.setdefault(stream, {}).setdefault(shard, ShardRates())


@once
def throughput() -> Throughput | None:
    """The emulator's rates; none where nothing is limited."""
    return Throughput() if settings().limits else None


def refused(stream: Stream, entries: Sequence[Entry], now_ms: int) -> dict[int, str]:
    """The places of the records that their shards do not let in, and the shards' ids."""
    rates = throughput()
    found: dict[int, str] = {}
    if rates is None:
        return found
    for place, entry in enumerate(entries):
        shard = stream.shard_for(entry)
        if not rates.allow(stream, shard.number, 1, metrics.size([entry]), now_ms):
            found[place] = shard.shard_id
            monitoring.count_exceeded(stream, shard.shard_id, written=1)
    return found


def check_read(stream: Stream, shard: int, now_ms: int) -> None:
    """Refuse a read that the shard does not let out."""
    rates = throughput()
    if rates is None or rates.allow_read(stream, shard, now_ms):
        return
    shard_id = stream.shard(shard).shard_id
    monitoring.count_exceeded(stream, shard_id, reads=1)
    raise errors.rate_exceeded(shard_id, stream.state.name, stream.state.account)


def count_read(stream: Stream, shard: int, batch: Batch) -> None:
    """What a read has given."""
    if rates := throughput():
        rates.count_read(stream, shard, metrics.read_size(batch.records))


def seconds_for(size: int) -> float:
    """How long a subscription takes for so many bytes."""
    return size / BYTES_OUT if throughput() else 0.0
