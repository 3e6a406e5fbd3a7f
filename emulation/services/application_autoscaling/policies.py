"""Scaling policies, and the alarms that target tracking makes for itself."""

import uuid
from itertools import pairwise

from botocore.exceptions import ClientError

from emulation.services.application_autoscaling import metrics, scaling, tracking
from emulation.services.application_autoscaling.errors import (
    error,
    not_emulated,
    not_found,
    validation,
)
from emulation.services.application_autoscaling.finding import (
    described,
    moment,
    page,
    place_of,
    registered,
)
from emulation.services.application_autoscaling.spaces import space_of
from emulation.services.application_autoscaling.store import (
    LOCK,
    Members,
    Policy,
    Target,
    targets,
)
from emulation.services.scope import Scope

STEP, TRACKING = "StepScaling", scaling.TRACKING
CONFIGURATIONS = {
    STEP: "StepScalingPolicyConfiguration",
    TRACKING: "TargetTrackingScalingPolicyConfiguration",
}
ADJUSTMENTS = ("ChangeInCapacity", "PercentChangeInCapacity", "ExactCapacity")
MOST_STEPS = 20


def put(scope: Scope, request: Members) -> Members:
    """PutScalingPolicy: what was of that name before is as this is now."""
    kind = request.get("PolicyType") or STEP
    if kind not in CONFIGURATIONS:
        raise not_emulated("PutScalingPolicy", f"the policy type {kind}")
    place = place_of(request)
    space_of("PutScalingPolicy", place[0], place[2])
    with LOCK:
        target = registered(scope, request)
        name = request["PolicyName"]
        known = target.policies.get(name)
        if known and request.get("PolicyType") is None:
            kind = known.kind
        configuration = checked(target, kind, request)
        if known and known.kind != kind:
            raise validation(f"The type of the policy {name} cannot be changed from {known.kind}")
        policy = known or Policy(name, str(uuid.uuid4()), kind, configuration)
        policy.configuration = configuration
        if kind == TRACKING:
            make_alarms(target, policy)
        target.policies[name] = policy
        target.save()
        return {"PolicyARN": target.policy_arn(policy), "Alarms": policy.alarms}


def checked(target: Target, kind: str, request: Members) -> Members:
    """A policy's configuration.

    Raises:
        CommonServiceException: it is missing, or wrong.
    """
    member = CONFIGURATIONS[kind]
    configuration: Members | None = request.get(member)
    if not configuration:
        raise validation(f"{member} must be specified for the policy type {kind}")
    others = [name for name in CONFIGURATIONS.values() if name != member]
    if any(request.get(name) for name in others):
        raise validation(f"Only {member} can be specified for the policy type {kind}")
    if kind == STEP:
        check_steps(configuration)
    else:
        if float(configuration["TargetValue"]) <= 0:
            raise validation("TargetValue must be greater than 0")
        tracking.metric_of(target, configuration)
    for name in ("Cooldown", "ScaleInCooldown", "ScaleOutCooldown"):
        if (configuration.get(name) or 0) < 0:
            raise validation(f"{name} cannot be negative")
    return configuration


def check_steps(configuration: Members) -> None:
    """Steps must be there, and must neither overlap nor leave a gap."""
    steps, kind = configuration.get("StepAdjustments") or [], configuration.get("AdjustmentType")
    if kind not in ADJUSTMENTS:
        raise validation(f"AdjustmentType must be one of [{', '.join(ADJUSTMENTS)}]")
    if not steps:
        raise validation("At least one StepAdjustment must be specified for StepScaling policies")
    if len(steps) > MOST_STEPS:
        raise error("LimitExceededException", f"A policy can have {MOST_STEPS} step adjustments")
    if configuration.get("MinAdjustmentMagnitude") and kind != "PercentChangeInCapacity":
        raise validation("MinAdjustmentMagnitude is only for PercentChangeInCapacity")
    spans = sorted(span(step) for step in steps)
    for low, high in spans:
        if low >= high:
            raise validation("The lower bound of a step must be less than its upper bound")
    for (_, high), (low, _) in pairwise(spans):
        if low < high:
            raise validation("StepAdjustment intervals can't overlap")
        if low > high:
            raise validation("There must not be a gap between StepAdjustment intervals")


def span(step: Members) -> tuple[float, float]:
    """The interval of a step."""
    low, high = step.get("MetricIntervalLowerBound"), step.get("MetricIntervalUpperBound")
    if low is None and high is None:
        return float("-inf"), float("inf")
    return (
        float("-inf") if low is None else float(low),
        float("inf") if high is None else float(high),
    )


def make_alarms(target: Target, policy: Policy) -> None:
    """The alarms of a policy as it is now, in the place of those before."""
    wanted = tracking.alarms_of(target, policy)
    client = target.scope.client("cloudwatch")
    for alarm in wanted:
        try:
            client.put_metric_alarm(**alarm)
        except ClientError as refused:
            raise validation(refused.response["Error"]["Message"]) from refused
    delete_alarms(target, policy)
    names = [alarm["AlarmName"] for alarm in wanted]
    found = client.describe_alarms(AlarmNames=names)["MetricAlarms"]
    arns = {alarm["AlarmName"]: alarm["AlarmArn"] for alarm in found}
    policy.alarms = [{"AlarmName": name, "AlarmARN": arns[name]} for name in names]


def delete_alarms(target: Target, policy: Policy) -> None:
    """The alarms that were made for a policy go."""
    if policy.alarms:
        names = [alarm["AlarmName"] for alarm in policy.alarms]
        target.scope.client("cloudwatch").delete_alarms(AlarmNames=names)


def remove(target: Target, policy: Policy) -> None:
    """A policy and its alarms; alarms of others that call it stay."""
    delete_alarms(target, policy)
    del target.policies[policy.name]


def delete(scope: Scope, request: Members) -> Members:
    """DeleteScalingPolicy."""
    with LOCK:
        place, name = place_of(request), request["PolicyName"]
        target = targets(scope).get(place)
        if target is None or name not in target.policies:
            raise not_found("scaling policy found", place, f", policy name: {name}")
        remove(target, target.policies[name])
        target.save()
    return {}


def describe(scope: Scope, request: Members) -> Members:
    """DescribeScalingPolicies of a namespace."""
    names, resource = request.get("PolicyNames"), request.get("ResourceId")
    dimension = request.get("ScalableDimension")
    with LOCK:
        found = [
            told(target, policy)
            for target in targets(scope).values()
            if target.namespace == request["ServiceNamespace"]
            and resource in {None, target.resource}
            and dimension in {None, target.dimension}
            for policy in target.policies.values()
            if not names or policy.name in names
        ]
    return page(request, "ScalingPolicies", found)


def told(target: Target, policy: Policy) -> Members:
    """A policy as the API has it."""
    arn = target.policy_arn(policy)
    alarms = policy.alarms if policy.kind == TRACKING else metrics.alarms_for(target.scope, arn)
    return {
        **described(target),
        "PolicyARN": arn,
        "PolicyName": policy.name,
        "PolicyType": policy.kind,
        CONFIGURATIONS[policy.kind]: policy.configuration,
        "Alarms": alarms,
        "CreationTime": moment(policy.created),
    }
