"""CloudWatch's AWS/ApplicationELB: one PutMetricData a second while there is traffic."""

import logging
from collections.abc import Iterator

from botocore.exceptions import BotoCoreError, ClientError

from emulation.compute.load_balancing.plan import Traffic
from emulation.services.elbv2.store import Members
from emulation.services.metrics import METRICS, chunks
from emulation.services.scope import Scope

LOG = logging.getLogger(__name__)

NAMESPACE = "AWS/ApplicationELB"
UNITS = {"TargetResponseTime": "Seconds", "ProcessedBytes": "Bytes"}

LOAD_BALANCER, TARGET_GROUP, ZONE = "LoadBalancer", "TargetGroup", "AvailabilityZone"
WHOLE = ((LOAD_BALANCER,), (ZONE, LOAD_BALANCER))
OF_GROUP = ((TARGET_GROUP, LOAD_BALANCER), (TARGET_GROUP, ZONE, LOAD_BALANCER))
ONLY_OF_GROUP = {
    "HealthyHostCount": OF_GROUP,
    "UnHealthyHostCount": OF_GROUP,
    "RequestCountPerTarget": ((TARGET_GROUP,), (TARGET_GROUP, LOAD_BALANCER)),
}
"""All others are of the whole load balancer too."""


def put(scope: Scope, traffic: list[Traffic]) -> None:
    """Send what was counted; requests do not fail for their metrics."""
    data = [item for counted in traffic for item in metric_data(counted)]
    client = scope.client("cloudwatch")
    for at in range(0, len(data), METRICS):
        try:
            client.put_metric_data(Namespace=NAMESPACE, MetricData=data[at : at + METRICS])
        except (ClientError, BotoCoreError) as error:
            LOG.warning("metrics of load balancers are lost: %s", error)


def metric_data(traffic: Traffic) -> Iterator[Members]:
    """What was counted, under every set of dimensions that AWS has it under."""
    place = {LOAD_BALANCER: traffic.balancer, TARGET_GROUP: traffic.group, ZONE: traffic.zone}
    for metric, counts in traffic.values.items():
        seen = chunks({float(value): count for value, count in counts.items()})
        for names in dimensions(metric, grouped=bool(traffic.group)):
            for chunk in seen:
                yield {
                    "MetricName": metric,
                    "Unit": UNITS.get(metric, "Count"),
                    "Dimensions": [{"Name": name, "Value": place[name]} for name in names],
                    "StorageResolution": 1,
                    **chunk,
                }


def dimensions(metric: str, *, grouped: bool) -> tuple[tuple[str, ...], ...]:
    """The sets of dimensions of a metric."""
    if metric in ONLY_OF_GROUP:
        return ONLY_OF_GROUP[metric]
    return (*WHOLE, *OF_GROUP) if grouped else WHOLE
