"""The model: encoder and estimator, pickled together under this module's name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib  # type: ignore[import-untyped]
import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier  # type: ignore[import-untyped]

from models.flight_delay.features import Encoder, Matrix

FILE = "model.joblib"
THRESHOLD = 0.5
"""From this probability on the answer is `late`."""


@dataclass(frozen=True)
class Hyperparameters:
    """Chosen by time-ordered folds inside January to September."""

    rounds: int = 120
    learning_rate: float = 0.08
    min_samples_leaf: int = 100
    max_features: float = 0.3
    seed: int = 0


@dataclass(frozen=True)
class FlightDelayModel:
    """Answers with the probability that a flight is late."""

    encoder: Encoder
    estimator: Any

    @classmethod
    def fit(
        cls,
        values: Mapping[str, Sequence[Any]],
        late: NDArray[np.bool_],
        hyperparameters: Hyperparameters,
    ) -> "FlightDelayModel":
        """Train on flights whose outcome is known."""
        encoder = Encoder().fit(values)
        categorical = [name in encoder.categories for name in encoder.columns]
        estimator = HistGradientBoostingClassifier(
            max_iter=hyperparameters.rounds,
            learning_rate=hyperparameters.learning_rate,
            min_samples_leaf=hyperparameters.min_samples_leaf,
            max_features=hyperparameters.max_features,
            categorical_features=categorical,
            early_stopping=False,
            random_state=hyperparameters.seed,
        )
        return cls(encoder, estimator.fit(encoder.encode(values), late))

    def probabilities(self, values: Mapping[str, Sequence[Any]]) -> Matrix:
        """The probability of each row; the same for a row alone and among others."""
        answer: Matrix = self.estimator.predict_proba(self.encoder.encode(values))[:, 1]
        return answer

    def save(self, folder: Path) -> None:
        """Leave the model in its folder."""
        joblib.dump(self, folder / FILE)

    @staticmethod
    def load(folder: Path) -> "FlightDelayModel":
        """The model of a folder."""
        model: FlightDelayModel = joblib.load(folder / FILE)
        return model
