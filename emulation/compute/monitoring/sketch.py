"""A KLL sketch: some thousand values that stand for all, and how far two distributions are.

Up to `K` values are kept as they are. Beyond, the sorted values are compacted, level by level:
every second one moves up and counts for two. All values are there at once, so one level is full at
a time.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

K = 2048
SHRINKING = 0.64
"""KLL's factor between levels, said in the file as AWS does; levels of one batch need none."""
BUCKETS = 10

# Deequ's correction for small samples, from the two-sample Kolmogorov-Smirnov test.
ROBUST_FACTOR = 1.8

Levels = Sequence[Sequence[float]]


def levels(values: np.ndarray) -> list[list[float]]:
    """The sketch: a value of level h stands for 2^h."""
    found = [np.sort(values)]
    level = 0
    while len(found[level]) > K:
        full = found[level]
        odd = len(full) % 2
        # Which half moves up alternates by level, so that errors do not add up one way.
        found[level] = full[:odd]
        found.append(full[odd:][level % 2 :: 2])
        level += 1
    return [[float(value) for value in part] for part in found]


def distribution(values: np.ndarray) -> dict[str, Any]:
    """Ten buckets of one width, and the sketch."""
    low, high = float(values.min()), float(values.max())
    counts, edges = np.histogram(values, bins=BUCKETS, range=(low, high if high > low else low + 1))
    if high == low:
        edges = np.full(BUCKETS + 1, low)
    buckets = [
        {"lower_bound": float(edges[i]), "upper_bound": float(edges[i + 1]), "count": float(count)}
        for i, count in enumerate(counts)
    ]
    parameters = {"c": SHRINKING, "k": float(K)}
    return {
        "kll": {"buckets": buckets, "sketch": {"parameters": parameters, "data": levels(values)}}
    }


def numerical_distance(one: Levels, other: Levels, *, robust: bool) -> float:
    """The largest difference of the two cumulative distributions, 0 to 1."""
    points = np.unique(np.concatenate([*map(np.asarray, one), *map(np.asarray, other)]))
    (a, n), (b, m) = cumulated(one, points), cumulated(other, points)
    return corrected(float(np.abs(a - b).max()), n, m, robust=robust)


def cumulated(sketch: Levels, points: np.ndarray) -> tuple[np.ndarray, float]:
    """The share of values up to each point, and how many values there are."""
    values = np.concatenate([np.asarray(level, dtype=float) for level in sketch])
    weights = np.concatenate([np.full(len(level), 2.0**h) for h, level in enumerate(sketch)])
    order = np.argsort(values)
    sums = np.concatenate([[0.0], np.cumsum(weights[order])])
    return sums[np.searchsorted(values[order], points, side="right")] / sums[-1], float(sums[-1])


def categorical_distance(
    one: Mapping[str, float], other: Mapping[str, float], *, robust: bool
) -> float:
    """The largest difference of a category's share, 0 to 1."""
    n, m = sum(one.values()), sum(other.values())
    names = {*one, *other}
    simple = max(abs(one.get(name, 0) / n - other.get(name, 0) / m) for name in names)
    return corrected(simple, n, m, robust=robust)


def corrected(simple: float, n: float, m: float, *, robust: bool) -> float:
    """A distance, less what chance alone makes of samples of this size."""
    return max(0.0, simple - ROBUST_FACTOR * math.sqrt((n + m) / (n * m))) if robust else simple
