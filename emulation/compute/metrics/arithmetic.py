"""What operators and functions of metric math compute with numbers, series and lists of series.

Between two series a missing value counts as 0, as AWS has it; a division by zero drops the point.
"""

import math
import operator
import statistics
from collections.abc import Callable, Iterable, Sequence
from typing import cast

from emulation.compute.metrics.expressions import ExpressionError
from emulation.compute.metrics.series import Series

Several = list[Series]
Value = float | Series | Several

LARGEST = 1e308


def divide(left: float, right: float) -> float | None:
    """The quotient; none by zero."""
    return left / right if right else None


def power(left: float, right: float) -> float | None:
    """The power, where it is a real number."""
    try:
        found = left**right
    except (OverflowError, ZeroDivisionError):
        return None
    return None if isinstance(found, complex) else found


OPERATORS: dict[str, Callable[[float, float], float | None]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": divide,
    "^": power,
    "==": lambda a, b: float(a == b),
    "!=": lambda a, b: float(a != b),
    "<": lambda a, b: float(a < b),
    "<=": lambda a, b: float(a <= b),
    ">": lambda a, b: float(a > b),
    ">=": lambda a, b: float(a >= b),
    "&&": lambda a, b: float(bool(a) and bool(b)),
    "||": lambda a, b: float(bool(a) or bool(b)),
}

Pointwise = Callable[[float, float], float | None]


def operate(sign: str, left: Value, right: Value) -> Value:
    """The result of an operator."""
    compute = finite(OPERATORS[sign])
    if isinstance(left, list) or isinstance(right, list):
        return [one_of(compute, a, b) for a, b in pairs(left, right)]
    if isinstance(left, Series) or isinstance(right, Series):
        return one_of(compute, left, right)
    found = compute(left, right)
    if found is None:
        raise ExpressionError("A number is divided by zero or too large")
    return found


def finite(compute: Pointwise) -> Pointwise:
    """The same, without what is no number any more."""

    def checked(left: float, right: float) -> float | None:
        found = compute(left, right)
        return found if found is not None and abs(found) <= LARGEST else None

    return checked


def pairs(left: Value, right: Value) -> Iterable[tuple[float | Series, float | Series]]:
    """Operands one by one: a list with a list of the same length, or each with the same other."""
    if isinstance(left, list) and isinstance(right, list):
        if len(left) != len(right):
            raise ExpressionError("Arrays of time series must have the same length")
        return zip(left, right, strict=True)
    if isinstance(left, list):
        other = cast("float | Series", right)
        return [(each, other) for each in left]
    return [(left, each) for each in cast(Several, right)]


def one_of(compute: Pointwise, left: float | Series, right: float | Series) -> Series:
    """Point by point."""
    if isinstance(left, Series) and isinstance(right, Series):
        times = left.points.keys() | right.points.keys()
        results = {at: compute(left.points.get(at, 0.0), right.points.get(at, 0.0)) for at in times}
        wider = left if left.period >= right.period else right
        return wider.with_points({at: v for at, v in results.items() if v is not None})
    if isinstance(left, Series):
        number = cast(float, right)
        return left.each(lambda value: compute(value, number))
    return cast(Series, right).each(lambda value: compute(left, value))


def each_of(value: Value, compute: Callable[[Series], Series]) -> Value:
    """A function of a series, or of every series of a list."""
    if isinstance(value, list):
        return [compute(series) for series in value]
    if isinstance(value, Series):
        return compute(value)
    raise ExpressionError("A time series is expected, not a number")


def logarithm(compute: Callable[[float], float]) -> Callable[[float], float | None]:
    """A logarithm; what has none is dropped."""
    return lambda value: compute(value) if value > 0 else None


POINT_FUNCTIONS: dict[str, Callable[[float], float | None]] = {
    "ABS": abs,
    "CEIL": lambda value: float(math.ceil(value)),
    "FLOOR": lambda value: float(math.floor(value)),
    "LOG": logarithm(math.log),
    "LOG10": logarithm(math.log10),
}

AGGREGATES: dict[str, Callable[[Sequence[float]], float]] = {
    "SUM": math.fsum,
    "AVG": statistics.fmean,
    "MIN": min,
    "MAX": max,
    "STDDEV": statistics.pstdev,
    "DATAPOINT_COUNT": lambda values: float(len(values)),
}
WITH_GAPS_AS_ZERO = {"SUM", "AVG", "STDDEV"}
"""Across several series; the others look at what is there."""


def aggregate(name: str, value: Value) -> Value:
    """A number of one series, a series of a list of them."""
    compute = AGGREGATES[name]
    if isinstance(value, Series):
        return compute(value.values) if value.points or name in {"SUM", "DATAPOINT_COUNT"} else 0.0
    if not isinstance(value, list):
        raise ExpressionError("A time series is expected, not a number")
    if not value:
        raise ExpressionError("The array of time series is empty")
    if name == "DATAPOINT_COUNT" or name not in WITH_GAPS_AS_ZERO:
        return across(value, compute)
    zeros = [0.0] * len(value)
    return across(value, lambda found: compute([*found, *zeros[len(found) :]]))


def across(several: Several, compute: Callable[[Sequence[float]], float]) -> Series:
    """At each time, what the series that have a value there give together."""
    times = set().union(*(series.points.keys() for series in several))
    widest = max(several, key=lambda series: series.period)
    return widest.with_points(
        {at: compute([s.points[at] for s in several if at in s.points]) for at in times}
    )


def differences(series: Series, compute: Callable[[float, int], float]) -> Series:
    """What is computed of each value's distance from the one before it, and of the time between."""
    points = list(series.points.items())
    return series.with_points(
        {
            at: compute(value - before, at - earlier)
            for (earlier, before), (at, value) in zip(points, points[1:], strict=False)
        }
    )


def running_sum(series: Series) -> Series:
    """The sum of what has been so far."""
    total, points = 0.0, {}
    for at, value in series.points.items():
        total += value
        points[at] = total
    return series.with_points(points)


def choose(condition: Value, then: Value, other: Value | None) -> Value:
    """IF: point by point where the condition is a series; without an else, points are dropped."""
    if isinstance(condition, list) or isinstance(then, list) or isinstance(other, list):
        raise ExpressionError("IF does not take an array of time series")
    if isinstance(condition, Series):
        return condition.with_points(
            {
                at: value
                for at, truth in condition.points.items()
                if (value := at_time(then if truth else other, at)) is not None
            }
        )
    chosen = then if condition else other
    if chosen is not None:
        return chosen
    if isinstance(then, Series):
        return then.with_points({})
    raise ExpressionError("IF with a false condition and without an else gives no value")


def at_time(value: float | Series | None, at: int) -> float | None:
    """A number, or a series' value at a time."""
    return value.points.get(at) if isinstance(value, Series) else value


def fill(series: Series, filler: Value | str) -> Series:
    """The series with a value in each of its periods, where the filler has one."""
    grid = series.span.grid(series.period)
    if filler == "REPEAT":
        return repeated(series, grid)
    if filler == "LINEAR":
        return interpolated(series, grid)
    if isinstance(filler, str | list):
        raise ExpressionError("FILL takes a number, a time series, REPEAT or LINEAR")
    given = {at: value for at in grid if (value := at_time(filler, at)) is not None}
    return series.with_points(given | dict(series.points))


def repeated(series: Series, grid: range) -> Series:
    """Gaps take the value before them."""
    last, points = None, {}
    for at in grid:
        last = series.points.get(at, last)
        if last is not None:
            points[at] = last
    return series.with_points(points)


def interpolated(series: Series, grid: range) -> Series:
    """Gaps lie on the line between the values around them; the ends have no line."""
    known, points = list(series.points.items()), dict(series.points)
    for (start, first), (end, last) in zip(known, known[1:], strict=False):
        for at in grid:
            if start < at < end:
                points[at] = first + (last - first) * (at - start) / (end - start)
    return series.with_points(points)
