"""Target tracking: which metric, and the two alarms that AWS makes for it."""

import uuid

from emulation.services.application_autoscaling.deciding import SCALE_IN_SHARE
from emulation.services.application_autoscaling.errors import not_emulated, validation
from emulation.services.application_autoscaling.store import Members, Policy, Target

MINUTE = 60
HIGH_PERIODS, LOW_PERIODS = 3, 15

Metric = Members
"""As PutMetricAlarm takes it: a metric with dimensions and a statistic, or `Metrics`."""

OF_SERVICES = {
    "ECSServiceAverageCPUUtilization": "CPUUtilization",
    "ECSServiceAverageMemoryUtilization": "MemoryUtilization",
}
OF_BALANCERS = "ALBRequestCountPerTarget"
OF_VARIANTS = "SageMakerVariantInvocationsPerInstance"
OTHER_SPACES = {"ecs": (OF_VARIANTS,), "sagemaker": (*OF_SERVICES, OF_BALANCERS)}


def metric_of(target: Target, configuration: Members) -> Metric:
    """The metric that a policy follows.

    Raises:
        CommonServiceException: it names none, or two.
        NotImplementedError: nobody measures it here.
    """
    named = configuration.get("PredefinedMetricSpecification")
    custom = configuration.get("CustomizedMetricSpecification")
    if bool(named) == bool(custom):
        raise validation(
            "Exactly one of PredefinedMetricSpecification and CustomizedMetricSpecification must "
            "be specified"
        )
    return predefined(target, named) if named else customized(custom or {})


def predefined(target: Target, named: Members) -> Metric:
    """A metric that AWS knows by name."""
    kind, label = named.get("PredefinedMetricType", ""), named.get("ResourceLabel")
    if kind in OTHER_SPACES[target.namespace]:
        raise validation(
            f"Predefined metric type {kind} is not valid for the service namespace "
            f"{target.namespace}"
        )
    if kind != OF_BALANCERS and label:
        raise validation(f"ResourceLabel cannot be specified with the metric type {kind}")
    parts = target.resource.split("/")
    if kind in OF_SERVICES:
        dimensions = {"ClusterName": parts[1], "ServiceName": parts[2]}
        return metric("AWS/ECS", OF_SERVICES[kind], dimensions, "Average")
    if kind == OF_VARIANTS:
        dimensions = {"EndpointName": parts[1], "VariantName": parts[3]}
        return metric("AWS/SageMaker", "InvocationsPerInstance", dimensions, "Sum")
    if kind != OF_BALANCERS:
        raise not_emulated("PutScalingPolicy", f"the predefined metric {kind}")
    balancer, mark, group = (label or "").partition("/targetgroup/")
    if not mark or not balancer.startswith("app/"):
        raise validation(
            "ResourceLabel must be specified as app/<load balancer name>/<load balancer "
            "ID>/targetgroup/<target group name>/<target group ID>"
        )
    dimensions = {"LoadBalancer": balancer, "TargetGroup": f"targetgroup/{group}"}
    return metric("AWS/ApplicationELB", "RequestCountPerTarget", dimensions, "Sum")


def metric(namespace: str, name: str, dimensions: dict[str, str], statistic: str) -> Metric:
    """A metric with its dimensions."""
    return {
        "Namespace": namespace,
        "MetricName": name,
        "Dimensions": [{"Name": n, "Value": value} for n, value in dimensions.items()],
        "Statistic": statistic,
        "Period": MINUTE,
    }


def customized(custom: Members) -> Metric:
    """A metric of one's own, or an expression."""
    if custom.get("Metrics"):
        return {"Metrics": [query(item) for item in custom["Metrics"]]}
    for name in ("MetricName", "Namespace", "Statistic"):
        if not custom.get(name):
            raise validation(f"{name} must be specified in CustomizedMetricSpecification")
    kept = {n: custom[n] for n in ("MetricName", "Namespace", "Statistic")}
    unit = {"Unit": custom["Unit"]} if custom.get("Unit") else {}
    return kept | unit | {"Dimensions": custom.get("Dimensions") or [], "Period": MINUTE}


def query(item: Members) -> Members:
    """A query of an expression, as CloudWatch has it; each counts in minutes."""
    if not item.get("MetricStat"):
        return item
    return item | {"MetricStat": item["MetricStat"] | {"Period": MINUTE}}


def alarms_of(target: Target, policy: Policy) -> list[Members]:
    """The alarms of a policy, as PutMetricAlarm takes them."""
    configuration = policy.configuration
    wanted = float(configuration["TargetValue"])
    ways = [("AlarmHigh", "GreaterThanThreshold", wanted, HIGH_PERIODS)]
    if not configuration.get("DisableScaleIn"):
        ways.append(("AlarmLow", "LessThanThreshold", wanted * SCALE_IN_SHARE, LOW_PERIODS))
    arn = target.policy_arn(policy)
    return [
        {
            "AlarmName": f"TargetTracking-{target.resource}-{way}-{uuid.uuid4()}",
            "AlarmDescription": f"DO NOT EDIT OR DELETE. For TargetTrackingScaling policy {arn}.",
            "ActionsEnabled": True,
            "AlarmActions": [arn],
            "ComparisonOperator": comparison,
            "Threshold": threshold,
            "EvaluationPeriods": periods,
            **metric_of(target, configuration),
        }
        for way, comparison, threshold, periods in ways
    ]
