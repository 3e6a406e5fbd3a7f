"""What a window's numbers would be without any change: windows drawn from the reference's own days.

Flights of one day share its weather and its delays, so a window of 13,000 flights is not 13,000
independent draws but 14. Whole days are drawn, with replacement, as many as a window has.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score  # type: ignore[import-untyped]

from models.monitoring.distributions import Bins, psi

DRAWS = 400
AUC_DRAWS = 200
SEED = 2013
RARE = 0.99
"""A limit is what so many windows without a change stay within."""


@dataclass(frozen=True)
class Days:
    """The reference's days: of each the late flights, what was predicted, and the scores."""

    late: NDArray[np.float64]
    predicted: NDArray[np.float64]
    scores: NDArray[np.int64]
    rows: tuple[NDArray[np.int64], ...]

    @classmethod
    def of(cls, reference: pd.DataFrame, bins: Bins) -> "Days":
        """From flights with `flight_date`, `probability` and `late`."""
        groups = list(reference.reset_index(drop=True).groupby("flight_date"))
        return cls(
            late=np.array([float(day["late"].sum()) for _, day in groups]),
            predicted=np.array([float(day["probability"].sum()) for _, day in groups]),
            scores=np.stack([bins.count(day["probability"]) for _, day in groups]),
            rows=tuple(day.index.to_numpy() for _, day in groups),
        )

    def draws(self, days: int, number: int) -> Iterator[NDArray[np.int64]]:
        """So many windows of so many days each."""
        random = np.random.default_rng(SEED)
        for _ in range(number):
            yield random.integers(0, len(self.late), days)


def calibration_limit(days: Days, window_days: int) -> float:
    """The largest usual |log(predicted / actual)|, the reference's own error included."""
    drawn = list(days.draws(window_days, DRAWS))
    late = np.maximum([days.late[chosen].sum() for chosen in drawn], 1)
    predicted = np.array([days.predicted[chosen].sum() for chosen in drawn])
    return float(np.quantile(np.abs(np.log(predicted / late)), RARE))


def score_limit(days: Days, window_days: int) -> float:
    """The largest usual PSI of the score, between two windows of the reference's days."""
    one, other = days.draws(len(days.late), DRAWS), days.draws(window_days, 2 * DRAWS)
    # The second half of a longer row of draws, so that no pair begins with the same days.
    others = list(other)[DRAWS:]
    found = [
        psi(days.scores[first].sum(axis=0), days.scores[second].sum(axis=0))
        for first, second in zip(one, others, strict=True)
    ]
    return float(np.quantile(found, RARE))


def auc_floor(days: Days, reference: pd.DataFrame, window_days: int) -> float:
    """The lowest usual AUC."""
    late: NDArray[Any] = reference["late"].to_numpy(dtype=bool)
    told: NDArray[Any] = reference["probability"].to_numpy(dtype=np.float64)
    found = []
    for chosen in days.draws(window_days, AUC_DRAWS):
        rows = np.concatenate([days.rows[day] for day in chosen])
        if 0 < late[rows].sum() < len(rows):
            found.append(roc_auc_score(late[rows], told[rows]))
    return float(np.quantile(found, 1 - RARE)) if found else 0.0
