"""What a group may be told, and what is refused by name because nobody carries it out."""

from collections.abc import Callable
from typing import Any

from localstack.aws.api import ServiceException

from emulation.services.autoscaling.errors import not_emulated, validation_error
from emulation.services.autoscaling.store import Members
from emulation.services.ec2 import launch_templates, launching
from emulation.services.scope import Scope

DONE = {
    "AutoScalingGroupName",
    "LaunchTemplate",
    "MinSize",
    "MaxSize",
    "DesiredCapacity",
    "AvailabilityZones",
    "VPCZoneIdentifier",
    "TerminationPolicies",
    "NewInstancesProtectedFromScaleIn",
    "Tags",
}
RECORDED = {
    "DefaultCooldown",
    "HealthCheckGracePeriod",
    "ServiceLinkedRoleARN",
    "Context",
    "DefaultInstanceWarmup",
}
"""They delay or explain what policies do, and there are none."""

ASKS_FOR_NOTHING: dict[str, Callable[[Any], bool]] = {
    "HealthCheckType": lambda value: value == "EC2",
    "DesiredCapacityType": lambda value: value == "units",
    "DeletionProtection": lambda value: value == "none",
    "AvailabilityZoneDistribution": (
        lambda value: value == {"CapacityDistributionStrategy": "balanced-best-effort"}
    ),
}
NOT_EMULATED = 501
TERMINATION_POLICIES = {"Default", "OldestInstance", "NewestInstance", "OldestLaunchTemplate"}


def check_members(operation: str, request: Members) -> None:
    """Name the first member that nobody carries out."""
    for name, value in request.items():
        if name in DONE | RECORDED or not value:
            continue
        if name not in ASKS_FOR_NOTHING or not ASKS_FOR_NOTHING[name](value):
            shown = f"{name} {value}" if isinstance(value, str) else name
            raise not_emulated(operation, shown)
    for policy in request.get("TerminationPolicies") or []:
        if policy not in TERMINATION_POLICIES:
            raise not_emulated(operation, f"the termination policy {policy}")


def check_sizes(request: Members) -> None:
    """Least, wanted and most must be in order."""
    least, most = int(request["MinSize"]), int(request["MaxSize"])
    wanted = int(request["DesiredCapacity"])
    if least < 0 or most < least:
        raise validation_error(
            f"Max bound, {most}, must be greater than or equal to min bound, {least}"
        )
    if not least <= wanted <= most:
        raise validation_error(
            f"Desired capacity:{wanted} must be between the specified min size:{least} and max "
            f"size:{most}"
        )


def check_places(scope: Scope, request: Members) -> None:
    """Zones or subnets there must be, and they must exist."""
    if not subnets(request) and not request.get("AvailabilityZones"):
        raise validation_error("At least one Availability Zone or VPC Subnet is required.")
    client = scope.client("ec2")
    known = client.describe_subnets()["Subnets"]
    ids = {subnet["SubnetId"] for subnet in known}
    if absent := [subnet for subnet in subnets(request) if subnet not in ids]:
        raise validation_error(f"The subnet ID '{absent[0]}' does not exist")
    zones = {zone["ZoneName"] for zone in client.describe_availability_zones()["AvailabilityZones"]}
    if absent := [zone for zone in request.get("AvailabilityZones") or [] if zone not in zones]:
        raise validation_error(
            f"Invalid Availability Zone(s) [{absent[0]}]: they are not of {scope.region}"
        )


def check_template(scope: Scope, request: Members) -> None:
    """The launch template must make instances; what it asks for in vain is said now."""
    if not request.get("LaunchTemplate"):
        raise validation_error(
            "Valid requests must contain either LaunchTemplate, LaunchConfigurationName, "
            "InstanceId or MixedInstancesPolicy parameter."
        )
    specification = template_request(request)
    try:
        launching.check(scope, {"LaunchTemplate": specification, **placed(scope, request)})
    except ServiceException as error:
        if error.status_code == NOT_EMULATED:
            raise
        raise validation_error(
            f"You must use a valid fully-formed launch template. {error.message}"
        ) from error


def template_request(request: Members) -> Members:
    """The launch template as RunInstances names it; an identifier is enough."""
    given = dict(request["LaunchTemplate"])
    if given.get("LaunchTemplateId"):
        given.pop("LaunchTemplateName", None)
    return given


def template_of(scope: Scope, request: Members) -> Members:
    """The template that instances are made of now; `$Latest` as the number that it is."""
    template, number, _ = launch_templates.get_data_of(scope, template_request(request))
    return {
        "LaunchTemplateId": template.template_id,
        "LaunchTemplateName": template.name,
        "Version": str(number),
    }


def subnets(request: Members) -> list[str]:
    """The subnets, which the API takes as one text."""
    text = request.get("VPCZoneIdentifier") or ""
    return [subnet.strip() for subnet in text.split(",") if subnet.strip()]


def placed(scope: Scope, request: Members) -> Members:
    """A place of the group, as RunInstances takes it."""
    return places(scope, request)[0][1]


def places(scope: Scope, request: Members) -> list[tuple[str, Members]]:
    """The zones of a group, each with what RunInstances takes to go there."""
    if ids := subnets(request):
        known = scope.client("ec2").describe_subnets(SubnetIds=ids)["Subnets"]
        return [(item["AvailabilityZone"], {"SubnetId": item["SubnetId"]}) for item in known]
    return [
        (zone, {"Placement": {"AvailabilityZone": zone}})
        for zone in request.get("AvailabilityZones") or []
    ]
