"""`constraints.json`: what a baseline's columns promise of later data."""

import math
from typing import Any

from emulation.compute.monitoring.column_statistics import CATEGORIES
from emulation.compute.monitoring.columns import NUMERIC, STRING, Column

Json = dict[str, Any]

DISTINCT_SHARE = 0.1
"""Texts are categories when no more than this share of the rows has a value of its own."""

MONITORING_CONFIG: Json = {
    "evaluate_constraints": "Enabled",
    "emit_metrics": "Enabled",
    "datatype_check_threshold": 1.0,
    "domain_content_threshold": 1.0,
    "distribution_constraints": {
        "perform_comparison": "Enabled",
        "comparison_threshold": 0.1,
        "comparison_method": "Robust",
    },
}


def suggest(columns: list[Column]) -> Json:
    """The whole file, for a baseline."""
    return {
        "version": 0.0,
        "features": [feature(column) for column in columns],
        "monitoring_config": MONITORING_CONFIG,
    }


def feature(column: Column) -> Json:
    """What one column promises."""
    found: Json = {
        "name": column.name,
        "inferred_type": column.kind,
        "completeness": completeness(column),
    }
    if column.kind in NUMERIC:
        found["num_constraints"] = {"is_non_negative": bool(column.numbers.min() >= 0)}
    if column.kind == STRING:
        values = sorted(column.values.unique())
        few = len(values) <= CATEGORIES and len(values) <= DISTINCT_SHARE * column.present
        if few:
            found["string_constraints"] = {"domains": values}
    return found


def completeness(column: Column) -> float:
    """The share of present values; below one, the lower end of its 95 % interval."""
    if not column.total:
        return 0.0
    share = column.present / column.total
    error = 1.96 * math.sqrt(share * (1 - share) / column.total)
    return max(0.0, share - error)
