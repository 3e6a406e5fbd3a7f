"""Model quality: how good the predictions are that truth has come for."""

from typing import Any

import numpy as np

Json = dict[str, Any]

POINTS = 100
"""So many points of a curve at most."""


def ratio(part: float, whole: float) -> float:
    """A share; of nothing it is zero."""
    return float(part / whole) if whole else 0.0


def f_beta(precision: float, recall: float, beta: float) -> float:
    """The weighted harmonic mean; `beta` above one favours recall."""
    square = beta * beta
    return ratio((1 + square) * precision * recall, square * precision + recall)


def binary(truth: np.ndarray, predicted: np.ndarray, scores: np.ndarray | None) -> Json:
    """Metrics of two classes; truth and predictions are 0 or 1."""
    tp = int(((truth == 1) & (predicted == 1)).sum())
    tn = int(((truth == 0) & (predicted == 0)).sum())
    fp = int(((truth == 0) & (predicted == 1)).sum())
    fn = int(((truth == 1) & (predicted == 0)).sum())
    recall, precision = ratio(tp, tp + fn), ratio(tp, tp + fp)
    plain = {
        "recall": recall,
        "precision": precision,
        "accuracy": ratio(tp + tn, len(truth)),
        "true_positive_rate": recall,
        "true_negative_rate": ratio(tn, tn + fp),
        "false_positive_rate": ratio(fp, tn + fp),
        "false_negative_rate": ratio(fn, tp + fn),
        "f0_5": f_beta(precision, recall, 0.5),
        "f1": f_beta(precision, recall, 1),
        "f2": f_beta(precision, recall, 2),
    }
    found: Json = {
        "confusion_matrix": {"0": {"0": tn, "1": fp}, "1": {"0": fn, "1": tp}},
        **{name: valued(value) for name, value in plain.items()},
    }
    if scores is not None and 0 < truth.sum() < len(truth):
        found |= ranked(truth, scores)
    return found


def ranked(truth: np.ndarray, scores: np.ndarray) -> Json:
    """What the order of the scores is worth."""
    order = np.argsort(-scores, kind="stable")
    ends = np.flatnonzero(np.diff(scores[order], append=-np.inf))
    hits = np.cumsum(truth[order])[ends]
    alarms = ends + 1 - hits
    positives, negatives = truth.sum(), len(truth) - truth.sum()
    tpr = np.concatenate([[0.0], hits / positives])
    fpr = np.concatenate([[0.0], alarms / negatives])
    some = np.unique(np.linspace(0, len(tpr) - 1, min(POINTS, len(tpr))).astype(int))
    few = np.unique(np.linspace(0, len(ends) - 1, min(POINTS, len(ends))).astype(int))
    return {
        "auc": valued(float(np.trapezoid(tpr, fpr))),
        "receiver_operating_characteristic_curve": {
            "false_positive_rates": fpr[some].tolist(),
            "true_positive_rates": tpr[some].tolist(),
        },
        "precision_recall_curve": {
            "precisions": (hits / (ends + 1))[few].tolist(),
            "recalls": (hits / positives)[few].tolist(),
        },
    }


def multiclass(truth: np.ndarray, predicted: np.ndarray) -> Json:
    """Metrics of several classes, weighted by how often each is true."""
    classes = sorted({*truth.tolist(), *predicted.tolist()})
    matrix = {
        str(a): {str(b): int(((truth == a) & (predicted == b)).sum()) for b in classes}
        for a in classes
    }
    sums = {name: 0.0 for name in ("recall", "precision", "f0_5", "f1", "f2")}
    for name in classes:
        hits = float(((truth == name) & (predicted == name)).sum())
        share = ratio(float((truth == name).sum()), len(truth))
        recall = ratio(hits, float((truth == name).sum()))
        precision = ratio(hits, float((predicted == name).sum()))
        of_class = {
            "recall": recall,
            "precision": precision,
            "f0_5": f_beta(precision, recall, 0.5),
            "f1": f_beta(precision, recall, 1),
            "f2": f_beta(precision, recall, 2),
        }
        sums = {metric: value + share * of_class[metric] for metric, value in sums.items()}
    weighted = {f"weighted_{name}": valued(value) for name, value in sums.items()}
    accuracy = valued(float((truth == predicted).mean()))
    return {"confusion_matrix": matrix, "accuracy": accuracy, **weighted}


def regression(truth: np.ndarray, predicted: np.ndarray) -> Json:
    """Metrics of numbers."""
    errors = predicted - truth
    square = float((errors**2).mean())
    spread = float(((truth - truth.mean()) ** 2).mean())
    return {
        "mae": valued(float(np.abs(errors).mean())),
        "mse": valued(square),
        "rmse": valued(square**0.5),
        "r2": valued(1 - ratio(square, spread)),
    }


def valued(value: float) -> Json:
    """A metric as the file has it; its deviation is not computed here."""
    return {"value": value, "standard_deviation": "NaN"}
