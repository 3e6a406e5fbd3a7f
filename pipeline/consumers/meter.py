"""What the worker counts, told to CloudWatch once a minute."""

import logging
import threading
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

LOG = logging.getLogger(__name__)
NAMESPACE = "Terrarium/Consumers"

RECORDS, PREDICTIONS, UNSCORED, ERRORS = "Records", "Predictions", "Unscored", "Errors"
LAG = "MillisBehindLatest"
UNITS = {LAG: "Milliseconds"}


@dataclass
class Statistic:
    """The values of one metric since it was told last."""

    count: int = 0
    total: float = 0
    least: float = 0
    most: float = 0

    def add(self, value: float) -> None:
        """One more value."""
        self.least = min(self.least, value) if self.count else value
        self.most = max(self.most, value) if self.count else value
        self.count += 1
        self.total += value


class Meter:
    """Metrics of one stream's consumers. `cloudwatch` is a client."""

    def __init__(self, cloudwatch: Any, stream: str) -> None:
        self._cloudwatch = cloudwatch
        self._dimensions = [{"Name": "StreamName", "Value": stream}]
        self._statistics: dict[str, Statistic] = {}
        self._lock = threading.Lock()

    def add(self, metric: str, value: float) -> None:
        """One value of a metric."""
        with self._lock:
            self._statistics.setdefault(metric, Statistic()).add(value)

    def tell(self) -> None:
        """Send what was counted; what cannot be sent is lost, and said in the log."""
        with self._lock:
            statistics, self._statistics = self._statistics, {}
        if not statistics:
            return
        data = [self._datum(name, value) for name, value in statistics.items()]
        try:
            self._cloudwatch.put_metric_data(Namespace=NAMESPACE, MetricData=data)
        except (ClientError, BotoCoreError) as error:
            LOG.warning("metrics are lost: %s", error)

    def _datum(self, name: str, statistic: Statistic) -> dict[str, Any]:
        return {
            "MetricName": name,
            "Dimensions": self._dimensions,
            "Unit": UNITS.get(name, "Count"),
            "StatisticValues": {
                "SampleCount": statistic.count,
                "Sum": statistic.total,
                "Minimum": statistic.least,
                "Maximum": statistic.most,
            },
        }
