"""Model quality: predictions joined with their truth, metrics, thresholds, what falls short."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from emulation.compute.monitoring import datasets, quality
from emulation.compute.monitoring.captures import (
    INPUT,
    OUTPUT,
    DataError,
    Row,
    captures,
    truths,
)
from emulation.compute.monitoring.settings import Settings

Json = dict[str, Any]

GREATER = "GreaterThanThreshold"
LESS = "LessThanThreshold"
WORSE_WHEN_GREATER = {"mae", "mse", "rmse", "false_positive_rate", "false_negative_rate"}

KINDS = {
    "BinaryClassification": "binary_classification",
    "MulticlassClassification": "multiclass_classification",
    "Regression": "regression",
}


@dataclass(frozen=True)
class Answers:
    """Truths, and what was predicted for each."""

    truth: "pd.Series"
    inference: "pd.Series | None"
    probability: "pd.Series | None"


def answers(settings: Settings) -> Answers:
    """A baseline's columns, or captures with the truth that came for them."""
    if settings.ground_truth_source is not None:
        return merged(settings)
    frame = datasets.read(settings)
    truth = column(frame, settings.ground_truth_attribute)
    if truth is None:
        raise DataError("ground_truth_attribute is missing.")
    return Answers(
        truth,
        column(frame, settings.inference_attribute),
        column(frame, settings.probability_attribute),
    )


def column(frame: pd.DataFrame, name: str | None) -> "pd.Series | None":
    """A column by its name or place."""
    if name is None:
        return None
    place = f"_c{name}" if name.isdigit() else name
    if place not in frame.columns:
        raise DataError(f"The dataset has no column {name}.")
    return frame[place]


def merged(settings: Settings) -> Answers:
    """One row for each record of an invocation whose truth has come."""
    assert settings.ground_truth_source is not None
    known = truths(settings.ground_truth_source)
    rows: list[Row] = []
    labels: list[Any] = []
    for capture in captures(
        settings.dataset_source, [OUTPUT, INPUT], settings.start_time, settings.end_time
    ):
        outputs, truth = capture.parts.get(OUTPUT, []), known.get(capture.id, [])
        if truth and len(truth) == len(outputs):
            rows += outputs
            labels += [cell(record) for record in truth]
    if not rows:
        raise DataError("No captured invocation has a ground truth.")
    frame = datasets.framed(rows)
    return Answers(
        pd.Series(labels, dtype=object),
        column(frame, settings.inference_attribute),
        column(frame, settings.probability_attribute),
    )


def cell(record: Row) -> Any:
    """The one value of a truth."""
    return next(iter(record.values() if isinstance(record, dict) else record), None)


def measure(settings: Settings, found: Answers) -> Json:
    """The metrics of the problem's type.

    Raises:
        DataError: what they need is missing or is no number.
    """
    try:
        if settings.problem_type == "BinaryClassification":
            return measure_binary(settings, found)
        if settings.problem_type in KINDS and found.inference is None:
            raise DataError("inference_attribute is missing.")
        if settings.problem_type == "MulticlassClassification":
            return quality.multiclass(texts(found.truth), texts(found.inference))
        if settings.problem_type == "Regression":
            return quality.regression(numbers(found.truth), numbers(found.inference))
    except ValueError as error:
        raise DataError(f"The dataset holds what is no number: {error}") from error
    raise DataError(f"problem_type {settings.problem_type} is unknown.")


def measure_binary(settings: Settings, found: Answers) -> Json:
    """Two classes: what was inferred, or a probability and a threshold."""
    scores = None if found.probability is None else numbers(found.probability)
    if found.inference is not None:
        predicted = classes(found.inference)
    elif scores is not None:
        predicted = (scores >= settings.probability_threshold).astype(int)
    else:
        raise DataError("inference_attribute and probability_attribute are missing.")
    return quality.binary(classes(found.truth), predicted, scores)


def numbers(values: Any) -> np.ndarray:
    """Values as numbers."""
    return values.astype(str).to_numpy(dtype=float)


def texts(values: Any) -> np.ndarray:
    """Values as names of classes."""
    return values.astype(str).to_numpy(dtype=object)


def classes(values: Any) -> np.ndarray:
    """Values as 0 and 1."""
    told = values.astype(str).str.strip().str.lower().replace({"true": "1", "false": "0"})
    found = told.to_numpy(dtype=float)
    if not np.isin(found, (0, 1)).all():
        raise DataError("The classes of a binary problem have to be 0 and 1.")
    return found.astype(int)


def statistics(settings: Settings, found: Answers, measured: Json) -> Json:
    """`statistics.json`."""
    kind = KINDS[str(settings.problem_type)]
    dataset: Json = {"item_count": len(found.truth)}
    for name, time in (("start_time", settings.start_time), ("end_time", settings.end_time)):
        if time is not None:
            dataset[name] = time.isoformat()
    return {"version": 0.0, "dataset": dataset, f"{kind}_metrics": measured}


def plain(measured: Json) -> dict[str, float]:
    """The metrics that are one number."""
    return {name: value["value"] for name, value in measured.items() if "value" in value}


def suggest(settings: Settings, measured: Json) -> Json:
    """`constraints.json`: later data should do as well."""
    kind = KINDS[str(settings.problem_type)]
    found = {
        name: {
            "threshold": value,
            "comparison_operator": GREATER if name in WORSE_WHEN_GREATER else LESS,
        }
        for name, value in plain(measured).items()
    }
    return {"version": 0.0, f"{kind}_constraints": found}


def violations(settings: Settings, constraints: Json, measured: Json) -> list[Json]:
    """What does worse than the constraints allow."""
    kind = KINDS[str(settings.problem_type)]
    found, values = [], plain(measured)
    for name, rule in constraints.get(f"{kind}_constraints", {}).items():
        if name in values and breaks(values[name], rule):
            operator, threshold = rule["comparison_operator"], rule["threshold"]
            found.append(
                {
                    "constraint_check_type": operator,
                    "description": f"Metric {name} with {values[name]} was {operator}"
                    f" '{threshold}'",
                    "metric_name": name,
                }
            )
    return found


def breaks(value: float, rule: Json) -> bool:
    """Whether a value is on the wrong side."""
    if rule["comparison_operator"] == GREATER:
        return bool(value > rule["threshold"])
    return bool(value < rule["threshold"])
