"""How good the model is on the later period, and two gates that fail a training.

An AUC above `LEAK_AUC` on a split in time is not skill: with what is known two hours before
departure 0.75 is good, and every outcome column that slips in shows here.
"""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import (  # type: ignore[import-untyped]
    accuracy_score,
    average_precision_score,
    brier_score_loss,
    roc_auc_score,
)

from models.flight_delay.features import Matrix
from models.flight_delay.model import THRESHOLD
from pipeline.contracts.features import LABEL

LEAK_AUC = 0.80
BINS = 10

Outcomes = NDArray[np.bool_]


class QualityGateError(ValueError):
    """The model must not be used."""


class LeakSuspectedError(QualityGateError):
    """The model is too good to be true."""


class BelowFloorError(QualityGateError):
    """The model is not good enough."""


def evaluation(test: pd.DataFrame, probabilities: Matrix) -> dict[str, Any]:
    """Metrics of the whole period, its calibration, and its months."""
    late = test[LABEL].to_numpy(dtype=bool)
    months = np.array([day.strftime("%Y-%m") for day in test["flight_date"]])
    return {
        **metrics(late, probabilities),
        "calibration_bins": calibration_bins(late, probabilities),
        "months": {
            month: metrics(late[months == month], probabilities[months == month])
            for month in sorted(set(months))
        },
    }


def metrics(late: Outcomes, probabilities: Matrix) -> dict[str, float | None]:
    """The numbers of one set of flights; a rank needs both outcomes, else it is null."""
    both = 0 < late.sum() < len(late)
    actual, predicted = float(late.mean()), float(probabilities.mean())
    return {
        "rows": len(late),
        "auc": float(roc_auc_score(late, probabilities)) if both else None,
        "pr_auc": float(average_precision_score(late, probabilities)) if both else None,
        "brier": float(brier_score_loss(late, probabilities)),
        "accuracy": float(accuracy_score(late, probabilities >= THRESHOLD)),
        "majority_accuracy": max(actual, 1 - actual),
        "actual_late_rate": actual,
        "predicted_late_rate": predicted,
        "calibration": predicted / actual if actual else None,
    }


def calibration_bins(late: Outcomes, probabilities: Matrix) -> list[dict[str, float]]:
    """Predicted against actual late rate in equal steps of the probability."""
    number = np.minimum((probabilities * BINS).astype(int), BINS - 1)
    return [
        {
            "from": step / BINS,
            "rows": int((number == step).sum()),
            "predicted": float(probabilities[number == step].mean()),
            "actual": float(late[number == step].mean()),
        }
        for step in sorted(set(number.tolist()))
    ]


def judge(auc: float, minimum_auc: float, maximum_auc: float = LEAK_AUC) -> None:
    """Raise when the model must not be used."""
    if auc > maximum_auc:
        raise LeakSuspectedError(
            f"AUC {auc:.4f} on later flights is above {maximum_auc}: a feature knows the outcome"
        )
    if auc < minimum_auc:
        raise BelowFloorError(f"AUC {auc:.4f} is below minimum_auc {minimum_auc}")
