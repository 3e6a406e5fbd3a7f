"""How far two samples of a column are apart: the population stability index (PSI).

Numbers are counted between the tenths of the reference, with bins open to the left, so that a
column that was always 0 has a bin for "more"; texts by name, and what the reference lacks together.
Half a row is added to each bin: a bin that is empty by chance is not infinitely far.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import chi2  # type: ignore[import-untyped]

TENTHS = np.linspace(0, 1, 11)[1:-1]
SMOOTHING = 0.5
NULL = 0.999
"""A limit lies above so many of the distances that chance alone makes."""

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Bins:
    """Where a column's values are counted: between edges, or by name. Unknown is in no bin."""

    edges: tuple[float, ...] = ()
    names: tuple[str, ...] = ()

    @classmethod
    def of(cls, values: "pd.Series[Any]") -> "Bins":
        """The bins of a reference."""
        known = values.dropna()
        if known.dtype == object or isinstance(known.dtype, pd.StringDtype):
            return cls(names=tuple(sorted(set(known))))
        if known.empty:
            return cls(edges=(0.0,))
        edges = np.unique(np.quantile(known.to_numpy(dtype=np.float64), TENTHS))
        return cls(edges=tuple(edges.tolist()))

    def __len__(self) -> int:
        return len(self.names) + 1 if self.names else len(self.edges) + 1

    def count(self, values: "pd.Series[Any]") -> Counts:
        """How many known values are in each bin; the last of named ones is for all other names."""
        known = values.dropna()
        if self.names:
            number = {name: at for at, name in enumerate(self.names)}
            found = [number.get(value, len(self.names)) for value in known]
            return np.bincount(np.array(found, dtype=np.int64), minlength=len(self))
        found_at = np.searchsorted(self.edges, known.to_numpy(dtype=np.float64), "left")
        return np.bincount(found_at, minlength=len(self))

    def as_json(self) -> dict[str, Sequence[Any]]:
        """As it is kept."""
        return {"names": self.names} if self.names else {"edges": self.edges}

    @classmethod
    def from_json(cls, kept: Mapping[str, Sequence[Any]]) -> "Bins":
        """As it was kept."""
        return cls(tuple(kept.get("edges", ())), tuple(kept.get("names", ())))


def psi(reference: Counts, window: Counts) -> float:
    """The distance of two counts over the same bins; 0 for the same shares."""
    expected, found = shares(reference), shares(window)
    return float(((found - expected) * np.log(found / expected)).sum())


def shares(counts: Counts) -> NDArray[np.float64]:
    """The part of each bin, none of them nothing."""
    smooth = counts + SMOOTHING
    part: NDArray[np.float64] = smooth / smooth.sum()
    return part


def chance_psi(bins: int, reference: int, window: int) -> float:
    """The distance that two samples of one population hardly ever exceed: it grows with the bins
    and shrinks with the rows. With 96 destinations and 100 flights it is 1.4.
    """
    if not reference or not window:
        return float("inf")
    return float(chi2.ppf(NULL, max(bins - 1, 1)) * (1 / reference + 1 / window))
