"""What is expected of a metric: a band around the mean of its own past.

AWS keeps its algorithm to itself. Here a value's band is computed from the values before it, of two
weeks at most: their mean, and so many standard deviations on both sides. With three days of
past, only the values of the same hour of the day count, where there are enough of them. Nothing
later than the value itself is looked at, and without enough past there is no band: never a guess.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

PAST = 14 * 86_400
DAYS_FOR_HOURS = 3 * 86_400
FEWEST = 8
"""So many values make a mean that is worth something."""


@dataclass(slots=True)
class Moments:
    """Count, mean and squared distance, of values that come and go."""

    count: int = 0
    mean: float = 0.0
    squares: float = 0.0

    def add(self, value: float) -> None:
        """A value comes (Welford)."""
        self.count += 1
        distance = value - self.mean
        self.mean += distance / self.count
        self.squares += distance * (value - self.mean)

    def remove(self, value: float) -> None:
        """A value goes."""
        self.count -= 1
        if not self.count:
            self.mean = self.squares = 0.0
            return
        distance = value - self.mean
        self.mean -= distance / self.count
        self.squares = max(0.0, self.squares - distance * (value - self.mean))

    @property
    def deviation(self) -> float:
        """The standard deviation."""
        return math.sqrt(self.squares / self.count)


@dataclass(slots=True)
class Past:
    """The values of the last two weeks, together and by the hour of the day."""

    points: list[tuple[int, float]] = field(default_factory=list)
    oldest: int = 0
    all: Moments = field(default_factory=Moments)
    hours: dict[int, Moments] = field(default_factory=lambda: defaultdict(Moments))

    def add(self, at: int, value: float) -> None:
        """A value has become past."""
        self.points.append((at, value))
        self.all.add(value)
        self.hours[at // 3600 % 24].add(value)

    def forget(self, before: int) -> None:
        """Values are too old."""
        while self.oldest < len(self.points) and self.points[self.oldest][0] < before:
            at, value = self.points[self.oldest]
            self.all.remove(value)
            self.hours[at // 3600 % 24].remove(value)
            self.oldest += 1

    def at(self, now: int) -> Moments | None:
        """What counts for a time; None when it is too little."""
        self.forget(now - PAST)
        if self.all.count < FEWEST:
            return None
        of_hour = self.hours[now // 3600 % 24]
        long_enough = now - self.points[self.oldest][0] >= DAYS_FOR_HOURS
        return of_hour if long_enough and of_hour.count >= FEWEST else self.all


def band(
    points: Mapping[int, float],
    times: Iterable[int],
    width: float,
    excluded: Sequence[tuple[float, float]] = (),
) -> tuple[dict[int, float], dict[int, float]]:
    """Upper and lower bound at each of the times that has enough past.

    `points` begins two weeks before the first of the times where it can; what lies in an excluded
    range (start, end in s) is nobody's past.
    """
    past, upper, lower = Past(), {}, {}
    waiting = [
        (at, value)
        for at, value in sorted(points.items())
        if not any(start <= at < end for start, end in excluded)
    ]
    taken = 0
    for now in sorted(times):
        while taken < len(waiting) and waiting[taken][0] < now:
            past.add(*waiting[taken])
            taken += 1
        if moments := past.at(now):
            upper[now] = moments.mean + width * moments.deviation
            lower[now] = moments.mean - width * moments.deviation
    return upper, lower
