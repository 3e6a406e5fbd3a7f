"""Load balancers: application load balancers in two zones or more; others are refused by name."""

import secrets
from datetime import UTC, datetime

from botocore.exceptions import ClientError

from emulation.services.elbv2 import access_logs, attributes, tags
from emulation.services.elbv2.data_plane import DATA_PLANE
from emulation.services.elbv2.errors import (
    balancer_not_found,
    duplicate_name,
    error,
    not_emulated,
    validation_error,
)
from emulation.services.elbv2.finding import balancer_of, check_arn, needed, page
from emulation.services.elbv2.names import check_name
from emulation.services.elbv2.store import (
    LOCK,
    LoadBalancer,
    Members,
    add,
    balancers,
    new_id,
    remove,
)
from emulation.services.elbv2.target_groups import enumerated
from emulation.services.scope import Scope
from emulation.settings import settings

ZONE_IDS = {
    "us-east-1": "Z35SXDOTRQ7X7K",
    "us-east-2": "Z3AADJGX6KTTL2",
    "us-west-1": "Z368ELLRRE2KJ0",
    "us-west-2": "Z1H1FL5HABSF5",
    "eu-west-1": "Z32O12XQLNTSW2",
    "eu-west-2": "ZHURV8PSTC4K8",
    "eu-central-1": "Z215JYRZR1TBD5",
    "ap-northeast-1": "Z14GRHDCWA56QT",
    "ap-southeast-1": "Z1LMS91P8CMLE5",
    "ap-southeast-2": "Z1GM3OXH4ZPM65",
}
"""The hosted zones of load balancers' names, from AWS's table of endpoints."""

REFUSED = ("CustomerOwnedIpv4Pool", "EnablePrefixForIpv6SourceNat", "IpamPools")
KINDS = ("application", "network", "gateway")
SCHEMES = ("internet-facing", "internal")


def create(scope: Scope, request: Members) -> Members:
    """CreateLoadBalancer; the same request again gives the same load balancer."""
    name = needed(request, "Name")
    check_name("Load balancer", name)
    if name.startswith("internal-"):
        raise validation_error(f"Load balancer name '{name}' cannot begin with 'internal-'")
    check_kind(request)
    vpc, subnets = place(scope, request)
    scheme = request.get("Scheme") or SCHEMES[0]
    groups = security_groups(scope, vpc, request.get("SecurityGroups"))
    with LOCK:
        known = balancers(scope).get(name)
        if known:
            if (known.scheme, known.subnets) != (scheme, subnets):
                raise duplicate_name("LoadBalancer", "load balancer", name)
            return {"LoadBalancers": [told(known)]}
        balancer = LoadBalancer(
            name=name,
            account=scope.account,
            region=scope.region,
            partition=scope.partition,
            identifier=new_id(),
            number=secrets.randbelow(9 * 10**8) + 10**8,
            scheme=scheme,
            vpc=vpc,
            subnets=subnets,
            security_groups=groups,
            tags=tags.read(request.get("Tags")),
        )
        add(balancer)
        DATA_PLANE.serve()
    return {"LoadBalancers": [told(balancer)]}


def check_kind(request: Members) -> None:
    """What nobody carries out is named."""
    kind, scheme = request.get("Type") or KINDS[0], request.get("Scheme") or SCHEMES[0]
    if kind not in KINDS:
        raise enumerated("type", kind, KINDS)
    if kind != KINDS[0]:
        raise not_emulated("CreateLoadBalancer", f"the type {kind}")
    if scheme not in SCHEMES:
        raise enumerated("scheme", scheme, SCHEMES)
    check_address_type("CreateLoadBalancer", request.get("IpAddressType") or "ipv4")
    for member in REFUSED:
        if request.get(member) not in (None, "off"):
            raise not_emulated("CreateLoadBalancer", member)


def check_address_type(operation: str, kind: str) -> None:
    """Only IPv4 is served."""
    kinds = ("ipv4", "dualstack", "dualstack-without-public-ipv4")
    if kind not in kinds:
        raise enumerated("ipAddressType", kind, kinds)
    if kind != "ipv4":
        raise not_emulated(operation, f"the IP address type {kind}")


def place(scope: Scope, request: Members) -> tuple[str, list[Members]]:
    """The network and the subnets, in order of their zones.

    Raises:
        CommonServiceException: there are too few, or they are not there.
    """
    mappings = request.get("SubnetMappings") or []
    for mapping in mappings:
        if others := mapping.keys() - {"SubnetId"}:
            raise not_emulated("CreateLoadBalancer", f"SubnetMappings.{min(others)}")
    ids = request.get("Subnets") or [mapping.get("SubnetId") for mapping in mappings]
    if not ids:
        raise validation_error("A subnet must be specified")
    found = subnets_of(scope, ids)
    zones = [subnet["AvailabilityZone"] for subnet in found]
    if len(set(zones)) < len(zones):
        raise error(
            "InvalidConfigurationRequest",
            "A load balancer cannot be attached to multiple subnets in the same Availability Zone",
        )
    if len(zones) < 2:
        raise validation_error(
            "At least two subnets in two different Availability Zones must be specified"
        )
    vpcs = {subnet["VpcId"] for subnet in found}
    if len(vpcs) > 1:
        raise error("InvalidConfigurationRequest", "All subnets must belong to the same VPC")
    listed = [{"SubnetId": s["SubnetId"], "ZoneName": s["AvailabilityZone"]} for s in found]
    return vpcs.pop(), sorted(listed, key=lambda subnet: subnet["ZoneName"])


def subnets_of(scope: Scope, ids: list[str]) -> list[Members]:
    """Subnets as EC2 has them."""
    known = {s["SubnetId"]: s for s in scope.client("ec2").describe_subnets()["Subnets"]}
    for name in ids:
        if name not in known:
            raise error("SubnetNotFound", f"The subnet ID '{name}' does not exist")
    return [known[name] for name in dict.fromkeys(ids)]


def security_groups(scope: Scope, vpc: str, wanted: list[str] | None) -> list[str]:
    """The security groups: those named, or the network's default."""
    client = scope.client("ec2")
    filters = [{"Name": "vpc-id", "Values": [vpc]}]
    try:
        known = client.describe_security_groups(Filters=filters)["SecurityGroups"]
    except ClientError as refused:
        raise error("InvalidSecurityGroup", str(refused)) from refused
    if not wanted:
        return [group["GroupId"] for group in known if group["GroupName"] == "default"]
    ids = {group["GroupId"] for group in known}
    for name in wanted:
        if name not in ids:
            raise error(
                "InvalidSecurityGroup", f"One or more security groups are invalid: '{name}'"
            )
    return list(wanted)


def describe(scope: Scope, request: Members) -> Members:
    """DescribeLoadBalancers."""
    with LOCK:
        found = list(balancers(scope).values())
        if arns := request.get("LoadBalancerArns"):
            for arn in arns:
                check_arn("load balancer", arn)
            found = [balancer for balancer in found if balancer.arn in arns]
            require(arns, {balancer.arn for balancer in found})
        if names := request.get("Names"):
            found = [balancer for balancer in found if balancer.name in names]
            require(names, {balancer.name for balancer in found})
        return page(request, "LoadBalancers", [told(balancer) for balancer in found])


def require(wanted: list[str], found: set[str]) -> None:
    """All of them have to be there."""
    if absent := [name for name in wanted if name not in found]:
        raise balancer_not_found(", ".join(absent))


def told(balancer: LoadBalancer) -> Members:
    """A load balancer as the API has it; its name leads to the gateway's port."""
    reasons = [DATA_PLANE.refused[arn] for arn in balancer.listeners if arn in DATA_PLANE.refused]
    state = {"Code": "active_impaired", "Reason": reasons[0]} if reasons else {"Code": "active"}
    return {
        "LoadBalancerArn": balancer.arn,
        "DNSName": f"{balancer.host}:{settings().port}",
        "CanonicalHostedZoneId": ZONE_IDS.get(balancer.region, ZONE_IDS["us-east-1"]),
        "CreatedTime": datetime.fromtimestamp(round(balancer.created, 3), UTC),
        "LoadBalancerName": balancer.name,
        "Scheme": balancer.scheme,
        "VpcId": balancer.vpc,
        "State": state,
        "Type": "application",
        "AvailabilityZones": [{**s, "LoadBalancerAddresses": []} for s in balancer.subnets],
        "SecurityGroups": balancer.security_groups,
        "IpAddressType": "ipv4",
    }


def delete(scope: Scope, request: Members) -> Members:
    """DeleteLoadBalancer, with its listeners; one that is not there is no error."""
    arn = needed(request, "LoadBalancerArn")
    check_arn("load balancer", arn)
    with LOCK:
        found = [balancer for balancer in balancers(scope).values() if balancer.arn == arn]
        for balancer in found:
            if attributes.of_balancer(balancer)["deletion_protection.enabled"] == "true":
                raise error(
                    "OperationNotPermitted",
                    f"Load balancer '{arn}' cannot be deleted because deletion protection is "
                    "enabled",
                )
            remove(balancer)
        DATA_PLANE.serve()
    for balancer in found:
        access_logs.deliver(balancer)
    return {}


def set_subnets(scope: Scope, request: Members) -> Members:
    """SetSubnets."""
    with LOCK:
        balancer = balancer_of(scope, request)
        check_address_type("SetSubnets", request.get("IpAddressType") or "ipv4")
        vpc, subnets = place(scope, request)
        if vpc != balancer.vpc:
            raise error("InvalidConfigurationRequest", "All subnets must belong to the same VPC")
        balancer.subnets = subnets
        balancer.save()
        DATA_PLANE.serve()
        return {"AvailabilityZones": told(balancer)["AvailabilityZones"], "IpAddressType": "ipv4"}


def set_security_groups(scope: Scope, request: Members) -> Members:
    """SetSecurityGroups; they are records, as they are with instances."""
    with LOCK:
        balancer = balancer_of(scope, request)
        if not request.get("SecurityGroups"):
            raise validation_error("At least one security group must be specified")
        wanted = security_groups(scope, balancer.vpc, request["SecurityGroups"])
        balancer.security_groups = wanted
        balancer.save()
        return {"SecurityGroupIds": wanted}


def set_address_type(scope: Scope, request: Members) -> Members:
    """SetIpAddressType."""
    with LOCK:
        balancer_of(scope, request)
        check_address_type("SetIpAddressType", needed(request, "IpAddressType"))
        return {"IpAddressType": "ipv4"}


def describe_attributes(scope: Scope, request: Members) -> Members:
    """DescribeLoadBalancerAttributes."""
    with LOCK:
        told = attributes.of_balancer(balancer_of(scope, request))
        return {"Attributes": attributes.listed(told)}


def modify_attributes(scope: Scope, request: Members) -> Members:
    """ModifyLoadBalancerAttributes; the answer is all of them."""
    with LOCK:
        balancer = balancer_of(scope, request)
        changed = attributes.read("Load balancer", attributes.OF_BALANCER, request)
        before, after = balancer.attributes, balancer.attributes | changed
        access_logs.check(balancer, attributes.with_defaults(attributes.OF_BALANCER, after))
        balancer.attributes = after
        balancer.save()
        DATA_PLANE.serve()
    if before.get("access_logs.s3.enabled") == "true" and before != after:
        access_logs.deliver(balancer, before)
    return {"Attributes": attributes.listed(attributes.of_balancer(balancer))}


def reserved_capacity(scope: Scope, request: Members) -> Members:
    """DescribeCapacityReservation: nobody can reserve any."""
    with LOCK:
        balancer_of(scope, request)
    return {"CapacityReservationState": []}
