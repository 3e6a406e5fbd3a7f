"""How much a policy wants; nothing here knows a service.

Target tracking keeps a metric that falls in proportion as capacity grows near its target. Step
scaling adds by how far an alarm's metric is past its threshold.
"""

import math
from collections.abc import Sequence
from typing import Any

Members = dict[str, Any]

SCALE_IN_SHARE = 0.9
"""Of the target: below it there is more than is needed; between the two all is well."""


def tracked(current: int, value: float, target: float) -> int:
    """The capacity at which the metric would be at its target."""
    return math.ceil(current * value / target) if current else math.ceil(value / target)


def adjustment(steps: Sequence[Members], past: float) -> float | None:
    """The adjustment for a metric that is so far past the threshold; None between two steps."""
    for step in steps:
        low, high = step.get("MetricIntervalLowerBound"), step.get("MetricIntervalUpperBound")
        if holds(low, high, past):
            return float(step["ScalingAdjustment"])
    return None


def holds(low: float | None, high: float | None, past: float) -> bool:
    """Whether a step is for this: the bound that is nearer to the threshold belongs to it."""
    if past >= 0:
        return (low is None or past >= low) and (high is None or past < high)
    return (low is None or past > low) and (high is None or past <= high)


def stepped(current: int, configuration: Members, amount: float) -> int:
    """The capacity after an adjustment."""
    kind = configuration["AdjustmentType"]
    if kind == "ExactCapacity":
        return int(amount)
    if kind == "ChangeInCapacity":
        return current + int(amount)
    change = rounded(current * amount / 100)
    least = configuration.get("MinAdjustmentMagnitude") or 0
    if change and abs(change) < least:
        change = least if change > 0 else -least
    return current + change


def rounded(change: float) -> int:
    """A part of the capacity as a number: towards zero, but never to it."""
    if 0 < change < 1:
        return 1
    return -1 if -1 < change < 0 else int(change)
