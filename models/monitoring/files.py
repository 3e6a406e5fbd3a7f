"""The monitor's findings in the file formats of SageMaker Model Monitor, so that whoever reads
those reads ours: statistics, constraints, and the violations of a window.

Formats: "Schema for Statistics", "Schema for Constraints" and "Schema for Violations" of
https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-interpreting-statistics.html and the
pages beside it. The sketch of the KLL distribution is not written: it belongs to AWS's analyzer.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from models.monitoring.checks import Finding
from models.monitoring.reference import Column, Reference
from pipeline.contracts.features import FEATURES, TEXT, WHOLE
from pipeline.contracts.monitoring import (
    CALIBRATION,
    DATA_DRIFT,
    MISSING,
    QUALITY,
    SCORE_DRIFT,
    VIOLATED,
)

VERSION = 0.0
BUCKETS = 10

TYPES = {TEXT: "String", WHOLE: "Integral"}
CHECK_TYPES = {
    DATA_DRIFT: "baseline_drift_check",
    SCORE_DRIFT: "baseline_drift_check",
    MISSING: "completeness_check",
    CALIBRATION: "calibration_check",
    QUALITY: "model_quality_check",
}
"""AWS's words where it has one; the last two are ours."""


def statistics(flights: pd.DataFrame) -> dict[str, Any]:
    """`statistics.json` of some flights."""
    return {
        "version": VERSION,
        "dataset": {"item_count": len(flights)},
        "features": [_feature(column.name, column.type, flights) for column in FEATURES],
    }


def _feature(name: str, kind: str, flights: pd.DataFrame) -> dict[str, Any]:
    values = flights[name]
    common = {"num_present": int(values.notna().sum()), "num_missing": int(values.isna().sum())}
    told = {"name": name, "inferred_type": TYPES.get(kind, "Fractional")}
    known = values.dropna()
    if kind == TEXT:
        return {**told, "string_statistics": {"common": common, **_texts(known)}}
    numbers = known.to_numpy(dtype=np.float64)
    return {**told, "numerical_statistics": {"common": common, **_numbers(numbers)}}


def _texts(known: "pd.Series[Any]") -> dict[str, Any]:
    counts = known.value_counts()
    buckets = [{"value": str(value), "count": int(count)} for value, count in counts.items()]
    return {
        "distinct_count": len(buckets),
        "distribution": {"categorical": {"buckets": buckets}},
    }


def _numbers(known: "np.ndarray[Any, np.dtype[np.float64]]") -> dict[str, Any]:
    if not len(known):
        return {}
    counts, edges = np.histogram(known, bins=BUCKETS)
    buckets = [
        {"lower_bound": float(low), "upper_bound": float(high), "count": float(count)}
        for low, high, count in zip(edges[:-1], edges[1:], counts, strict=True)
    ]
    return {
        "mean": float(known.mean()),
        "sum": float(known.sum()),
        "std_dev": float(known.std()),
        "min": float(known.min()),
        "max": float(known.max()),
        "distribution": {"kll": {"buckets": buckets}},
    }


def constraints(reference: Reference, flights: pd.DataFrame) -> dict[str, Any]:
    """`constraints.json`: what the model's baseline asks of a window."""
    types = {column.name: TYPES.get(column.type, "Fractional") for column in FEATURES}
    return {
        "version": VERSION,
        "features": [
            _constraint(name, types[name], column, flights)
            for name, column in reference.columns.items()
        ],
        "monitoring_config": {
            "evaluate_constraints": "Enabled",
            "emit_metrics": "Enabled",
            "datatype_check_threshold": 1.0,
            "domain_content_threshold": 1.0,
            "distribution_constraints": {
                "perform_comparison": "Enabled",
                "comparison_threshold": reference.score.limit,
                "comparison_method": "Robust",
            },
        },
    }


def _constraint(name: str, kind: str, column: Column, flights: pd.DataFrame) -> dict[str, Any]:
    told: dict[str, Any] = {"name": name, "inferred_type": kind}
    told["completeness"] = 1 - (1.0 if column.missing_limit is None else column.missing_limit)
    if column.bins.names:
        told["string_constraints"] = {"domains": list(column.bins.names)}
    else:
        known = flights[name].dropna()
        told["num_constraints"] = {"is_non_negative": bool((known >= 0).all())}
    if column.limit is None:
        comparison: dict[str, Any] = {"perform_comparison": "Disabled"}
    else:
        comparison = {"perform_comparison": "Enabled", "comparison_threshold": column.limit}
    told["monitoringConfigOverrides"] = {"distribution_constraints": comparison}
    return told


def violations(findings: Iterable[Finding]) -> dict[str, Any]:
    """`constraint_violations.json` of a window."""
    return {
        "violations": [
            {
                "feature_name": finding.feature,
                "constraint_check_type": CHECK_TYPES[finding.check],
                "description": finding.sentence,
            }
            for finding in findings
            if finding.outcome == VIOLATED
        ]
    }
