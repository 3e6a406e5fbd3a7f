"""Statistics by their names: the five simple ones, percentiles, trimmed means, ranks ...

A percentile is the largest value that is left when the rest above it is taken away. Those that need
single values have none in a period with a statistic set whose values differ, or with a negative
value: as on AWS.
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass

from emulation.compute.metrics.database import Bin

SIMPLE: dict[str, Callable[[Bin], float]] = {
    "SampleCount": lambda found: found.samples,
    "Average": lambda found: found.total / found.samples,
    "Sum": lambda found: found.total,
    "Minimum": lambda found: found.low,
    "Maximum": lambda found: found.high,
}

Values = tuple[tuple[float, float], ...]

ONE_NUMBER = re.compile(r"(p|tm|tc|ts|wm)(\d{1,3}(?:\.\d{1,10})?)")
NUMBER = r"(-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)"
RANGE = re.compile(rf"(TM|TC|TS|WM|PR)\({NUMBER}?(%?):{NUMBER}?(%?)\)")


@dataclass(frozen=True, slots=True)
class Statistic:
    """A statistic; `of` gives its value in a period, None where it has none."""

    name: str
    needs_values: bool
    of: Callable[[Bin], float | None]
    percentile: float | None = None
    """Between 0 and 100, for the percentiles alone."""


def statistic(name: str) -> Statistic | None:
    """The statistic of a name; None when there is no such."""
    if name in SIMPLE:
        return Statistic(name, needs_values=False, of=SIMPLE[name])
    if name == "IQM":
        return of_share(name, "TM", 25, 75)
    if match := ONE_NUMBER.fullmatch(name):
        number = float(match[2])
        if number > 100:
            return None
        if match[1] == "p":
            return Statistic(
                name,
                needs_values=True,
                of=of_values(lambda values: percentile(values, number)),
                percentile=number,
            )
        return of_share(name, match[1].upper(), 0, number)
    return of_range(name)


def of_range(name: str) -> Statistic | None:
    """A statistic of the values between two bounds: shares of the samples, or numbers."""
    match = RANGE.fullmatch(name)
    if not match or not (match[2] or match[4]):
        return None
    low, high = (float(match[at]) if match[at] else None for at in (2, 4))
    shares = {match[at + 1] == "%" for at in (2, 4) if match[at]}
    if len(shares) > 1 or (None not in (low, high) and (low or 0) >= (high or 0)):
        return None
    if shares == {False}:
        return of_bounds(
            name, match[1], -math.inf if low is None else low, math.inf if high is None else high
        )
    if match[1] == "PR" or max(low or 0, high or 0) > 100:
        return None
    return of_share(name, match[1], low or 0, 100 if high is None else high)


def of_values(compute: Callable[[Values], float | None]) -> Callable[[Bin], float | None]:
    """A statistic that needs the values themselves."""

    def of(found: Bin) -> float | None:
        values = known_values(found)
        return compute(values) if values else None

    return of


def known_values(found: Bin) -> Values:
    """The values of a period, none when they cannot be known."""
    if found.low < 0:
        return ()
    if found.hidden:
        return ((found.low, found.samples),) if found.low == found.high else ()
    return found.values


def percentile(values: Values, share: float) -> float:
    """The value below which lies a share of the samples, in percent."""
    wanted = share / 100 * sum(times for _, times in values)
    reached = 0.0
    for value, times in values:
        reached += times
        # A sum of floats may miss what it should reach by its last digit.
        if reached >= wanted - 1e-9:
            return value
    return values[-1][0]


def of_share(name: str, kind: str, low: float, high: float) -> Statistic:
    """A statistic of what lies between two shares of the ordered samples, in percent."""

    def compute(values: Values) -> float | None:
        inside = between_shares(values, low, high)
        if kind == "WM":
            edges = (percentile(values, low) if low else values[0][0], percentile(values, high))
            return winsorized(values, *edges)
        return trimmed(kind, inside)

    return Statistic(name, needs_values=True, of=of_values(compute))


def between_shares(values: Values, low: float, high: float) -> Values:
    """The samples between two shares; a sample on the border counts with its part inside."""
    count = sum(times for _, times in values)
    start, end = low / 100 * count, high / 100 * count
    reached, inside = 0.0, []
    for value, times in values:
        part = min(reached + times, end) - max(reached, start)
        reached += times
        if part > 1e-9:
            inside.append((value, part))
    return tuple(inside)


def of_bounds(name: str, kind: str, low: float, high: float) -> Statistic:
    """A statistic of the values above one number and up to another."""

    def compute(values: Values) -> float | None:
        if kind == "WM":
            return winsorized(values, low, high)
        inside = tuple(pair for pair in values if low < pair[0] <= high)
        if kind == "PR":
            return 100 * trimmed_count(inside) / trimmed_count(values)
        return trimmed(kind, inside)

    return Statistic(name, needs_values=True, of=of_values(compute))


def trimmed(kind: str, inside: Values) -> float | None:
    """The trimmed mean, count or sum of what is inside; an empty mean is none."""
    count = trimmed_count(inside)
    total = math.fsum(value * times for value, times in inside)
    if kind == "TM":
        return total / count if count else None
    return count if kind == "TC" else total


def trimmed_count(inside: Values) -> float:
    """How many samples."""
    return sum(times for _, times in inside)


def winsorized(values: Values, low: float, high: float) -> float:
    """The mean, with what lies outside moved to the edge."""
    count = trimmed_count(values)
    return math.fsum(min(max(value, low), high) * times for value, times in values) / count
