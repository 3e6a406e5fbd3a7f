"""What is held against what, and what comes out: a tuple of checks to read from top to bottom.

Too little data is an outcome of its own, neither good nor bad. So is truth that has not arrived.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from models.flight_delay.evaluate import metrics
from models.monitoring.reference import Reference
from pipeline.contracts.monitoring import (
    CALIBRATION,
    CHECKS,
    DATA_DRIFT,
    MISSING,
    OK,
    QUALITY,
    SCORE_DRIFT,
    TOO_LITTLE,
    VIOLATED,
)

MIN_FLIGHTS = 1000
MIN_OUTCOMES = 50
"""Late ones, and punctual ones."""
MIN_KNOWN = 0.85
"""Share of flights whose outcome is known: 1 in 36 never is, and after a blizzard 1 in 12."""
SLICES = ("origin", "carrier")
SLICE_FLIGHTS, SLICE_OUTCOMES = 300, 50


@dataclass(frozen=True)
class Finding:
    """One check of one window; `feature` is that of the model, or what the check is about."""

    check: str
    feature: str
    outcome: str
    value: float | None
    limit: float | None
    sentence: str


def find(flights: pd.DataFrame, reference: Reference) -> list[Finding]:
    """All findings about a window: features, `probability`, and `late`, null where not known."""
    if len(flights) < MIN_FLIGHTS:
        return too_little(len(flights))
    return [
        score_drift(flights, reference),
        *outcomes(flights, reference),
        *features(flights, reference),
    ]


def too_little(rows: int) -> list[Finding]:
    """Nothing can be said of so few flights."""
    sentence = f"{rows} flights are too few to judge: {MIN_FLIGHTS} are needed"
    return [Finding(check, "", TOO_LITTLE, None, None, sentence) for check in CHECKS]


def _outcome(*, violated: bool) -> str:
    return VIOLATED if violated else OK


def score_drift(flights: pd.DataFrame, reference: Reference) -> Finding:
    """Does the model answer as when it was tested?"""
    value = reference.score.distance(flights["probability"])
    limit = reference.score.limit_for(len(flights))
    sentence = f"PSI of the score {value:.3f}, allowed {limit:.3f}"
    return Finding(
        SCORE_DRIFT, "probability", _outcome(violated=value > limit), value, limit, sentence
    )


def outcomes(flights: pd.DataFrame, reference: Reference) -> Iterator[Finding]:
    """Was it right? Only for flights whose outcome is known."""
    known = flights[flights["late"].notna()]
    reason = unknown_reason(len(known), len(flights), int(known["late"].sum()))
    if reason:
        for check in (CALIBRATION, QUALITY):
            yield Finding(check, "probability", TOO_LITTLE, None, None, reason)
        return
    found = metrics(known["late"].to_numpy(dtype=bool), known["probability"].to_numpy())
    yield calibration(_number(found["calibration"]), reference.score.calibration_limit)
    auc, floor = _number(found["auc"]), reference.score.auc_floor
    sentence = f"AUC {auc:.3f}, at least {floor:.3f} is usual"
    yield Finding(QUALITY, "probability", _outcome(violated=auc < floor), auc, floor, sentence)


def unknown_reason(known: int, flights: int, late: int) -> str:
    """Why nothing can be said of the outcomes, or ""."""
    if known < MIN_KNOWN * flights:
        return f"the outcomes of {flights - known} of {flights} flights are not known yet"
    if min(late, known - late) < MIN_OUTCOMES:
        return f"{late} late and {known - late} punctual flights are too few to judge"
    return ""


def calibration(ratio: float, limit: float) -> Finding:
    """Predicted to actual late rate, as far up as down."""
    lowest, highest = math.exp(-limit), math.exp(limit)
    sentence = f"predicted / actual late rate {ratio:.3f}, allowed {lowest:.3f} to {highest:.3f}"
    violated = abs(math.log(max(ratio, 1e-9))) > limit
    outcome = _outcome(violated=violated)
    return Finding(CALIBRATION, "probability", outcome, ratio, highest, sentence)


def features(flights: pd.DataFrame, reference: Reference) -> Iterator[Finding]:
    """Are the features where they were, and are they known?"""
    for name, column in reference.columns.items():
        known = int(flights[name].notna().sum())
        value, missing = column.distance(flights[name]), 1 - known / len(flights)
        yield _feature(DATA_DRIFT, name, value, column.limit_for(known), f"PSI {value:.3f}")
        said = f"{missing:.1%} of the values unknown"
        yield _feature(MISSING, name, missing, column.missing_limit, said)


def _feature(check: str, name: str, value: float, limit: float | None, said: str) -> Finding:
    if limit is None:
        return Finding(check, name, OK, value, None, f"{said}; it moves with the season anyway")
    outcome = _outcome(violated=value > limit)
    return Finding(check, name, outcome, value, limit, f"{said}, allowed {limit:.3f}")


def slices(flights: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """The numbers of each origin and carrier that has enough known outcomes."""
    known = flights[flights["late"].notna()]
    for name in SLICES:
        for value, part in known.groupby(name):
            late = part["late"].to_numpy(dtype=bool)
            fewest = min(int(late.sum()), int((~late).sum()))
            if len(part) >= SLICE_FLIGHTS and fewest >= SLICE_OUTCOMES:
                yield {"slice": f"{name}={value}", **metrics(late, part["probability"].to_numpy())}


def summary(flights: pd.DataFrame) -> dict[str, Any]:
    """The numbers of the window: all answers, and those whose outcome is known."""
    known = flights[flights["late"].notna()]
    late = known["late"].to_numpy(dtype=bool)
    counted = {"flights": len(flights), "known_outcomes": len(known)}
    if not len(known):
        return counted
    found = metrics(late, known["probability"].to_numpy(dtype=np.float64))
    return {**counted, **found, "brier_skill": brier_skill(found)}


def brier_skill(found: dict[str, float | None]) -> float | None:
    """How much better than knowing only the late rate: 1 is perfect, 0 is no better."""
    rate = _number(found["actual_late_rate"])
    return 1 - _number(found["brier"]) / (rate * (1 - rate)) if 0 < rate < 1 else None


def _number(value: float | None) -> float:
    if value is None:
        raise ValueError("a window with one outcome only has no such number")
    return value
