"""Metrics that a training program prints: found by the job's regular expressions, sent to
CloudWatch.
"""

import logging
import re
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from emulation.services.sagemaker.store import Members, TrainingJob, now

LOG = logging.getLogger(__name__)
NAMESPACE = "/aws/sagemaker/TrainingJobs"
BATCH = 500
"""Fewer than the 1000 that PutMetricData takes."""


class TrainingMetrics:
    """Looks at each line of output; the last value of each metric stays with the job."""

    def __init__(self, cloudwatch: Any, job: TrainingJob) -> None:
        definitions = job.request["AlgorithmSpecification"].get("MetricDefinitions", [])
        self._patterns = [(item["Name"], re.compile(item["Regex"])) for item in definitions]
        self._cloudwatch = cloudwatch
        self._job = job
        self._pending: list[Members] = []

    def read(self, line: str) -> None:
        """Find the line's metrics: the first group of each expression that matches."""
        for name, pattern in self._patterns:
            if match := pattern.search(line):
                self._add(name, match.group(1) if match.groups() else match.group(0))

    def _add(self, name: str, text: str) -> None:
        try:
            value = float(text)
        except ValueError:
            return
        time = now()
        self._job.final_metrics[name] = {"MetricName": name, "Value": value, "Timestamp": time}
        self._pending.append(
            {
                "MetricName": name,
                "Value": value,
                "Timestamp": time,
                "Dimensions": [{"Name": "TrainingJobName", "Value": self._job.name}],
            }
        )

    def flush(self) -> None:
        """Send what was found since the last time; a job does not fail for its metrics."""
        while self._pending:
            batch, self._pending = self._pending[:BATCH], self._pending[BATCH:]
            try:
                self._cloudwatch.put_metric_data(Namespace=NAMESPACE, MetricData=batch)
            except (BotoCoreError, ClientError) as error:
                LOG.warning("metrics of %s are lost: %s", self._job.name, error)
