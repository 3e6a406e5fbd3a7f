"""What the data points of a metric alarm mean: its state and AWS's sentence about it.

An alarm looks at more data points than its evaluation periods. Real ones are taken first, the
latest of them; only where they are too few does the treatment of missing data fill the rest.
"""

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

ALARM, OK, INSUFFICIENT = "ALARM", "OK", "INSUFFICIENT_DATA"

Compare = Callable[[float, float], bool]

ABOVE, BELOW = "GreaterThanUpperThreshold", "LessThanLowerThreshold"
OUTSIDE = "LessThanLowerOrGreaterThanUpperThreshold"

OPERATORS: dict[str, tuple[Compare, str]] = {
    "GreaterThanThreshold": (operator.gt, "greater than the threshold"),
    "GreaterThanOrEqualToThreshold": (operator.ge, "greater than or equal to the threshold"),
    "LessThanThreshold": (operator.lt, "less than the threshold"),
    "LessThanOrEqualToThreshold": (operator.le, "less than or equal to the threshold"),
}
BAND_OPERATORS = (ABOVE, BELOW, OUTSIDE)

TREATED = {"breaching": "Breaching", "notBreaching": "NonBreaching"}


@dataclass(frozen=True, slots=True)
class Point:
    """What a metric was in one period."""

    at: int
    value: float
    upper: float = 0.0
    lower: float = 0.0
    """The band that is expected, where the alarm has one."""


@dataclass(frozen=True, slots=True)
class Rule:
    """When an alarm goes off."""

    comparison: str
    periods: int
    to_alarm: int
    missing: str = "missing"
    threshold: float = 0.0

    def breaches(self, point: Point) -> bool:
        """Whether a point is on the wrong side."""
        if self.comparison in OPERATORS:
            return OPERATORS[self.comparison][0](point.value, self.threshold)
        above, below = point.value > point.upper, point.value < point.lower
        return {ABOVE: above, BELOW: below}.get(self.comparison, above or below)


@dataclass(frozen=True, slots=True)
class Verdict:
    """A state, why, and the points that it was found from, the latest first."""

    state: str
    reason: str
    points: tuple[Point, ...]


def judge(rule: Rule, retrieved: Sequence[Point | None]) -> Verdict | None:
    """The verdict on the retrieved points, the latest first; None means to stay as it is."""
    real = [point for point in retrieved if point is not None][: rule.periods]
    lacking = rule.periods - len(real)
    state = state_of(rule, retrieved, real, lacking)
    if state is None:
        return None
    return Verdict(state, reason(rule, state, real, lacking), tuple(real))


def state_of(
    rule: Rule, retrieved: Sequence[Point | None], real: Sequence[Point], lacking: int
) -> str | None:
    """The state; None means to stay as it is."""
    breaching = sum(map(rule.breaches, real))
    if rule.missing == "breaching":
        return ALARM if breaching + lacking >= rule.to_alarm else OK
    if breaching >= rule.to_alarm:
        return ALARM
    if not lacking or rule.missing == "notBreaching" or breaching < len(real):
        return OK
    if rule.missing == "ignore":
        return None
    # Only breaching points, but too few. Once the oldest of them is as old as the points that are
    # needed, those that are missing since then will not come any more.
    oldest = max((at for at, point in enumerate(retrieved, 1) if point is not None), default=0)
    return ALARM if oldest >= rule.to_alarm else INSUFFICIENT


def reason(rule: Rule, state: str, real: Sequence[Point], lacking: int) -> str:
    """AWS's sentence."""
    if state == INSUFFICIENT:
        return f"Insufficient Data: {lacking} datapoint{plural(lacking, ' was', 's were')} unknown."
    treated = TREATED.get(rule.missing)
    filled = (
        f"{lacking} missing datapoint{plural(lacking, ' was', 's were')} treated as [{treated}]"
    )
    if not real:
        periods = f"{rule.periods} period{plural(rule.periods, '', 's')}"
        return f"Threshold Crossed: no datapoints were received for {periods} and {filled}."
    told = [point for point in real if rule.breaches(point) == (state == ALARM)]
    found = f"{crossed(rule, state, told, len(real))}"
    return f"{found} and {filled}." if lacking and treated else f"{found}."


def crossed(rule: Rule, state: str, told: Sequence[Point], count: int) -> str:
    """Which points are where, and how many of them it takes."""
    values = ", ".join(f"{point.value} ({day(point.at)})" for point in told)
    points = (
        f"{len(told)} out of the last {count} datapoints [{values}] "
        f"{plural(len(told), 'was', 'were')}{'' if state == ALARM else ' not'}"
    )
    needed = rule.to_alarm if state == ALARM else rule.periods - rule.to_alarm + 1
    change = "OK -> ALARM" if state == ALARM else "ALARM -> OK"
    minimum = f"(minimum {needed} datapoint{plural(needed, '', 's')} for {change} transition)"
    if rule.comparison in OPERATORS:
        threshold = f"{OPERATORS[rule.comparison][1]} ({rule.threshold})"
        return f"Threshold Crossed: {points} {threshold} {minimum}"
    return f"Thresholds Crossed: {points} {thresholds(rule, state, told)} {minimum}"


def thresholds(rule: Rule, state: str, told: Sequence[Point]) -> str:
    """The bounds of a band as the sentence has them."""
    upper = f"greater than the upper thresholds [{', '.join(str(p.upper) for p in told)}]"
    lower = f"less than the lower thresholds [{', '.join(str(p.lower) for p in told)}]"
    if rule.comparison == OUTSIDE:
        return f"{lower} or {'' if state == ALARM else 'not '}{upper}"
    return upper if rule.comparison == ABOVE else lower


def plural(count: int, one: str, many: str) -> str:
    """The form for a number."""
    return one if count == 1 else many


def day(at: int) -> str:
    """A time as the sentences have it."""
    return datetime.fromtimestamp(at, UTC).strftime("%d/%m/%y %H:%M:%S")
