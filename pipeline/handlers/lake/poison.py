"""Records that break the contract: each into an object of its own, and counted by the reason.

Queues were not taken: docs/decisions/0010-exactly-once.md.
"""

import logging
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from pipeline import aws
from pipeline.contracts.fields import BREAKING, InvalidEvent
from pipeline.contracts.poison import SetAside

LOG = logging.getLogger(__name__)

WRITERS = 16
POISON, BREAKS = "PoisonRecords", "ContractBreaks"
"""Records that were refused, all and of each reason; those whose producer has changed."""


def of(record: dict[str, Any], data: bytes, error: InvalidEvent) -> SetAside:
    """From a record of a Lambda event."""
    kinesis = record["kinesis"]
    return SetAside(
        kind=error.kind,
        reason=str(error),
        stream=record["eventSourceARN"].rpartition("/")[2],
        shard_id=record["eventID"].partition(":")[0],
        sequence_number=kinesis["sequenceNumber"],
        partition_key=kinesis["partitionKey"],
        arrived_at=kinesis["approximateArrivalTimestamp"],
        data=data,
    )


def set_aside(poison: Sequence[SetAside], bucket: str) -> None:
    """Keep every record. Written again, an object is as it was."""
    s3 = aws.client("s3")

    def put(item: SetAside) -> None:
        s3.put_object(
            Bucket=bucket, Key=item.key, Body=item.encode(), ContentType="application/json"
        )

    with ThreadPoolExecutor(WRITERS) as writers:
        list(writers.map(put, poison))


def count(poison: Sequence[SetAside], namespace: str) -> None:
    """Count the records. A batch that comes again counts again: the metric is for alarms, and what
    was set aside is counted by its objects.
    """
    try:
        aws.client("cloudwatch").put_metric_data(Namespace=namespace, MetricData=_metrics(poison))
    except (ClientError, BotoCoreError) as error:
        # The records are kept and the log says so; that nobody counts them is no reason to stop.
        LOG.warning("%d poison records were not counted: %s", len(poison), error)


def _metrics(poison: Sequence[SetAside]) -> list[dict[str, Any]]:
    kinds = Counter(item.kind for item in poison)
    metrics = [_metric(POISON, kinds.total())]
    if breaks := sum(kinds[kind] for kind in BREAKING):
        metrics.append(_metric(BREAKS, breaks))
    for kind, many in kinds.items():
        metrics.append({**_metric(POISON, many), "Dimensions": [{"Name": "Reason", "Value": kind}]})
    return metrics


def _metric(name: str, value: int) -> dict[str, Any]:
    return {"MetricName": name, "Value": value, "Unit": "Count"}
