"""Targets: registered, checked, drained."""

import json
import time
from ipaddress import IPv4Address, IPv4Network, ip_network

from botocore.exceptions import ClientError

from emulation.services.ec2 import store as ec2
from emulation.services.elbv2 import attributes, planning
from emulation.services.elbv2.data_plane import DATA_PLANE
from emulation.services.elbv2.errors import error, not_emulated, validation_error
from emulation.services.elbv2.finding import group_of
from emulation.services.elbv2.store import LOCK, Members, Target, TargetGroup, users_of
from emulation.services.scope import Scope

MOST = 1000
THIS_MACHINE = ip_network("127.0.0.0/8")
"""Addresses of tasks and of whatever else runs here; AWS has no targets there."""

PRIVATE = [
    ip_network(text) for text in ("10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16")
]
PRINCIPAL = "elasticloadbalancing.amazonaws.com"

NOT_REGISTERED = (
    "unused",
    "Target.NotRegistered",
    "Target is not registered to the target group",
)
NOT_IN_USE = (
    "unused",
    "Target.NotInUse",
    "Target group is not configured to receive traffic from the load balancer",
)
DRAINING = ("draining", "Target.DeregistrationInProgress", "Target deregistration is in progress")
REGISTERING = (
    "initial",
    "Elb.RegistrationInProgress",
    "Target registration is in progress",
)


def register(scope: Scope, request: Members) -> Members:
    """RegisterTargets; what drains is registered anew."""
    with LOCK:
        group = group_of(scope, request)
        made = [target_of(scope, group, given) for given in given_targets(request)]
        after = {**group.targets, **{target.key: target for target in made}}
        if len(after) > (1 if group.kind == "lambda" else MOST):
            raise error("TooManyTargets", f"Too many targets for the target group '{group.arn}'")
        for target in made:
            known = group.targets.get(target.key)
            if known is None or known.draining_until is not None:
                DATA_PLANE.forget(group, target)
                group.targets[target.key] = target
        group.save()
        DATA_PLANE.serve()
    return {}


def given_targets(request: Members) -> list[Members]:
    """The targets that a request names."""
    targets: list[Members] = request.get("Targets") or []
    if not targets:
        raise validation_error("At least one target must be specified")
    return targets


def target_of(scope: Scope, group: TargetGroup, given: Members) -> Target:
    """A target as it is kept.

    Raises:
        CommonServiceException: the group cannot have it.
    """
    if given.get("QuicServerId"):
        raise not_emulated("RegisterTargets", "QuicServerId")
    if group.kind == "lambda":
        return function_target(scope, group, given)
    port = int(given.get("Port") or group.settings["Port"])
    if not 1 <= port <= 65535:
        raise validation_error(f"Port '{port}' must be between 1 and 65535")
    if group.kind == "ip":
        return Target(given["Id"], port, zone_of(scope, group, given))
    live = ec2.instances(scope).get(given["Id"])
    if live is None:
        raise error("InvalidTarget", f"The instance ID '{given['Id']}' is not valid")
    if live.instance.state != "running":
        raise error(
            "InvalidTarget",
            "The following targets are not in a running state and cannot be registered: "
            f"'{given['Id']}'",
        )
    return Target(given["Id"], port, live.instance.network.get("AvailabilityZone", ""))


def zone_of(scope: Scope, group: TargetGroup, given: Members) -> str:
    """The zone of an address: its subnet's; outside of the network it has to be said."""
    try:
        address = IPv4Address(given["Id"])
    except ValueError as refused:
        raise validation_error(
            f"The IP address '{given['Id']}' is not a valid IPv4 address"
        ) from refused
    zone: str = given.get("AvailabilityZone") or ""
    if address in THIS_MACHINE:
        return zone
    found = scope.client("ec2").describe_subnets(
        Filters=[{"Name": "vpc-id", "Values": [group.settings["VpcId"]]}]
    )["Subnets"]
    for subnet in found:
        if address in IPv4Network(subnet["CidrBlock"]):
            own: str = subnet["AvailabilityZone"]
            if zone and zone != own:
                raise validation_error(
                    f"The IP address '{address}' is within the VPC, and cannot have its "
                    f"Availability Zone overridden to '{zone}' from '{own}'"
                )
            return own
    if not any(address in network for network in PRIVATE):
        raise validation_error(
            f"The IP address '{address}' is not a valid target: it must be within the VPC or one "
            "of the private ranges 10.0.0.0/8, 100.64.0.0/10, 172.16.0.0/12, 192.168.0.0/16"
        )
    if not zone:
        raise validation_error(
            f"The Availability Zone is required for IP address '{address}' because it is not in "
            "the VPC"
        )
    return zone


def function_target(scope: Scope, group: TargetGroup, given: Members) -> Target:
    """A function; it has to be there, and to let the load balancer invoke it."""
    arn = given["Id"]
    if given.get("Port"):
        raise validation_error(
            "A port cannot be specified for targets of target groups with target type 'lambda'"
        )
    if not arn.startswith(f"arn:{scope.partition}:lambda:"):
        raise validation_error(f"'{arn}' is not a valid Lambda function ARN")
    client = scope.client("lambda_")
    try:
        client.get_function(FunctionName=arn)
    except ClientError as refused:
        raise error("InvalidTarget", f"The Lambda function '{arn}' does not exist") from refused
    try:
        policy = json.loads(client.get_policy(FunctionName=arn)["Policy"])
    except ClientError:
        policy = {"Statement": []}
    if not any(allows(statement) for statement in policy["Statement"]):
        raise error(
            "AccessDenied",
            f"elasticloadbalancing principal does not have permission to invoke {arn} from target "
            f"group {group.arn}",
        )
    return Target(arn, None)


def allows(statement: Members) -> bool:
    """Whether a function's policy lets the load balancer in."""
    principal = statement.get("Principal")
    service = principal.get("Service") if isinstance(principal, dict) else principal
    return statement.get("Effect") == "Allow" and service in {PRINCIPAL, "*"}


def deregister(scope: Scope, request: Members) -> Members:
    """DeregisterTargets: they drain; what is not there is no error."""
    with LOCK:
        group = group_of(scope, request)
        delay = int(attributes.of_group(group).get("deregistration_delay.timeout_seconds", 0))
        drains = group.kind != "lambda" and users_of(scope, group.arn)
        for target in matching(group, given_targets(request)):
            if not drains:
                del group.targets[target.key]
            elif target.draining_until is None:
                target.draining_until = time.time() + delay
        group.save()
        DATA_PLANE.serve()
    return {}


def matching(group: TargetGroup, wanted: list[Members]) -> list[Target]:
    """The targets that are named; without a port, those of every port."""
    return [
        target
        for target in list(group.targets.values())
        if any(
            given["Id"] == target.id and given.get("Port") in {None, target.port}
            for given in wanted
        )
    ]


def describe_health(scope: Scope, request: Members) -> Members:
    """DescribeTargetHealth."""
    with LOCK:
        group = group_of(scope, request)
        if request.get("Include"):
            raise not_emulated("DescribeTargetHealth", "Include")
        used = bool(users_of(scope, group.arn))
        wanted = request.get("Targets")
        if not wanted:
            shown = [told(group, t, used=used) for t in group.targets.values()]
            return {"TargetHealthDescriptions": shown}
        found = matching(group, wanted)
        shown = [told(group, target, used=used) for target in found]
        ids = {target.id for target in found}
        shown += [missing(group, given) for given in wanted if given["Id"] not in ids]
        return {"TargetHealthDescriptions": shown}


def missing(group: TargetGroup, given: Members) -> Members:
    """A target that is not registered, or not any more."""
    if group.kind == "ip":
        try:
            IPv4Address(given["Id"])
        except ValueError as refused:
            raise validation_error(
                f"The IP address '{given['Id']}' is not a valid IPv4 address"
            ) from refused
    port = given.get("Port") or group.settings.get("Port")
    return description(group, Target(given["Id"], port), *NOT_REGISTERED)


def told(group: TargetGroup, target: Target, *, used: bool) -> Members:
    """A target and how it is."""
    if target.draining_until is not None:
        return description(group, target, *DRAINING)
    if not used:
        return description(group, target, *NOT_IN_USE)
    state = planning.instance_state(group, target) if group.kind == "instance" else "running"
    if state != "running":
        reason = f"Target is in the {state} state"
        return description(group, target, "unused", "Target.InvalidState", reason)
    health = DATA_PLANE.health(group, target)
    if health is None:
        return description(group, target, *REGISTERING)
    return description(group, target, health.state, health.reason, health.description)


def description(group: TargetGroup, target: Target, state: str, reason: str, why: str) -> Members:
    """As the API has it."""
    described: Members = {"Id": target.id}
    if target.port is not None:
        described["Port"] = int(target.port)
    if target.zone:
        described["AvailabilityZone"] = target.zone
    health: Members = {"State": state}
    if reason:
        health |= {"Reason": reason, "Description": why}
    answer: Members = {"Target": described, "TargetHealth": health}
    port = group.settings.get("HealthCheckPort")
    if port:
        answer["HealthCheckPort"] = str(target.port) if port == "traffic-port" else port
    return answer
