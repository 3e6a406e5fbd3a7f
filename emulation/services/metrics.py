"""CloudWatch metrics of our services: counted with each request, sent together once a second.

They keep their seconds, where AWS's services have minutes, so that an alarm with a period of 10 s
can stop a deployment here as soon as there is a reason. A request pays for adding to a dictionary
and nothing else: metrics are sent by one thread, which starts with the first value and ends when it
has sent. Who waits costs nothing.
"""

import logging
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError
from localstack.aws.connect import connect_to

LOG = logging.getLogger(__name__)

FLUSH_SECONDS = 1.0
DISTINCT_VALUES = 150
"""PutMetricData takes so many values of one metric."""
METRICS = 1000
"""PutMetricData takes so many metrics."""


class Metric(NamedTuple):
    """A metric's name and unit."""

    name: str
    unit: str


@dataclass(frozen=True, slots=True)
class Source:
    """Whose metrics they are, and where they are found."""

    account: str
    region: str
    namespace: str
    dimensions: tuple[tuple[str, str], ...]


class Meter:
    """Counts in the caller's thread, sends in its own."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._values: dict[Source, dict[Metric, Counter[float]]] = {}
        self._sender: threading.Thread | None = None

    def count(self, source: Source, values: Mapping[Metric, float]) -> None:
        """What one request has measured."""
        with self._lock:
            of_source = self._values.setdefault(source, defaultdict(Counter))
            for metric, value in values.items():
                of_source[metric][value] += 1
            if self._sender is None:
                self._sender = threading.Thread(target=self._send, name="metrics", daemon=True)
                self._sender.start()

    def _send(self) -> None:
        """Send once and end; the next value starts the next sender."""
        time.sleep(FLUSH_SECONDS)
        with self._lock:
            values, self._values = self._values, {}
            self._sender = None
        for source, metrics in values.items():
            put(source, data(source, metrics))


def data(source: Source, metrics: Mapping[Metric, Counter[float]]) -> list[dict[str, Any]]:
    """As PutMetricData takes it."""
    dimensions = [{"Name": name, "Value": value} for name, value in source.dimensions]
    return [
        {
            "MetricName": metric.name,
            "Unit": metric.unit,
            "Dimensions": dimensions,
            "StorageResolution": 1,
            **chunk,
        }
        for metric, counts in metrics.items()
        for chunk in chunks(counts)
    ]


def chunks(counts: Mapping[float, int]) -> list[dict[str, list[float]]]:
    """Distinct values and how often each was seen."""
    items = list(counts.items())
    parts = [items[at : at + DISTINCT_VALUES] for at in range(0, len(items), DISTINCT_VALUES)]
    return [
        {"Values": [float(v) for v, _ in part], "Counts": [float(n) for _, n in part]}
        for part in parts
    ]


def put(source: Source, metrics: list[dict[str, Any]]) -> None:
    """Send; requests do not fail for their metrics."""
    clients = connect_to(aws_access_key_id=source.account, region_name=source.region)
    for at in range(0, len(metrics), METRICS):
        try:
            clients.cloudwatch.put_metric_data(
                Namespace=source.namespace, MetricData=metrics[at : at + METRICS]
            )
        except (ClientError, BotoCoreError) as error:
            LOG.warning("metrics of %s are lost: %s", source, error)


METER = Meter()
"""The emulator's one meter."""
