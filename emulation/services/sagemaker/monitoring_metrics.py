"""Metrics that a monitoring job leaves in a file: one a line, as PutMetricData takes it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

BATCH = 500
"""Fewer than the 1000 that PutMetricData takes."""


def publish(cloudwatch: Any, namespace: str, path: Path, note: Callable[[str], None]) -> None:
    """Send the file's metrics; what cannot be sent is noted in the job's log."""
    lines = path.read_text().splitlines() if path.is_file() else []
    try:
        metrics = [json.loads(line) for line in lines if line.strip()]
        for start in range(0, len(metrics), BATCH):
            data = metrics[start : start + BATCH]
            cloudwatch.put_metric_data(Namespace=namespace, MetricData=data)
    except (ValueError, BotoCoreError, ClientError) as error:
        note(f"Metrics are lost: {error}")
