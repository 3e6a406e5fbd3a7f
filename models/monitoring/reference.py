"""A baseline: what the model in service was tested on, and how far a window may be from it.

Everything comes from flights that the model was not trained on. The features of the windows before
are read too, but only for one question: does this column stay where it is, or does it move with the
season anyway? Inside the first quarter the temperature is never where it was two weeks before, and
no model is worse for it; a column that moves so is told, and never alarmed on.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

from models.flight_delay.evaluate import metrics
from models.monitoring import resampling
from models.monitoring.distributions import Bins, chance_psi, psi
from pipeline.contracts.features import FEATURE_NAMES
from pipeline.contracts.monitoring import Window

MAJOR_PSI = 0.25
"""From here on a shift is called major, whatever chance would do."""
STEADY_PSI = 0.1
"""A column whose earlier windows all stayed within it (no shift, as the term goes) is steady."""
CALIBRATION = math.log(1.25)
AUC_LOSS = 0.05
MISSING_GAIN = 0.05
"""Of the share of unknown values: a column whose earlier windows differed by more is not steady."""
HISTORY = 6
"""Windows before the reference that say what is usual, at most."""
WITNESSES = 2
"""And at least: one window alone is no habit."""


@dataclass(frozen=True)
class Column:
    """One feature: its reference, and what it may become."""

    bins: Bins
    counts: tuple[int, ...]
    missing: float
    missing_limit: float | None
    limit: float | None
    """None: it moves with the season."""

    def distance(self, values: "pd.Series[Any]") -> float:
        """PSI of a window."""
        return psi(np.array(self.counts), self.bins.count(values))

    def limit_for(self, rows: int) -> float | None:
        """The limit for so many known values: with few of them chance goes far."""
        if self.limit is None:
            return None
        return max(self.limit, chance_psi(len(self.bins), sum(self.counts), rows))


@dataclass(frozen=True)
class Score:
    """The model's own answers, and what they were worth."""

    bins: Bins
    counts: tuple[int, ...]
    limit: float
    calibration_limit: float
    auc_floor: float
    metrics: Mapping[str, float | None]

    def distance(self, probabilities: "pd.Series[Any]") -> float:
        """PSI of a window."""
        return psi(np.array(self.counts), self.bins.count(probabilities))

    def limit_for(self, rows: int) -> float:
        """The limit for so many answers."""
        return max(self.limit, chance_psi(len(self.bins), sum(self.counts), rows))


@dataclass(frozen=True)
class Reference:
    """The baseline of one model version."""

    model_version: str
    first: date
    until: date
    window_days: int
    columns: Mapping[str, Column]
    score: Score

    def as_json(self) -> dict[str, Any]:
        """As it is kept."""
        return {
            "model_version": self.model_version,
            "first": self.first.isoformat(),
            "until": self.until.isoformat(),
            "window_days": self.window_days,
            "columns": {name: _kept(column) for name, column in self.columns.items()},
            "score": _kept(self.score),
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "Reference":
        """As it was kept."""
        return cls(
            model_version=kept["model_version"],
            first=date.fromisoformat(kept["first"]),
            until=date.fromisoformat(kept["until"]),
            window_days=kept["window_days"],
            columns={name: Column(**_read(item)) for name, item in kept["columns"].items()},
            score=Score(**_read(kept["score"])),
        )


def _kept(item: Column | Score) -> dict[str, Any]:
    return {**asdict(item), "bins": item.bins.as_json()}


def _read(kept: Mapping[str, Any]) -> dict[str, Any]:
    return {**kept, "bins": Bins.from_json(kept["bins"]), "counts": tuple(kept["counts"])}


def build(
    tested: pd.DataFrame, history: pd.DataFrame, *, model_version: str, window_days: int
) -> Reference:
    """The baseline of a model from the flights that tested it: features, `late`, `probability`.

    `history` has the features of flights before those, for what is usual; it may be empty.
    """
    first, until = min(tested["flight_date"]), max(tested["flight_date"]) + timedelta(days=1)
    windows = earlier_windows(history, first, window_days)
    return Reference(
        model_version=model_version,
        first=first,
        until=until,
        window_days=window_days,
        columns={name: column(name, tested, windows) for name in FEATURE_NAMES},
        score=score(tested, window_days),
    )


def earlier_windows(history: pd.DataFrame, first: date, days: int) -> list[pd.DataFrame]:
    """The whole windows that end where the reference begins, newest first."""
    if history.empty:
        return []
    oldest = min(history["flight_date"])
    found: list[pd.DataFrame] = []
    window = Window(first - timedelta(days=days), days)
    while window.first >= oldest and len(found) < HISTORY:
        part = history[_within(history, window)]
        found += [part] if len(part) else []
        window = Window(window.first - timedelta(days=days), days)
    return found


def _within(flights: pd.DataFrame, window: Window) -> "pd.Series[bool]":
    return (flights["flight_date"] >= window.first) & (flights["flight_date"] < window.until)


def column(name: str, tested: pd.DataFrame, windows: Sequence[pd.DataFrame]) -> Column:
    """The reference of a feature."""
    bins = Bins.of(tested[name])
    counts = bins.count(tested[name])
    moved = [psi(counts, bins.count(window[name])) for window in windows]
    missing = float(tested[name].isna().mean())
    usual = [missing, *(float(window[name].isna().mean()) for window in windows)]
    is_known = len(windows) >= WITNESSES
    is_as_full = is_known and max(usual) - min(usual) <= MISSING_GAIN
    is_steady = is_known and max(moved) <= STEADY_PSI
    return Column(
        bins=bins,
        counts=tuple(counts.tolist()),
        missing=missing,
        missing_limit=max(usual) + MISSING_GAIN if is_as_full else None,
        limit=MAJOR_PSI if is_steady else None,
    )


def score(tested: pd.DataFrame, window_days: int) -> Score:
    """The reference of the answers."""
    late = tested["late"].to_numpy(dtype=bool)
    found = metrics(late, tested["probability"].to_numpy(dtype=np.float64))
    bins = Bins.of(tested["probability"])
    days = resampling.Days.of(tested, bins)
    usual_auc = resampling.auc_floor(days, tested, window_days)
    return Score(
        bins=bins,
        counts=tuple(bins.count(tested["probability"]).tolist()),
        limit=max(MAJOR_PSI, resampling.score_limit(days, window_days)),
        calibration_limit=max(CALIBRATION, resampling.calibration_limit(days, window_days)),
        auc_floor=min((found["auc"] or 0.5) - AUC_LOSS, usual_auc),
        metrics=found,
    )
