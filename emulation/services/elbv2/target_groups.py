"""Target groups: what they are created with, and how their targets are checked."""

import re
from typing import Any

from emulation.services.elbv2 import attributes, tags
from emulation.services.elbv2.data_plane import DATA_PLANE
from emulation.services.elbv2.errors import (
    duplicate_name,
    error,
    group_not_found,
    not_emulated,
    validation_error,
)
from emulation.services.elbv2.finding import balancer_of, check_arn, group_of, needed, page
from emulation.services.elbv2.names import check_name
from emulation.services.elbv2.store import (
    LOCK,
    Members,
    TargetGroup,
    add,
    forwards_to,
    groups,
    new_id,
    remove,
    users_of,
)
from emulation.services.scope import Scope

CHECK = {
    "HealthCheckProtocol": "HTTP",
    "HealthCheckPort": "traffic-port",
    "HealthCheckEnabled": True,
    "HealthCheckIntervalSeconds": 30,
    "HealthCheckTimeoutSeconds": 5,
    "HealthyThresholdCount": 5,
    "UnhealthyThresholdCount": 2,
    "HealthCheckPath": "/",
}
OF_FUNCTION = {
    "HealthCheckEnabled": False,
    "HealthCheckIntervalSeconds": 35,
    "HealthCheckTimeoutSeconds": 30,
}
"""What is otherwise with functions."""

NOT_OF_FUNCTION = ("Port", "Protocol", "VpcId", "ProtocolVersion")
LIMITS = {
    "HealthCheckIntervalSeconds": (5, 300),
    "HealthCheckTimeoutSeconds": (2, 120),
    "HealthyThresholdCount": (2, 10),
    "UnhealthyThresholdCount": (2, 10),
    "Port": (1, 65535),
}
KINDS = ("instance", "ip", "lambda", "alb")
OTHER_PROTOCOLS = ("HTTPS", "TCP", "TLS", "UDP", "TCP_UDP", "GENEVE", "QUIC", "TCP_QUIC")


def create(scope: Scope, request: Members) -> Members:
    """CreateTargetGroup; the same request again gives the same group."""
    name = needed(request, "Name")
    check_name("Target group", name)
    found = new_settings(scope, request)
    with LOCK:
        if name in groups(scope):
            if groups(scope)[name].settings != found:
                raise duplicate_name("TargetGroup", "target group", name)
            return {"TargetGroups": [told(groups(scope)[name])]}
        group = TargetGroup(
            name=name,
            account=scope.account,
            region=scope.region,
            partition=scope.partition,
            identifier=new_id(),
            settings=found,
            tags=tags.read(request.get("Tags")),
        )
        add(group)
    return {"TargetGroups": [told(group)]}


def new_settings(scope: Scope, request: Members) -> Members:
    """What a request means, as it is described afterwards."""
    kind = request.get("TargetType") or "instance"
    if kind not in KINDS:
        raise enumerated("targetType", kind, KINDS)
    if kind == "alb":
        raise not_emulated("CreateTargetGroup", "the target type alb")
    for member in ("TargetControlPort",):
        if request.get(member):
            raise not_emulated("CreateTargetGroup", member)
    if request.get("IpAddressType") == "ipv6":
        raise not_emulated("CreateTargetGroup", "the IP address type ipv6")
    made: Members = {"TargetType": kind, "IpAddressType": "ipv4"}
    if kind == "lambda":
        for member in NOT_OF_FUNCTION:
            if request.get(member):
                raise validation_error(
                    f"{member} cannot be specified for target groups with target type 'lambda'"
                )
        check = CHECK | OF_FUNCTION
        for member in ("HealthCheckProtocol", "HealthCheckPort"):
            del check[member]
    else:
        made |= place(scope, request)
        check = dict(CHECK)
    return made | checked(check, request)


def place(scope: Scope, request: Members) -> Members:
    """Protocol, port and network of a group whose targets have addresses."""
    for member in ("Protocol", "Port", "VpcId"):
        if not request.get(member):
            shown = {"VpcId": "VPC ID"}.get(member, member.lower())
            raise validation_error(f"A {shown} must be specified")
    protocol, version = request["Protocol"], request.get("ProtocolVersion") or "HTTP1"
    if protocol in OTHER_PROTOCOLS:
        raise not_emulated("CreateTargetGroup", f"the protocol {protocol}")
    if protocol != "HTTP":
        raise enumerated("protocol", protocol, ("HTTP", *OTHER_PROTOCOLS))
    if version in {"HTTP2", "GRPC"}:
        raise not_emulated("CreateTargetGroup", f"the protocol version {version}")
    if version != "HTTP1":
        raise enumerated("protocolVersion", version, ("HTTP1", "HTTP2", "GRPC"))
    check_limit("Port", int(request["Port"]))
    check_vpc(scope, request["VpcId"])
    return {
        "Protocol": protocol,
        "Port": int(request["Port"]),
        "VpcId": request["VpcId"],
        "ProtocolVersion": version,
    }


def check_vpc(scope: Scope, vpc: str) -> None:
    """A network has to be there."""
    found = scope.client("ec2").describe_vpcs(Filters=[{"Name": "vpc-id", "Values": [vpc]}])
    if not found["Vpcs"]:
        raise validation_error(f"The VPC ID '{vpc}' is not found")


def checked(before: Members, request: Members) -> Members:
    """The settings of the health check with what a request changes."""
    check = before | {
        name: request[name] for name in CHECK if request.get(name) is not None and name in before
    }
    for name in CHECK:
        if request.get(name) is not None and name not in before:
            raise validation_error(
                f"{name} cannot be specified for target groups with target type 'lambda'"
            )
        if name in check and name in LIMITS:
            check_limit(name, int(check[name]))
    if check.get("HealthCheckProtocol", "HTTP") != "HTTP":
        raise not_emulated(
            "CreateTargetGroup", f"HealthCheckProtocol {check['HealthCheckProtocol']}"
        )
    check_port(str(check.get("HealthCheckPort", "traffic-port")))
    check_path(str(check["HealthCheckPath"]))
    interval, timeout = check["HealthCheckIntervalSeconds"], check["HealthCheckTimeoutSeconds"]
    if timeout >= interval:
        raise validation_error(
            f"Health check timeout '{timeout}' must be smaller than the interval '{interval}'"
        )
    matcher = request.get("Matcher")
    check["Matcher"] = (
        matcher_of(matcher) if matcher else before.get("Matcher", {"HttpCode": "200"})
    )
    return check


def check_limit(name: str, value: int) -> None:
    """A number in its bounds."""
    least, most = LIMITS[name]
    if not least <= value <= most:
        words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()
        raise validation_error(f"{words.capitalize()} '{value}' must be between {least} and {most}")


def check_port(port: str) -> None:
    """`traffic-port`, or a number."""
    if port != "traffic-port" and not (port.isdigit() and 1 <= int(port) <= 65535):
        raise validation_error(
            f"Health check port '{port}' must be either 'traffic-port' or in range 1-65535"
        )


def check_path(path: str) -> None:
    """What targets are asked for."""
    if not path.startswith("/") or len(path) > 1024 or any(c.isspace() for c in path):
        raise validation_error(
            f"Health check path '{path}' must begin with a '/' character, and be between 1 and "
            "1024 characters"
        )


def matcher_of(given: Members) -> Members:
    """The status codes of a healthy target."""
    if given.get("GrpcCode"):
        raise validation_error("You can only specify GrpcCode for GRPC target groups")
    codes = given.get("HttpCode") or "200"
    for part in codes.split(","):
        match = re.fullmatch(r"\s*(\d{3})(?:-(\d{3}))?\s*", part)
        numbers = [int(number) for number in match.groups() if number] if match else [0]
        if not all(200 <= number <= 499 for number in numbers) or numbers != sorted(numbers):
            raise validation_error(
                "Health check matcher HTTP code must be within '200-499' inclusive, and be a "
                f"value, list or range: '{codes}'"
            )
    return {"HttpCode": codes}


def enumerated(member: str, value: str, values: tuple[str, ...]) -> Exception:
    """A value that is not one of those that there are."""
    return validation_error(
        f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: "
        f"Member must satisfy enum value set: [{', '.join(values)}]"
    )


def modify(scope: Scope, request: Members) -> Members:
    """ModifyTargetGroup."""
    with LOCK:
        group = group_of(scope, request)
        group.settings = group.settings | checked(check_of(group), request)
        group.save()
        DATA_PLANE.serve()
        return {"TargetGroups": [told(group)]}


def check_of(group: TargetGroup) -> Members:
    """The part of a group's settings that says how targets are checked."""
    names = (*CHECK, "Matcher")
    return {name: group.settings[name] for name in names if name in group.settings}


def delete(scope: Scope, request: Members) -> Members:
    """DeleteTargetGroup; one that is not there is no error."""
    arn = needed(request, "TargetGroupArn")
    check_arn("target group", arn)
    with LOCK:
        found = [group for group in groups(scope).values() if group.arn == arn]
        if found and users_of(scope, arn):
            raise error(
                "ResourceInUse", f"Target group '{arn}' is currently in use by a listener or a rule"
            )
        for group in found:
            remove(group)
    return {}


def describe(scope: Scope, request: Members) -> Members:
    """DescribeTargetGroups."""
    with LOCK:
        found = list(groups(scope).values())
        if request.get("LoadBalancerArn"):
            found = used_by(scope, request)
        if arns := request.get("TargetGroupArns"):
            for arn in arns:
                check_arn("target group", arn)
            found = [group for group in found if group.arn in arns]
            if len(found) < len(set(arns)):
                raise group_not_found()
        if names := request.get("Names"):
            found = [group for group in found if group.name in names]
            if len(found) < len(set(names)):
                raise group_not_found()
        return page(request, "TargetGroups", [told(group) for group in found])


def used_by(scope: Scope, request: Members) -> list[TargetGroup]:
    """The groups that a load balancer forwards to."""
    balancer = balancer_of(scope, request)
    used = {
        arn
        for listener in balancer.listeners.values()
        for rule in listener.ordered()
        for arn in forwards_to(rule.actions)
    }
    return [group for group in groups(scope).values() if group.arn in used]


def told(group: TargetGroup) -> Members:
    """A target group as the API has it."""
    return {
        "TargetGroupArn": group.arn,
        "TargetGroupName": group.name,
        **group.settings,
        "LoadBalancerArns": users_of(group.scope, group.arn),
    }


def describe_attributes(scope: Scope, request: Members) -> Members:
    """DescribeTargetGroupAttributes."""
    with LOCK:
        group = group_of(scope, request)
        return {"Attributes": attributes.listed(attributes.of_group(group))}


def modify_attributes(scope: Scope, request: Members) -> Members:
    """ModifyTargetGroupAttributes; the answer is all of them."""
    with LOCK:
        group = group_of(scope, request)
        changed = attributes.read("Target group", attributes.known_of(group), request)
        after: dict[str, Any] = group.attributes | changed
        attributes.check_group(attributes.with_defaults(attributes.known_of(group), after))
        group.attributes = after
        group.save()
        DATA_PLANE.serve()
        return {"Attributes": attributes.listed(attributes.of_group(group))}
