"""`constraint_violations.json` of data quality: what of a baseline's constraints is broken."""

from collections.abc import Iterator
from typing import Any

from emulation.compute.monitoring import sketch
from emulation.compute.monitoring.columns import Column
from emulation.compute.monitoring.constraints import MONITORING_CONFIG

Json = dict[str, Any]

DEFAULTS: Json = MONITORING_CONFIG["distribution_constraints"]


def violation(feature: str, check: str, description: str) -> Json:
    """One entry of the file."""
    return {"feature_name": feature, "constraint_check_type": check, "description": description}


def find(
    constraints: Json, columns: list[Column], statistics: Json, baseline: Json | None
) -> tuple[list[Json], dict[str, float]]:
    """The violations, and each feature's distance from its baseline."""
    config = MONITORING_CONFIG | constraints.get("monitoring_config", {})
    if config["evaluate_constraints"] != "Enabled":
        return [], {}
    by_name = {column.name: column for column in columns}
    found = list(column_set(constraints["features"], by_name))
    for promised in constraints["features"]:
        column = by_name.get(promised["name"])
        if column is not None:
            own = config | promised.get("monitoringConfigOverrides", {})
            found += one_feature(promised, column, own)
    distances, drifted = drift(constraints, config, statistics, baseline)
    return found + drifted, distances


def column_set(promised: list[Json], by_name: dict[str, Column]) -> Iterator[Json]:
    """Columns that are missing, and columns that nobody promised."""
    names = {item["name"] for item in promised}
    counts = (
        f"Number of columns in current dataset: {len(by_name)},"
        f" Number of columns in baseline constraints: {len(names)}"
    )
    missing, extra = sorted(names - set(by_name)), sorted(set(by_name) - names)
    if missing:
        text = f"There are missing columns in current dataset. {counts}"
        yield violation("Missing columns", "missing_column_check", f"{text}: {', '.join(missing)}")
    if extra:
        text = f"There are extra columns in current dataset. {counts}"
        yield violation("Extra columns", "extra_column_check", f"{text}: {', '.join(extra)}")


def one_feature(promised: Json, column: Column, config: Json) -> Iterator[Json]:
    """Kind, completeness, sign and categories of one column."""
    name = column.name
    kind, expected = promised["inferred_type"], config["datatype_check_threshold"]
    share = column.share_of(kind)
    if share < expected:
        yield violation(
            name,
            "data_type_check",
            f"Data type match requirement is not met. Expected data type: {kind}, Expected match:"
            f" {expected:.1%}. Observed: Only {share:.4%} of data is {kind}.",
        )
    complete = column.present / column.total if column.total else 0.0
    wanted = promised.get("completeness")
    if wanted is not None and complete < wanted:
        yield violation(
            name,
            "completeness_check",
            f"Completeness requirement is not met. Expected at least: {wanted}. Observed:"
            f" {complete}.",
        )
    yield from values(promised, column, config)


def values(promised: Json, column: Column, config: Json) -> Iterator[Json]:
    """Numbers that may not be negative, texts that have to be of a set."""
    negative = int((column.numbers < 0).sum())
    if promised.get("num_constraints", {}).get("is_non_negative") and negative:
        yield violation(
            column.name,
            "non_negative_check",
            f"Values have to be non-negative. Observed: {negative} negative values.",
        )
    domain = promised.get("string_constraints", {}).get("domains")
    if domain and column.present:
        share = float(column.values.isin(domain).mean())
        expected = config["domain_content_threshold"]
        if share < expected:
            yield violation(
                column.name,
                "categorical_values_check",
                f"Value set requirement is not met. Expected match: {expected:.1%}. Observed: Only"
                f" {share:.4%} of the values are in the baseline's set.",
            )


def drift(
    constraints: Json, config: Json, statistics: Json, baseline: Json | None
) -> tuple[dict[str, float], list[Json]]:
    """How far each feature is from its baseline, and which are too far."""
    names = {item["name"]: item for item in constraints["features"]}
    before = {item["name"]: item for item in (baseline or {}).get("features", [])}
    distances, found = {}, []
    for now in statistics["features"]:
        name = now["name"]
        own = config | names.get(name, {}).get("monitoringConfigOverrides", {})
        rules = DEFAULTS | config["distribution_constraints"] | own["distribution_constraints"]
        if name not in before or rules["perform_comparison"] != "Enabled":
            continue
        distance = between(before[name], now, robust=rules["comparison_method"] == "Robust")
        if distance is None:
            continue
        distances[name] = distance
        threshold = rules["comparison_threshold"]
        if distance > threshold:
            text = f"Baseline drift distance: {distance} exceeds threshold: {threshold}"
            found.append(violation(name, "baseline_drift_check", text))
    return distances, found


def between(before: Json, now: Json, *, robust: bool) -> float | None:
    """The distance of two features of one kind; None where there is none."""
    one, other = levels(before), levels(now)
    if one and other:
        return sketch.numerical_distance(one, other, robust=robust)
    a, b = categories(before), categories(now)
    return sketch.categorical_distance(a, b, robust=robust) if a and b else None


def levels(feature: Json) -> list[list[float]]:
    """A feature's sketch."""
    distribution = feature.get("numerical_statistics", {}).get("distribution", {})
    data: list[list[float]] = distribution.get("kll", {}).get("sketch", {}).get("data", [])
    return data if any(data) else []


def categories(feature: Json) -> dict[str, float]:
    """A feature's categories."""
    distribution = feature.get("string_statistics", {}).get("distribution", {})
    buckets = distribution.get("categorical", {}).get("buckets", [])
    return {bucket["value"]: bucket["count"] for bucket in buckets}
