"""`statistics.json`: what a dataset's columns hold."""

from typing import Any

from emulation.compute.monitoring import sketch
from emulation.compute.monitoring.columns import NUMERIC, UNKNOWN, Column

Json = dict[str, Any]

CATEGORIES = 120
"""Texts of more different values have no histogram."""


def statistics(columns: list[Column]) -> Json:
    """The whole file."""
    rows = max((column.total for column in columns), default=0)
    return {
        "version": 0.0,
        "dataset": {"item_count": rows},
        "features": [feature(column) for column in columns],
    }


def feature(column: Column) -> Json:
    """One column."""
    described = {"name": column.name, "inferred_type": column.kind}
    common = {"num_present": column.present, "num_missing": column.missing}
    if column.kind in NUMERIC:
        return {**described, "numerical_statistics": {"common": common, **numerical(column)}}
    if column.kind == UNKNOWN:
        return {**described, "string_statistics": {"common": common, "distinct_count": 0.0}}
    return {**described, "string_statistics": {"common": common, **categorical(column)}}


def numerical(column: Column) -> Json:
    """Moments and distribution of numbers."""
    values = column.numbers
    return {
        "mean": float(values.mean()),
        "sum": float(values.sum()),
        "std_dev": float(values.std()),
        "min": float(values.min()),
        "max": float(values.max()),
        "distribution": sketch.distribution(values),
    }


def categorical(column: Column) -> Json:
    """How many different texts, and which when they are few."""
    counts = column.values.value_counts()
    found: Json = {"distinct_count": float(len(counts))}
    if len(counts) <= CATEGORIES:
        buckets = [{"value": str(k), "count": int(v)} for k, v in counts.items()]
        found["distribution"] = {"categorical": {"buckets": buckets}}
    return found
