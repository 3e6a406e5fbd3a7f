"""Sums of CloudWatch metrics over the last day."""

from datetime import timedelta
from typing import Any

from api.core.clock import now
from api.core.deployment import Clients

DAY = timedelta(hours=24)
HOUR_SECONDS = 3600


def day_sum(
    clients: Clients, namespace: str, metric: str, dimensions: dict[str, str]
) -> float | None:
    """The sum over the last 24 hours; None when nobody has published the metric."""
    points = _points(clients, namespace, metric, dimensions)
    return sum(points) if points else None


def _points(
    clients: Clients, namespace: str, metric: str, dimensions: dict[str, str]
) -> list[float]:
    until = now()
    answer: dict[str, Any] = clients("cloudwatch").get_metric_statistics(
        Namespace=namespace,
        MetricName=metric,
        Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
        StartTime=until - DAY,
        EndTime=until + timedelta(minutes=1),
        Period=HOUR_SECONDS,
        Statistics=["Sum"],
    )
    return [point["Sum"] for point in answer["Datapoints"]]
