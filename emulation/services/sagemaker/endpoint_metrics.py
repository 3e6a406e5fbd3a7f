"""An endpoint's metrics: counted with each invocation, sent to CloudWatch once a second."""

import logging
import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from emulation.compute.serving import Reply
from emulation.services.sagemaker.scope import Scope

LOG = logging.getLogger(__name__)
NAMESPACE = "AWS/SageMaker"
FLUSH_SECONDS = 1.0
DISTINCT_VALUES = 150
"""PutMetricData takes so many values of one metric."""

Key = tuple[str, str, str]


@dataclass
class Counts:
    """What happened to one variant since the last time."""

    replies: list[tuple[int, int, int]] = field(default_factory=list)
    """Status (0: no answer), model latency and overhead, the times in microseconds."""

    def data(self, endpoint: str, variant: str) -> list[dict[str, Any]]:
        """As PutMetricData takes it. Errors count 0 too, so that their average is a rate."""
        columns = {
            "Invocations": ("None", [1 for _ in self.replies]),
            "Invocation4XXErrors": ("None", [int(400 <= r[0] < 500) for r in self.replies]),
            "Invocation5XXErrors": ("None", [int(r[0] >= 500 or r[0] == 0) for r in self.replies]),
            "InvocationModelErrors": ("None", [int(r[0] != 200) for r in self.replies]),
            "ModelLatency": ("Microseconds", [r[1] for r in self.replies]),
            "OverheadLatency": ("Microseconds", [r[2] for r in self.replies]),
        }
        dimensions = [
            {"Name": "EndpointName", "Value": endpoint},
            {"Name": "VariantName", "Value": variant},
        ]
        return [
            {"MetricName": name, "Unit": unit, "Dimensions": dimensions, **chunk}
            for name, (unit, values) in columns.items()
            for chunk in chunks(values)
        ]


def chunks(values: list[int]) -> list[dict[str, list[float]]]:
    """Distinct values and how often each was seen."""
    seen: dict[int, int] = defaultdict(int)
    for value in values:
        seen[value] += 1
    items = list(seen.items())
    parts = [items[at : at + DISTINCT_VALUES] for at in range(0, len(items), DISTINCT_VALUES)]
    return [
        {"Values": [float(v) for v, _ in part], "Counts": [float(n) for _, n in part]}
        for part in parts
    ]


class EndpointMetrics:
    """Counts in the caller's thread, sends in its own, which starts with the first invocation."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[tuple[Key, str], Counts] = {}
        self._sender: threading.Thread | None = None
        self._something = threading.Event()

    def count(self, key: Key, variant: str, reply: Reply, seconds: float) -> None:
        """One invocation that a server answered."""
        latency = round(reply.seconds * 1e6)
        row = (reply.status, latency, max(0, round(seconds * 1e6) - latency))
        with self._lock:
            self._counts.setdefault((key, variant), Counts()).replies.append(row)
            if self._sender is None:
                self._sender = threading.Thread(
                    target=self._send, name="endpoint-metrics", daemon=True
                )
                self._sender.start()
        self._something.set()

    def _send(self) -> None:
        while True:
            self._something.wait()
            time.sleep(FLUSH_SECONDS)
            self._something.clear()
            with self._lock:
                counts, self._counts = self._counts, {}
            for ((account, region, endpoint), variant), found in counts.items():
                put(Scope(account, region), found.data(endpoint, variant))


def put(scope: Scope, data: list[dict[str, Any]]) -> None:
    """Send; invocations do not fail for their metrics."""
    try:
        scope.client("cloudwatch").put_metric_data(Namespace=NAMESPACE, MetricData=data)
    except (BotoCoreError, ClientError) as error:
        LOG.warning("metrics of an endpoint are lost: %s", error)


METRICS = EndpointMetrics()
"""One for all endpoints."""
