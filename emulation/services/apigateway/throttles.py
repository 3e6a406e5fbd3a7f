"""Token buckets: `rateLimit` requests a second in the long run, `burstLimit` of them at once.

Buckets live in memory: after a restart they are full, as they are after a quiet moment.
"""

import threading
import time
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import NamedTuple


class Limit(NamedTuple):
    """A bucket and its size: the key says whose requests it counts."""

    key: Hashable
    rate: float
    burst: float


@dataclass(slots=True)
class Bucket:
    """What is left."""

    tokens: float
    filled: float


class Throttles:
    """All buckets, by key."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: dict[Hashable, Bucket] = {}

    def take(self, limits: Sequence[Limit]) -> Limit | None:
        """Take a token of every bucket, or of none: then the one that is empty."""
        with self._lock:
            now = self._clock()
            buckets = [self._filled(limit, now) for limit in limits]
            for bucket, limit in zip(buckets, limits, strict=True):
                if bucket.tokens < 1:
                    return limit
            for bucket in buckets:
                bucket.tokens -= 1
        return None

    def _filled(self, limit: Limit, now: float) -> Bucket:
        bucket = self._buckets.get(limit.key)
        if bucket is None:
            bucket = self._buckets[limit.key] = Bucket(limit.burst, now)
        gained = (now - bucket.filled) * limit.rate
        bucket.tokens = min(limit.burst, bucket.tokens + gained)
        bucket.filled = now
        return bucket


THROTTLES = Throttles()
"""The emulator's buckets."""
