"""A time series of numbers, as queries read it and expressions compute with it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Self

FINE_PERIODS = (1, 5, 10, 20, 30)


@dataclass(frozen=True, slots=True)
class Span:
    """The time that is asked for, in s since 1970; the end is outside."""

    start: int
    end: int

    def aligned(self, period: int) -> Self:
        """The span of the periods that AWS gives: from the round time before the start on."""
        step = period if period in FINE_PERIODS else 60
        return replace(self, start=self.start - self.start % step)

    def grid(self, period: int) -> range:
        """The beginnings of its periods."""
        return range(self.start, self.end, period)


@dataclass(frozen=True)
class Series:
    """A named series; `points` are in the order of their times."""

    label: str
    period: int
    span: Span
    points: Mapping[int, float]
    facts: Mapping[str, str] = field(default_factory=dict)
    """What labels may name of the metric behind it: `MetricName`, `Dim.Host` ..."""

    @property
    def values(self) -> list[float]:
        """The values in the order of their times."""
        return list(self.points.values())

    def with_points(self, points: Mapping[int, float]) -> Self:
        """The same series with other points, put in order."""
        return replace(self, points=dict(sorted(points.items())))

    def each(self, compute: Callable[[float], float | None]) -> Self:
        """Each point computed anew; those without a result are dropped."""
        results = ((at, compute(value)) for at, value in self.points.items())
        return replace(self, points={at: value for at, value in results if value is not None})
