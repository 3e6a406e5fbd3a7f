"""What this process has answered since its start, route by route."""

import threading
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any

from api.core.clock import now, told

KEPT = 2048
"""Durations of a route that percentiles are taken of: its newest."""

PERCENTILES = (50, 90, 99)


@dataclass
class Route:
    """One route's answers."""

    statuses: Counter[int] = field(default_factory=Counter)
    milliseconds: deque[float] = field(default_factory=lambda: deque(maxlen=KEPT))

    def to_json(self) -> dict[str, Any]:
        """Counts by status and percentiles."""
        return {
            "requests": self.statuses.total(),
            "statuses": {str(status): count for status, count in sorted(self.statuses.items())},
            "latency_ms": percentiles(sorted(self.milliseconds)),
        }


def percentiles(ordered: list[float]) -> dict[str, float]:
    """By nearest rank: each is a duration that was measured."""
    last = len(ordered) - 1
    ranks = {f"p{share}": -(-share * len(ordered) // 100) - 1 for share in PERCENTILES}
    return {name: round(ordered[max(0, min(rank, last))], 3) for name, rank in ranks.items()} | {
        "max": round(ordered[last], 3)
    }


class Counters:
    """Counts; many threads may."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._routes: dict[str, Route] = {}
        self._started = time.monotonic()
        self._started_at = told(now())
        self.under_way = 0
        self.refused = 0
        """Requests beyond the limit of requests at the same time."""
        self.predictions = 0

    def note(self, route: str, status: int, milliseconds: float) -> None:
        """A request has been answered."""
        with self._lock:
            found = self._routes.setdefault(route, Route())
            found.statuses[status] += 1
            found.milliseconds.append(milliseconds)

    def note_predictions(self, count: int) -> None:
        """Flights have been predicted."""
        with self._lock:
            self.predictions += count

    def to_json(self) -> dict[str, Any]:
        """Everything."""
        with self._lock:
            return {
                "started_at": self._started_at,
                "uptime_seconds": round(time.monotonic() - self._started, 3),
                "under_way": self.under_way,
                "refused": self.refused,
                "predictions": self.predictions,
                "routes": {name: self._routes[name].to_json() for name in sorted(self._routes)},
            }
