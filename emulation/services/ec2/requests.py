"""What an instance is launched with: the request over its launch template, every member checked.

A member that nobody carries out is refused by its name, unless it asks for what is so anyway.
"""

import base64
import binascii
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError
from moto.ec2.models.instance_types import INSTANCE_TYPES

from emulation.compute.instances.user_data import MAX_BYTES, Plan, RefusedError, plan
from emulation.services.ec2 import images, launch_templates
from emulation.services.ec2.errors import (
    invalid_combination,
    invalid_value,
    missing,
    not_emulated,
    refusal,
)
from emulation.services.ec2.store import Members
from emulation.services.scope import Scope

ROOT_DEVICES = {"/dev/xvda", "/dev/sda1"}
OF_THE_REQUEST = {"MinCount", "MaxCount", "DryRun", "ClientToken", "LaunchTemplate"}

DONE = {
    "ImageId",
    "InstanceType",
    "UserData",
    "IamInstanceProfile",
    "TagSpecifications",
    "SecurityGroupIds",
    "SecurityGroups",
    "SubnetId",
    "NetworkInterfaces",
    "KeyName",
    "Placement",
    "MetadataOptions",
    "DisableApiTermination",
    "DisableApiStop",
    "InstanceInitiatedShutdownBehavior",
    "PrivateIpAddress",
    "MaintenanceOptions",
}
RECORDED = {"Monitoring", "EbsOptimized", "BlockDeviceMappings", "CreditSpecification"}
"""Of machines that are no machine: described as asked, and nothing computes differently."""

ASKS_FOR_NOTHING: dict[str, Callable[[Any], bool]] = {
    "HibernationOptions": lambda value: not value.get("Configured"),
    "EnclaveOptions": lambda value: not value.get("Enabled"),
    "CapacityReservationSpecification": (
        lambda value: value == {"CapacityReservationPreference": "open"}
    ),
    "PrivateDnsNameOptions": lambda value: value.get("HostnameType", "ip-name") == "ip-name",
}
PLACEMENT = {"AvailabilityZone", "Tenancy"}
INTERFACE = {
    "DeviceIndex",
    "SubnetId",
    "Groups",
    "AssociatePublicIpAddress",
    "DeleteOnTermination",
    "Description",
    "PrivateIpAddress",
    "NetworkCardIndex",
    "InterfaceType",
}


def merged(scope: Scope, request: Members) -> Members:
    """The members of a launch; the request's go over its template's.

    Raises:
        CommonServiceException: they cannot be.
    """
    given = {name: value for name, value in request.items() if name not in OF_THE_REQUEST}
    if specification := request.get("LaunchTemplate"):
        _, _, data = launch_templates.get_data_of(scope, specification)
        tags = [*data.get("TagSpecifications", ()), *given.pop("TagSpecifications", ())]
        given = {**data, **given} | ({"TagSpecifications": tags} if tags else {})
    check_members(given)
    if not given.get("ImageId"):
        raise missing("ImageId")
    given["ImageId"] = images.resolve(scope, given["ImageId"])
    given.setdefault("InstanceType", "m1.small")
    return given


def check_members(given: Members) -> None:
    """Name the first member that nobody carries out."""
    for name, value in given.items():
        if name in DONE | RECORDED or not value:
            continue
        if name not in ASKS_FOR_NOTHING or not ASKS_FOR_NOTHING[name](value):
            raise not_emulated("RunInstances", name)
    placement = given.get("Placement") or {}
    for name, value in placement.items():
        if name not in PLACEMENT or (name == "Tenancy" and value != "default"):
            raise not_emulated("RunInstances", f"Placement.{name}")
    for mapping in given.get("BlockDeviceMappings") or []:
        if mapping.get("DeviceName") not in ROOT_DEVICES:
            raise not_emulated("RunInstances", f"the volume {mapping.get('DeviceName')}")
    check_interfaces(given)


def check_interfaces(given: Members) -> None:
    """One network interface at most, and nothing said twice."""
    interfaces = given.get("NetworkInterfaces") or []
    if len(interfaces) > 1:
        raise not_emulated("RunInstances", "more than one network interface")
    for interface in interfaces:
        if unknown := sorted(interface.keys() - INTERFACE):
            raise not_emulated("RunInstances", f"NetworkInterfaces.{unknown[0]}")
        if given.get("SubnetId") or given.get("SecurityGroupIds"):
            raise invalid_combination(
                "Network interfaces and an instance-level subnet ID may not be specified on the "
                "same request"
            )


def architecture(scope: Scope, given: Members) -> str:
    """The image's architecture, which must be the type's.

    Raises:
        CommonServiceException: there is no such image or type, or they do not fit.
    """
    wanted: str = images.find(scope, given["ImageId"])["Architecture"]
    instance_type = given["InstanceType"]
    known = INSTANCE_TYPES.get(instance_type)
    if known is None:
        raise invalid_value(f"Invalid value '{instance_type}' for InstanceType.")
    if wanted not in known["ProcessorInfo"]["SupportedArchitectures"]:
        has = known["ProcessorInfo"]["SupportedArchitectures"][0]
        raise invalid_value(
            f"The architecture '{has}' of the specified instance type does not match the "
            f"architecture '{wanted}' of the specified AMI. Specify an instance type and an AMI "
            "that have matching architectures, and try again. You can use "
            "'describe-instance-types' or 'describe-images' to discover the architecture of the "
            "instance type or AMI."
        )
    return wanted


def processors(instance_type: str) -> int:
    """How many virtual processors a type has."""
    return int(INSTANCE_TYPES[instance_type]["VCpuInfo"]["DefaultVCpus"])


def boot_plan(given: Members) -> Plan:
    """What the user data does.

    Raises:
        CommonServiceException: it is too long, no base64, or asks for what nobody carries out.
    """
    text = given.get("UserData") or ""
    try:
        data = base64.b64decode(text, validate=False)
    except binascii.Error as error:
        raise refusal(
            "InvalidUserData.Malformed", "Invalid BASE64 encoding of user data."
        ) from error
    if len(data) > MAX_BYTES:
        raise invalid_value(f"User data is limited to {MAX_BYTES} bytes")
    try:
        return plan(data)
    except RefusedError as error:
        raise not_emulated("RunInstances", str(error)) from error


def profile(scope: Scope, given: Members) -> Members | None:
    """The instance profile and its role.

    Raises:
        CommonServiceException: there is no such profile, or it has no role.
    """
    asked = given.get("IamInstanceProfile") or {}
    arn, name = asked.get("Arn"), asked.get("Name")
    if not arn and not name:
        return None
    member, value = ("arn", arn) if arn else ("name", name)
    invalid = invalid_value(
        f"Value ({value}) for parameter iamInstanceProfile.{member} is invalid. "
        f"Invalid IAM Instance Profile {'ARN' if arn else 'name'}"
    )
    try:
        found = scope.client("iam").get_instance_profile(
            InstanceProfileName=name or str(arn).rpartition("/")[2]
        )["InstanceProfile"]
    except ClientError as error:
        raise invalid from error
    if arn and found["Arn"] != arn:
        raise invalid
    if not found["Roles"]:
        raise invalid_value(f'IAM Instance Profile "{found["Arn"]}" has no associated IAM Roles')
    role = found["Roles"][0]
    return {"Arn": found["Arn"], "Id": found["InstanceProfileId"], "RoleArn": role["Arn"]}


def check_key(scope: Scope, given: Members) -> None:
    """A key pair must be there, although nobody logs in with it."""
    if name := given.get("KeyName"):
        try:
            scope.client("ec2").describe_key_pairs(KeyNames=[name])
        except ClientError as error:
            raise refusal(
                "InvalidKeyPair.NotFound", f"The key pair '{name}' does not exist"
            ) from error
