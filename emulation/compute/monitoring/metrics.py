"""The metrics that a scheduled run tells CloudWatch: a line each, in a file that the platform
publishes when the program has ended.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from emulation.compute.monitoring.settings import METRICS_FILE, Settings, here

Json = dict[str, Any]


def of_data(statistics: Json, distances: dict[str, float]) -> Iterator[tuple[str, str, Json]]:
    """Feature, metric and value: what the data is, how much is present, how far it has drifted."""
    for feature in statistics["features"]:
        name = feature["name"]
        told = feature.get("numerical_statistics") or feature["string_statistics"]
        present = told["common"]["num_present"]
        total = present + told["common"]["num_missing"]
        if "mean" in told:
            values = {"Maximum": told["max"], "Minimum": told["min"], "Sum": told["sum"]}
            yield (
                name,
                f"feature_data_{name}",
                {"StatisticValues": values | {"SampleCount": present}},
            )
        if total:
            yield name, f"feature_non_null_{name}", {"Value": present / total}
        if name in distances:
            yield name, f"feature_baseline_drift_{name}", {"Value": distances[name]}


def write_data_metrics(settings: Settings, statistics: Json, distances: dict[str, float]) -> None:
    """Each metric twice: with its feature as a dimension, and without."""
    lines = []
    for feature, name, value in of_data(statistics, distances):
        lines += [line(settings, name, value, feature), line(settings, name, value)]
    write(lines)


def write_model_metrics(settings: Settings, values: dict[str, float]) -> None:
    """The metrics of a model's quality."""
    write([line(settings, name, {"Value": value}) for name, value in values.items()])


def line(settings: Settings, name: str, value: Json, feature: str | None = None) -> Json:
    """One metric as PutMetricData takes it, without the namespace."""
    dimensions = {"Endpoint": settings.endpoint, "MonitoringSchedule": settings.schedule}
    if feature is not None:
        dimensions["Feature"] = feature
    time = settings.end_time or datetime.now(UTC)
    return {
        "MetricName": name,
        "Timestamp": time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "Dimensions": [{"Name": k, "Value": v} for k, v in dimensions.items() if v],
        **value,
    }


def write(lines: list[Json]) -> None:
    """The file."""
    path = here(METRICS_FILE)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{json.dumps(item)}\n" for item in lines))
