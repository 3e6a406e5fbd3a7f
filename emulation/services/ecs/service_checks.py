"""What ECS refuses of a service, and what is refused here by name."""

import re
from typing import Any

from botocore.exceptions import ClientError

from emulation.services.ecs.errors import invalid, not_emulated
from emulation.services.ecs.store import Definition, Members
from emulation.services.scope import Scope

NAME = re.compile(r"[a-zA-Z0-9_-]{1,255}")
REFUSED = ("serviceRegistries", "volumeConfigurations", "vpcLatticeConfigurations")
OF_DEPLOYMENTS = (
    "lifecycleHooks",
    "linearConfiguration",
    "canaryConfiguration",
    "bakeTimeInMinutes",
)
MOST_BALANCERS = 5


def refuse(operation: str, request: Members) -> None:
    """What nobody carries out here."""
    for name in REFUSED:
        if request.get(name):
            raise not_emulated(operation, name)
    if (request.get("serviceConnectConfiguration") or {}).get("enabled"):
        raise not_emulated(operation, "serviceConnectConfiguration")
    if request.get("schedulingStrategy") == "DAEMON":
        raise not_emulated(operation, "schedulingStrategy DAEMON")
    controller = (request.get("deploymentController") or {}).get("type", "ECS")
    if controller != "ECS":
        raise not_emulated(operation, f"deploymentController {controller}")
    if request.get("enableExecuteCommand"):
        raise not_emulated(operation, "enableExecuteCommand")
    if request.get("placementStrategy"):
        raise invalid("Placement strategies are not supported with FARGATE launch type.")
    if request.get("placementConstraints"):
        raise invalid("Placement constraints are not supported with FARGATE launch type.")
    if request.get("role"):
        raise invalid(
            "You cannot specify an IAM role for services that require a service linked role."
        )


def configuration(operation: str, given: Members | None, before: Members | None = None) -> Members:
    """A deployment configuration, with the defaults of what is not given.

    Raises:
        CommonServiceException: InvalidParameterException.
        NotImplementedError: it asks for what is not emulated.
    """
    found: Members = {
        "deploymentCircuitBreaker": {"enable": False, "rollback": False},
        "maximumPercent": 200,
        "minimumHealthyPercent": 100,
        "strategy": "ROLLING",
        **(before or {}),
        **{name: value for name, value in (given or {}).items() if value is not None},
    }
    if found["strategy"] != "ROLLING":
        raise not_emulated(operation, f"deployment strategy {found['strategy']}")
    for name in OF_DEPLOYMENTS:
        if found.get(name):
            raise not_emulated(operation, f"deploymentConfiguration.{name}")
    check_percents(found["minimumHealthyPercent"], found["maximumPercent"])
    return found


def check_percents(least: int, most: int) -> None:
    """A deployment must be able to go on."""
    if least < 0 or most < 100 or most > 200:
        raise invalid(
            "minimumHealthyPercent must not be less than 0, and maximumPercent must be from 100 to "
            "200."
        )
    if least >= 100 and most <= 100:
        raise invalid(
            "Both maximumPercent and minimumHealthyPercent cannot be 100 as this will block "
            "deployments."
        )


def check_balancers(scope: Scope, balancers: list[Members], definition: Definition) -> None:
    """The target groups are there, take addresses, and the containers have the ports.

    Raises:
        CommonServiceException: InvalidParameterException.
    """
    if len(balancers) > MOST_BALANCERS:
        raise invalid(f"loadBalancers can have at most {MOST_BALANCERS} items.")
    containers = {item["name"]: item for item in definition.members["containerDefinitions"]}
    for balancer in balancers:
        if balancer.get("loadBalancerName"):
            raise not_emulated("CreateService", "loadBalancers.loadBalancerName")
        if balancer.get("advancedConfiguration"):
            raise not_emulated("CreateService", "loadBalancers.advancedConfiguration")
        name, port = balancer.get("containerName"), balancer.get("containerPort")
        if name not in containers:
            raise invalid(f"The container {name} does not exist in the task definition.")
        ports = [item["containerPort"] for item in containers[name]["portMappings"]]
        if port not in ports:
            raise invalid(f"The container {name} did not have a container port {port} defined.")
        check_group(scope.client("elbv2"), balancer.get("targetGroupArn") or "")


def check_group(client: Any, arn: str) -> None:
    """A target group of addresses that a load balancer forwards to."""
    try:
        (group,) = client.describe_target_groups(TargetGroupArns=[arn])["TargetGroups"]
    except ClientError as error:
        raise invalid(f"The specified target group does not exist. {arn}".strip()) from error
    if group["TargetType"] != "ip":
        raise invalid(
            f"The provided target group {arn} has target type {group['TargetType']}, which is "
            "incompatible with the awsvpc network mode specified in the task definition."
        )
    if not group.get("LoadBalancerArns"):
        raise invalid(
            f"The target group with targetGroupArn {arn} does not have an associated load balancer."
        )


def check_grace(seconds: int | None, balancers: list[Members]) -> None:
    """Only load balancers have checks of a service."""
    if seconds and not balancers:
        raise invalid(
            "Health check grace period is only valid for services configured to use load balancers"
        )
