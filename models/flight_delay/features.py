"""From named values to the numbers that the estimator takes: one object for training and serving.

A text becomes the number of its category, as learned from training rows only. What training did not
see is unknown, like a null: the estimator learns at each split where unknown goes. No category is
replaced by its late rate, so the label cannot leak through the encoding. A column without one known
value in training (the first days know no history) is 0 for ever: the estimator cannot learn it. All
numbers are 64 bits wide, as JSON and Parquet carry them: a rounding could move a value across a
split.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.contracts.features import CATEGORIES, FEATURE_NAMES

MAX_CATEGORIES = 250
"""The estimator has 255 bins a column; rarer categories than these are unknown."""

Matrix = NDArray[np.float64]


class Encoder:
    """The columns of the contract, in its order, as numbers."""

    def __init__(self) -> None:
        self.columns = FEATURE_NAMES
        self.categories: dict[str, dict[str, float]] = {}
        self.silent: frozenset[str] = frozenset()

    def fit(self, values: Mapping[str, Sequence[Any]]) -> "Encoder":
        """Learn the categories, and which columns say nothing."""
        self.categories = {name: _numbered(values[name]) for name in CATEGORIES}
        self.silent = frozenset(
            name for name in self.columns if np.isnan(self._column(name, values[name])).all()
        )
        return self

    def encode(self, values: Mapping[str, Sequence[Any]]) -> Matrix:
        """One row for each position of the columns' values; None is unknown."""
        columns = [self._column(name, values[name]) for name in self.columns]
        return np.column_stack(columns)

    def _column(self, name: str, values: Sequence[Any]) -> Matrix:
        if name in self.silent:
            return np.zeros(len(values))
        if name not in self.categories:
            return np.asarray(values, dtype=np.float64)
        numbers = self.categories[name]
        return np.array([numbers.get(value, np.nan) for value in values], dtype=np.float64)


def _numbered(values: Iterable[Any]) -> dict[str, float]:
    """The most frequent categories, numbered in the order of their names."""
    frequent = Counter(value for value in values if isinstance(value, str))
    names = sorted(name for name, _ in frequent.most_common(MAX_CATEGORIES))
    return {name: float(number) for number, name in enumerate(names)}
