"""What rules and listeners do with a request, as it is checked, kept and described."""

import re

from emulation.services.elbv2.errors import error, not_emulated, validation_error
from emulation.services.elbv2.finding import check_arn
from emulation.services.elbv2.redirects import PARTS
from emulation.services.elbv2.store import LoadBalancer, Members, groups, users_of
from emulation.services.elbv2.target_groups import enumerated

KINDS = ("forward", "redirect", "fixed-response")
REFUSED = ("authenticate-oidc", "authenticate-cognito", "jwt-validation")
MOST_GROUPS = 5
HEAVIEST = 999
LONGEST_BODY = 1024
LONGEST_STICKY_SECONDS = 604800
CONTENT_TYPES = (
    "text/plain",
    "text/css",
    "text/html",
    "application/javascript",
    "application/json",
)


def checked(operation: str, balancer: LoadBalancer, given: list[Members]) -> list[Members]:
    """Actions as they are described afterwards.

    Raises:
        CommonServiceException: AWS would not have them.
        NotImplementedError: nobody carries one of them out.
    """
    if not given:
        raise validation_error("An action must be specified")
    for number, action in enumerate(given, 1):
        kind = action.get("Type", "")
        if kind in REFUSED:
            raise not_emulated(operation, f"the action {kind}")
        if kind not in KINDS:
            raise enumerated(f"actions.{number}.member.type", kind, (*KINDS, *REFUSED))
    if len(given) > 1:
        raise error(
            "InvalidLoadBalancerAction",
            "Only one of the action types 'forward', 'redirect' and 'fixed-response' can be "
            "specified",
        )
    action = given[0]
    made = CHECKS[action["Type"]](balancer, action)
    order = {"Order": int(action["Order"])} if action.get("Order") is not None else {}
    return [{"Type": action["Type"], **order, **made}]


def forward(balancer: LoadBalancer, action: Members) -> Members:
    """To target groups, by weight."""
    config = action.get("ForwardConfig") or {}
    shares = config.get("TargetGroups") or []
    only = action.get("TargetGroupArn")
    if only and not shares:
        shares = [{"TargetGroupArn": only}]
    if not shares:
        raise validation_error("A target group ARN must be specified")
    if only and [share["TargetGroupArn"] for share in shares] != [only]:
        raise validation_error(
            "You cannot specify both a target group and a forward action config with different "
            "target groups"
        )
    if len(shares) > MOST_GROUPS:
        raise error("TooManyTargetGroups", f"Only {MOST_GROUPS} target groups can be specified")
    made = [share_of(balancer, share) for share in shares]
    sticky = sticky_of(config.get("TargetGroupStickinessConfig") or {})
    told: Members = {"ForwardConfig": {"TargetGroups": made, "TargetGroupStickinessConfig": sticky}}
    return ({"TargetGroupArn": made[0]["TargetGroupArn"]} if len(made) == 1 else {}) | told


def share_of(balancer: LoadBalancer, share: Members) -> Members:
    """A target group and its weight."""
    arn, weight = share.get("TargetGroupArn", ""), share.get("Weight")
    weight = 1 if weight is None else int(weight)
    check_arn("target group", arn)
    found = [group for group in groups(balancer.scope).values() if group.arn == arn]
    if not found:
        raise error("TargetGroupNotFound", f"Target group '{arn}' not found")
    if not 0 <= weight <= HEAVIEST:
        raise validation_error(f"Target group weight '{weight}' must be between 0 and {HEAVIEST}")
    if any(user != balancer.arn for user in users_of(balancer.scope, arn)):
        raise error(
            "TargetGroupAssociationLimit",
            "The following target groups cannot be associated with more than one load balancer: "
            f"{arn}",
        )
    if found[0].settings.get("VpcId", balancer.vpc) != balancer.vpc:
        raise error(
            "InvalidConfigurationRequest",
            f"The following target groups are in a different VPC than load balancer "
            f"'{balancer.arn}': {arn}",
        )
    return {"TargetGroupArn": arn, "Weight": weight}


def sticky_of(config: Members) -> Members:
    """Whether a client stays with its target group."""
    if not config.get("Enabled"):
        return {"Enabled": False}
    seconds = int(config.get("DurationSeconds") or 0)
    if not 1 <= seconds <= LONGEST_STICKY_SECONDS:
        raise validation_error(
            f"Target group stickiness duration '{seconds}' must be between 1 and "
            f"{LONGEST_STICKY_SECONDS} seconds"
        )
    return {"Enabled": True, "DurationSeconds": seconds}


def redirect(_: LoadBalancer, action: Members) -> Members:
    """To another place, which has to be another."""
    config = action.get("RedirectConfig") or {}
    status = config.get("StatusCode", "")
    if status not in {"HTTP_301", "HTTP_302"}:
        member = "actions.1.member.redirectConfig.statusCode"
        raise enumerated(member, status, ("HTTP_301", "HTTP_302"))
    made = {name: config.get(name) or default for name, default in PARTS.items()}
    made["Query"] = config.get("Query", PARTS["Query"])
    if made["Protocol"] not in {"HTTP", "HTTPS", "#{protocol}"}:
        raise validation_error("The protocol must be one of 'HTTP', 'HTTPS' or '#{protocol}'")
    port = str(made["Port"])
    if port != "#{port}" and not (port.isdigit() and 1 <= int(port) <= 65535):
        raise validation_error(f"The port '{port}' must be '#{{port}}' or between 1 and 65535")
    if not made["Path"].startswith("/"):
        raise validation_error("The path must start with '/'")
    if all(made[name] == PARTS[name] for name in ("Protocol", "Host", "Port", "Path")):
        raise error(
            "InvalidLoadBalancerAction",
            "The redirect configuration is not valid because it creates a loop. You must modify "
            "at least one of the following: protocol, host, port or path",
        )
    return {"RedirectConfig": made | {"StatusCode": status}}


def fixed(_: LoadBalancer, action: Members) -> Members:
    """An answer of its own."""
    config = action.get("FixedResponseConfig") or {}
    status, body = str(config.get("StatusCode", "")), config.get("MessageBody")
    kind = config.get("ContentType")
    if not re.fullmatch(r"[245]\d\d", status):
        raise validation_error(
            f"1 validation error detected: Value '{status}' at "
            "'actions.1.member.fixedResponseConfig.statusCode' failed to satisfy constraint: "
            r"Member must satisfy regular expression pattern: ^(2|4|5)\d\d$"
        )
    if body and len(body) > LONGEST_BODY:
        raise validation_error(f"The message body cannot be longer than {LONGEST_BODY} characters")
    if kind and kind not in CONTENT_TYPES:
        raise error(
            "InvalidLoadBalancerAction",
            "The ContentType must be one of:'text/html', 'application/json', "
            "'application/javascript', 'text/css', 'text/plain'",
        )
    told = {"StatusCode": status, "MessageBody": body, "ContentType": kind}
    return {"FixedResponseConfig": {n: value for n, value in told.items() if value is not None}}


CHECKS = {"forward": forward, "redirect": redirect, "fixed-response": fixed}
