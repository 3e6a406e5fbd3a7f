"""How fast counts grow, from the readings themselves: no service is asked for it.

CloudWatch counts by the minute, so a rate is that of the last two minutes of readings. A count that
falls (a day's sum loses an hour at its far end) starts anew.
"""

from collections import deque
from dataclasses import dataclass, field

SECONDS = 120.0
TRAIL = 48


@dataclass(slots=True)
class Growth:
    """One count over time."""

    samples: deque[tuple[float, float]] = field(default_factory=deque)
    trail: deque[float] = field(default_factory=lambda: deque(maxlen=TRAIL))

    def note(self, at: float, value: float) -> None:
        """A reading; the same reading twice is one."""
        if self.samples and at <= self.samples[-1][0]:
            return
        if self.samples and value < self.samples[-1][1]:
            self.samples.clear()
        self.samples.append((at, value))
        while len(self.samples) > 2 and self.samples[1][0] <= at - SECONDS:
            self.samples.popleft()
        if (rate := self.per_second) is not None:
            self.trail.append(round(rate, 3))

    @property
    def per_second(self) -> float | None:
        """None until there are two readings."""
        if len(self.samples) < 2:
            return None
        (start, first), (end, last) = self.samples[0], self.samples[-1]
        return (last - first) / (end - start)


class Rates:
    """The counts of all stages."""

    def __init__(self) -> None:
        self._growths: dict[str, Growth] = {}

    def note(self, name: str, at: float, value: float | None) -> None:
        """A reading of a count; nobody may know it."""
        if value is not None:
            self._growths.setdefault(name, Growth()).note(at, value)

    def told(self) -> dict[str, dict[str, object]]:
        """By name: events a second now, and how that went."""
        return {
            name: {"per_second": growth.per_second, "trail": list(growth.trail)}
            for name, growth in self._growths.items()
            if growth.per_second is not None
        }
