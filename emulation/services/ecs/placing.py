"""Where a task is in the records of networks: subnet, groups, a network interface.

Its private address is not the subnet's: it is an address of this machine that leads to it.
"""

import secrets
import uuid
from typing import Any

from botocore.exceptions import ClientError

from emulation.services.ecs.errors import invalid
from emulation.services.ecs.store import Members
from emulation.services.scope import Scope

MOST_GROUPS, MOST_SUBNETS = 5, 16
HEX = 17


def check(scope: Scope, configuration: Members | None) -> Members:
    """A network configuration whose subnets and groups are there.

    Raises:
        CommonServiceException: InvalidParameterException.
    """
    given = (configuration or {}).get("awsvpcConfiguration")
    if not given:
        raise invalid(
            "Network Configuration must be provided when networkMode 'awsvpc' is specified."
        )
    subnets, groups = given.get("subnets") or [], given.get("securityGroups") or []
    if not subnets:
        raise invalid("subnets can not be empty.")
    if len(subnets) > MOST_SUBNETS:
        raise invalid(f"subnets can have at most {MOST_SUBNETS} items.")
    if len(groups) > MOST_GROUPS:
        raise invalid(f"securityGroups can have at most {MOST_GROUPS} items.")
    client = scope.client("ec2")
    for subnet in subnets:
        find(client, "subnet", subnet)
    for group in groups:
        find(client, "security group", group)
    return {
        "awsvpcConfiguration": {
            "subnets": subnets,
            "securityGroups": groups,
            "assignPublicIp": given.get("assignPublicIp") or "DISABLED",
        }
    }


def find(client: Any, kind: str, identifier: str) -> Members:
    """A subnet or security group.

    Raises:
        CommonServiceException: InvalidParameterException.
    """
    subnet = kind == "subnet"
    try:
        if subnet:
            return dict(client.describe_subnets(SubnetIds=[identifier])["Subnets"][0])
        return dict(client.describe_security_groups(GroupIds=[identifier])["SecurityGroups"][0])
    except ClientError as error:
        code = "InvalidSubnetID.NotFound" if subnet else "InvalidGroup.NotFound"
        name = "subnet ID" if subnet else kind
        raise invalid(
            f"Error retrieving {kind} information for [{identifier}]: The {name} '{identifier}' "
            f"does not exist (ErrorCode: {code})"
        ) from error


def zones_of(scope: Scope, network: Members) -> dict[str, str]:
    """The availability zones of a configuration's subnets."""
    client = scope.client("ec2")
    return {
        subnet: str(find(client, "subnet", subnet)["AvailabilityZone"])
        for subnet in network["awsvpcConfiguration"]["subnets"]
    }


def new_attachment(subnet: str) -> Members:
    """A task's network interface before it is there."""
    return {
        "id": str(uuid.uuid4()),
        "type": "ElasticNetworkInterface",
        "status": "PRECREATED",
        "details": [{"name": "subnetId", "value": subnet}],
    }


def attach(attachment: Members, address: str, region: str) -> None:
    """The interface is there."""
    mac = ":".join(f"{part:02x}" for part in (0x0A, *secrets.token_bytes(5)))
    details = {
        "networkInterfaceId": f"eni-{secrets.token_hex(HEX)[:HEX]}",
        "macAddress": mac,
        "privateDnsName": private_name(address, region),
        "privateIPv4Address": address,
    }
    attachment["status"] = "ATTACHED"
    attachment["details"] += [{"name": name, "value": value} for name, value in details.items()]


def detail(attachment: Members, name: str) -> str:
    """A detail of an interface; empty when it is not there yet."""
    found = [item["value"] for item in attachment["details"] if item["name"] == name]
    return str(found[0]) if found else ""


def private_name(address: str, region: str) -> str:
    """The name of an address: `ip-172-31-0-4.ec2.internal`."""
    domain = "ec2.internal" if region == "us-east-1" else f"{region}.compute.internal"
    return f"ip-{address.replace('.', '-')}.{domain}"
