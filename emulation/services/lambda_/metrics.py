"""The metrics AWS/Lambda, sent together once a second: LocalStack starts a thread and sends a
request for every single invocation, which under load are hundreds at a time.
"""

import logging
import threading
import time
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from localstack.aws.connect import connect_to

LOG = logging.getLogger(__name__)

FLUSH_SECONDS = 1.0
UNITS = {"Invocations": "Count", "Errors": "Count", "Duration": "Milliseconds"}
MAX_VALUES = 150
"""Different values of one metric in one PutMetricData."""


@dataclass(frozen=True, slots=True)
class Metered:
    """Whose metrics they are."""

    account: str
    region: str
    function: str


class Meter:
    """Counts invocations and sends what it counted."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._values: dict[tuple[Metered, str], Counter[float]] = defaultdict(Counter)
        self._sender: threading.Thread | None = None

    def count(self, metered: Metered, *, failed: bool, milliseconds: float) -> None:
        """One invocation."""
        values = {"Invocations": 1.0, "Errors": float(failed), "Duration": round(milliseconds, 2)}
        with self._lock:
            for name, value in values.items():
                self._values[metered, name][value] += 1
            if self._sender is None:
                self._sender = threading.Thread(target=self._send, name="lambda-metrics")
                self._sender.daemon = True
                self._sender.start()

    def _send(self) -> None:
        """Send once and end; the next invocation starts the next sender."""
        time.sleep(FLUSH_SECONDS)
        with self._lock:
            values, self._values = self._values, defaultdict(Counter)
            self._sender = None
        by_function: dict[Metered, list[dict[str, Any]]] = defaultdict(list)
        for (metered, name), counts in values.items():
            by_function[metered] += _data(metered.function, name, counts)
        for metered, data in by_function.items():
            clients = connect_to(aws_access_key_id=metered.account, region_name=metered.region)
            try:
                clients.cloudwatch.put_metric_data(Namespace="AWS/Lambda", MetricData=data)
            except (ClientError, BotoCoreError) as error:
                LOG.warning("metrics of function %s were not sent: %s", metered.function, error)


def _data(function: str, name: str, counts: Counter[float]) -> list[dict[str, Any]]:
    items = sorted(counts.items())
    return [
        {
            "MetricName": name,
            "Dimensions": [{"Name": "FunctionName", "Value": function}],
            "Unit": UNITS[name],
            "Values": [value for value, _ in items[start : start + MAX_VALUES]],
            "Counts": [float(count) for _, count in items[start : start + MAX_VALUES]],
        }
        for start in range(0, len(items), MAX_VALUES)
    ]


METER = Meter()
"""The emulator's one meter."""
