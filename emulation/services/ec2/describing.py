"""Instances as the API tells them."""

from datetime import UTC, datetime

from emulation.services import paging
from emulation.services.ec2 import filters
from emulation.services.ec2.errors import (
    check_id,
    invalid_combination,
    invalid_value,
    not_found,
)
from emulation.services.ec2.networks import private_name
from emulation.services.ec2.store import CODES, Instance, Live, Members, instances
from emulation.services.ec2.tag_lists import told
from emulation.services.scope import Scope

READERS: dict[str, filters.Reader] = {
    "architecture": filters.member("Architecture"),
    "availability-zone": filters.member("Placement", "AvailabilityZone"),
    "client-token": filters.member("ClientToken"),
    "iam-instance-profile.arn": filters.member("IamInstanceProfile", "Arn"),
    "iam-instance-profile.id": filters.member("IamInstanceProfile", "Id"),
    "image-id": filters.member("ImageId"),
    "instance-id": filters.member("InstanceId"),
    "instance-state-code": filters.member("State", "Code"),
    "instance-state-name": filters.member("State", "Name"),
    "instance-type": filters.member("InstanceType"),
    "instance.group-id": filters.each("SecurityGroups", "GroupId"),
    "instance.group-name": filters.each("SecurityGroups", "GroupName"),
    "key-name": filters.member("KeyName"),
    "launch-index": filters.member("AmiLaunchIndex"),
    "network-interface.subnet-id": filters.member("SubnetId"),
    "platform-details": filters.member("PlatformDetails"),
    "private-dns-name": filters.member("PrivateDnsName"),
    "private-ip-address": filters.member("PrivateIpAddress"),
    "reason": filters.member("StateTransitionReason"),
    "reservation-id": filters.member("ReservationId"),
    "root-device-type": filters.member("RootDeviceType"),
    "state-reason-code": filters.member("StateReason", "Code"),
    "subnet-id": filters.member("SubnetId"),
    "vpc-id": filters.member("VpcId"),
}
STATUS_READERS: dict[str, filters.Reader] = {
    "availability-zone": filters.member("AvailabilityZone"),
    "instance-state-code": filters.member("InstanceState", "Code"),
    "instance-state-name": filters.member("InstanceState", "Name"),
    "instance-status.status": filters.member("InstanceStatus", "Status"),
    "system-status.status": filters.member("SystemStatus", "Status"),
}


def describe(scope: Scope, request: Members) -> Members:
    """DescribeInstances."""
    chosen = choose(scope, request)
    described = [described_instance(live.instance) for live in chosen]
    found = filters.matching(described, request.get("Filters"), READERS)
    shown, token = paging.page(request, found, invalid_value("Invalid token"), size=1000)
    by_reservation: dict[str, list[Members]] = {}
    for instance in shown:
        by_reservation.setdefault(instance.pop("ReservationId"), []).append(instance)
    return {
        "Reservations": [
            {"ReservationId": key, "OwnerId": scope.account, "Groups": [], "Instances": listed}
            for key, listed in by_reservation.items()
        ],
        **token,
    }


def describe_status(scope: Scope, request: Members) -> Members:
    """DescribeInstanceStatus: what runs, unless all is asked for."""
    chosen = choose(scope, request)
    if not request.get("IncludeAllInstances"):
        chosen = [live for live in chosen if live.instance.state == "running"]
    described = [status(live) for live in chosen]
    found = filters.matching(described, request.get("Filters"), STATUS_READERS)
    shown, token = paging.page(request, found, invalid_value("Invalid token"), size=1000)
    return {"InstanceStatuses": shown, **token}


def choose(scope: Scope, request: Members) -> list[Live]:
    """The instances that a request names, or all.

    Raises:
        CommonServiceException: one of them is not there.
    """
    identifiers = list(dict.fromkeys(request.get("InstanceIds") or []))
    if identifiers and request.get("MaxResults"):
        raise invalid_combination(
            "The parameter instancesSet cannot be used with the parameter maxResults"
        )
    known = instances(scope)
    for identifier in identifiers:
        check_id(identifier, "i", "InvalidInstanceID")
    if absent := [identifier for identifier in identifiers if identifier not in known]:
        raise not_found("InvalidInstanceID", "instance ID", absent)
    return [known[identifier] for identifier in identifiers or known]


def reservation(made: list[Instance]) -> Members:
    """The answer of RunInstances."""
    described = [described_instance(instance) for instance in made]
    for instance in described:
        del instance["ReservationId"]
    return {
        "ReservationId": made[0].reservation_id,
        "OwnerId": made[0].account,
        "Groups": [],
        "Instances": described,
    }


def state(name: str) -> Members:
    """A state as the API writes it."""
    return {"Code": CODES[name], "Name": name}


def described_instance(instance: Instance) -> Members:
    """An instance."""
    launch = instance.launch
    described: Members = {
        "InstanceId": instance.instance_id,
        "ReservationId": instance.reservation_id,
        "ImageId": launch["ImageId"],
        "InstanceType": launch["InstanceType"],
        "KeyName": launch.get("KeyName"),
        "State": state(instance.state),
        "StateTransitionReason": instance.transition,
        "LaunchTime": datetime.fromtimestamp(int(instance.launched), UTC),
        "AmiLaunchIndex": instance.launch_index,
        "ClientToken": launch.get("ClientToken", ""),
        "Architecture": instance.architecture,
        "EbsOptimized": bool(launch.get("EbsOptimized")),
        "EnaSupport": True,
        "Hypervisor": "xen",
        "VirtualizationType": "hvm",
        "PlatformDetails": "Linux/UNIX",
        "UsageOperation": "RunInstances",
        "RootDeviceName": "/dev/xvda",
        "RootDeviceType": "ebs",
        "BlockDeviceMappings": [],
        "ProductCodes": [],
        "Monitoring": {"State": monitoring(launch)},
        "Tags": told(instance.tags),
        "MetadataOptions": instance.metadata,
        "MaintenanceOptions": {"AutoRecovery": auto_recovery(instance)},
        "Placement": {
            "AvailabilityZone": instance.network["AvailabilityZone"],
            "GroupName": "",
            "Tenancy": "default",
        },
    }
    if instance.profile:
        described["IamInstanceProfile"] = {n: instance.profile[n] for n in ("Arn", "Id")}
    if instance.reason:
        described["StateReason"] = dict(zip(("Code", "Message"), instance.reason, strict=True))
    return described | described_network(instance)


def described_network(instance: Instance) -> Members:
    """Where it is; a terminated instance is nowhere."""
    if instance.state == "terminated":
        return {"PrivateDnsName": "", "PublicDnsName": "", "SecurityGroups": []}
    network = instance.network
    return {
        "SubnetId": network["SubnetId"],
        "VpcId": network["VpcId"],
        "PrivateIpAddress": network["PrivateIpAddress"],
        "PrivateDnsName": private_name(network, instance.region),
        "PublicDnsName": "",
        "SourceDestCheck": True,
        "SecurityGroups": network["Groups"],
        "NetworkInterfaces": [],
    }


def monitoring(launch: Members) -> str:
    """Detailed monitoring, as it was asked for."""
    return "enabled" if (launch.get("Monitoring") or {}).get("Enabled") else "disabled"


def auto_recovery(instance: Instance) -> str:
    """Whether the instance is started again after its host has failed."""
    asked = instance.launch.get("MaintenanceOptions") or {}
    return str(asked.get("AutoRecovery", "default"))


def status(live: Live) -> Members:
    """The checks of an instance: its system is well while it runs, itself when it has booted."""
    instance = live.instance
    runs = instance.state == "running" and live.machine is not None
    booted = runs and live.machine is not None and live.machine.booted
    return {
        "InstanceId": instance.instance_id,
        "AvailabilityZone": instance.network["AvailabilityZone"],
        "InstanceState": state(instance.state),
        "SystemStatus": summary("ok" if runs else "not-applicable"),
        "InstanceStatus": summary("ok" if booted else "initializing" if runs else "not-applicable"),
    }


def summary(word: str) -> Members:
    """One check."""
    if word == "not-applicable":
        return {"Status": word}
    detail = {"ok": "passed"}.get(word, word)
    return {"Status": word, "Details": [{"Name": "reachability", "Status": detail}]}
