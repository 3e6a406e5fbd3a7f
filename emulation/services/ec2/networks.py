"""Where an instance is in the records of networks: a subnet, its groups, an address in it.

The address is a record: an instance's programs use this machine's network.
"""

import ipaddress
from typing import Any

from botocore.exceptions import ClientError

from emulation.services.ec2.errors import invalid_value, refusal
from emulation.services.ec2.store import Members, instances
from emulation.services.scope import Scope


def place(scope: Scope, given: Members) -> Members:
    """Subnet, network, zone, address and groups of a new instance.

    Raises:
        CommonServiceException: a subnet, a zone or a group is not there.
    """
    interface = (given.get("NetworkInterfaces") or [{}])[0]
    client = scope.client("ec2")
    zone = (given.get("Placement") or {}).get("AvailabilityZone")
    subnet = find_subnet(client, given.get("SubnetId") or interface.get("SubnetId"), zone)
    groups = find_groups(client, given, interface, subnet["VpcId"])
    wanted = given.get("PrivateIpAddress") or interface.get("PrivateIpAddress")
    return {
        "SubnetId": subnet["SubnetId"],
        "VpcId": subnet["VpcId"],
        "AvailabilityZone": subnet["AvailabilityZone"],
        "PrivateIpAddress": address(scope, subnet, wanted),
        "Groups": [
            {"GroupId": group["GroupId"], "GroupName": group["GroupName"]} for group in groups
        ],
    }


def find_subnet(client: Any, subnet_id: str | None, zone: str | None) -> Members:
    """The subnet that is asked for, or the zone's default one."""
    if subnet_id:
        try:
            (subnet,) = client.describe_subnets(SubnetIds=[subnet_id])["Subnets"]
        except ClientError as error:
            raise refusal(
                "InvalidSubnetID.NotFound", f"The subnet ID '{subnet_id}' does not exist"
            ) from error
        return dict(subnet)
    defaults = client.describe_subnets(Filters=[{"Name": "default-for-az", "Values": ["true"]}])
    found = sorted(defaults["Subnets"], key=lambda subnet: subnet["AvailabilityZone"])
    if zone:
        found = [subnet for subnet in found if subnet["AvailabilityZone"] == zone]
        if not found:
            raise invalid_value(f"Invalid availability zone: [{zone}]")
    if not found:
        raise refusal(
            "MissingInput", "No subnets found for the default VPC. Please specify a subnet."
        )
    return dict(found[0])


def find_groups(client: Any, given: Members, interface: Members, vpc: str) -> list[Members]:
    """The security groups, or the network's default one."""
    identifiers = given.get("SecurityGroupIds") or interface.get("Groups") or []
    names = given.get("SecurityGroups") or []
    in_vpc = [{"Name": "vpc-id", "Values": [vpc]}]
    known = client.describe_security_groups(Filters=in_vpc)["SecurityGroups"]
    if not identifiers and not names:
        names = ["default"]
    found = []
    for member, wanted in (("GroupId", identifiers), ("GroupName", names)):
        for value in wanted:
            group = next((group for group in known if group[member] == value), None)
            if group is None:
                raise refusal(
                    "InvalidGroup.NotFound",
                    f"The security group '{value}' does not exist in VPC '{vpc}'",
                )
            found.append(group)
    return found


def address(scope: Scope, subnet: Members, wanted: str | None) -> str:
    """A free address of a subnet; AWS keeps the first four and the last."""
    network = ipaddress.ip_network(subnet["CidrBlock"])
    taken = {
        live.instance.network["PrivateIpAddress"]
        for live in instances(scope).values()
        if live.instance.state != "terminated"
        and live.instance.network["SubnetId"] == subnet["SubnetId"]
    }
    if wanted:
        if ipaddress.ip_address(wanted) not in network:
            raise invalid_value("Address does not fall within the subnet's address range")
        if wanted in taken:
            raise refusal("InvalidIPAddress.InUse", f"Address {wanted} is in use.")
        return wanted
    for offset in range(4, network.num_addresses - 1):
        if (candidate := str(network[offset])) not in taken:
            return candidate
    raise refusal(
        "InsufficientFreeAddressesInSubnet",
        f"There are not enough free addresses in subnet '{subnet['SubnetId']}' to satisfy the "
        "requested number of instances.",
    )


def private_name(network: Members, region: str) -> str:
    """The name of an address: `ip-172-31-0-4.ec2.internal`."""
    domain = "ec2.internal" if region == "us-east-1" else f"{region}.compute.internal"
    return f"ip-{network['PrivateIpAddress'].replace('.', '-')}.{domain}"
