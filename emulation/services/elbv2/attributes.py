"""Attributes of load balancers, listeners and target groups: what they may be, and what they are.

Each is a default and a rule of its values, as data. A value that asks for something that nobody
does is refused by name.
"""

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from emulation.services.elbv2.errors import validation_error
from emulation.services.elbv2.store import Listener, LoadBalancer, Members, TargetGroup

Rule = Callable[[str, str], None]
"""Takes an attribute's name and a value; raises."""


class Attribute(NamedTuple):
    """A default, and what values have to be like."""

    default: str
    rule: Rule


def one_of(*values: str) -> Rule:
    """One of a few."""

    def check(name: str, value: str) -> None:
        if value not in values:
            raise validation_error(f"'{name}' value '{value}' must be one of [{', '.join(values)}]")

    return check


def between(least: int, most: int) -> Rule:
    """A whole number."""

    def check(name: str, value: str) -> None:
        if not value.isdigit() or not least <= int(value) <= most:
            raise validation_error(
                f"'{name}' value '{value}' must be between '{least}-{most}' inclusive"
            )

    return check


def seconds_or_none(name: str, value: str) -> None:
    """A slow start: none, or long enough."""
    if value != "0":
        between(30, 900)(name, value)


def only(*values: str) -> Rule:
    """What else is allowed on AWS is not done here."""

    def check(name: str, value: str) -> None:
        if value not in values:
            raise NotImplementedError(f"The attribute {name} of elbv2 with {value} is not emulated")

    return check


def text(_: str, __: str) -> None:
    """Anything."""


def cookie_name(name: str, value: str) -> None:
    """The name of an application's cookie; some are the load balancer's own."""
    if value.upper().startswith(("AWSALB", "AWSALBAPP", "AWSALBTG")):
        raise validation_error(f"'{name}' value '{value}' is a reserved cookie name")
    if not re.fullmatch(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]*", value):
        raise validation_error(f"'{name}' value '{value}' is not a valid cookie name")


truth = one_of("true", "false")

OF_BALANCER = {
    "access_logs.s3.enabled": Attribute("false", truth),
    "access_logs.s3.bucket": Attribute("", text),
    "access_logs.s3.prefix": Attribute("", text),
    "client_keep_alive.seconds": Attribute("3600", between(60, 604800)),
    "connection_logs.s3.enabled": Attribute("false", only("false")),
    "connection_logs.s3.bucket": Attribute("", text),
    "connection_logs.s3.prefix": Attribute("", text),
    "deletion_protection.enabled": Attribute("false", truth),
    "health_check_logs.s3.enabled": Attribute("false", only("false")),
    "health_check_logs.s3.bucket": Attribute("", text),
    "health_check_logs.s3.prefix": Attribute("", text),
    "idle_timeout.timeout_seconds": Attribute("60", between(1, 4000)),
    "ipv6.deny_all_igw_traffic": Attribute("false", only("false")),
    "load_balancing.cross_zone.enabled": Attribute("true", one_of("true")),
    "routing.http.desync_mitigation_mode": Attribute(
        "defensive", one_of("monitor", "defensive", "strictest")
    ),
    "routing.http.drop_invalid_header_fields.enabled": Attribute("false", truth),
    "routing.http.preserve_host_header.enabled": Attribute("false", truth),
    "routing.http.x_amzn_tls_version_and_cipher_suite.enabled": Attribute("false", only("false")),
    "routing.http.xff_client_port.enabled": Attribute("false", truth),
    "routing.http.xff_header_processing.mode": Attribute(
        "append", one_of("append", "preserve", "remove")
    ),
    "routing.http2.enabled": Attribute("true", truth),
    "waf.fail_open.enabled": Attribute("false", truth),
    "zonal_shift.config.enabled": Attribute("false", only("false")),
}

COOKIE_SECONDS = between(1, 604800)

OF_TARGETS = {
    "deregistration_delay.timeout_seconds": Attribute("300", between(0, 3600)),
    "stickiness.enabled": Attribute("false", truth),
    "stickiness.type": Attribute("lb_cookie", one_of("lb_cookie", "app_cookie")),
    "stickiness.lb_cookie.duration_seconds": Attribute("86400", COOKIE_SECONDS),
    "stickiness.app_cookie.duration_seconds": Attribute("86400", COOKIE_SECONDS),
    "stickiness.app_cookie.cookie_name": Attribute("", cookie_name),
    "slow_start.duration_seconds": Attribute("0", seconds_or_none),
    "load_balancing.algorithm.type": Attribute(
        "round_robin", one_of("round_robin", "least_outstanding_requests", "weighted_random")
    ),
    "load_balancing.algorithm.anomaly_mitigation": Attribute("off", only("off")),
    "load_balancing.cross_zone.enabled": Attribute(
        "use_load_balancer_configuration", only("use_load_balancer_configuration", "true")
    ),
    "target_group_health.dns_failover.minimum_healthy_targets.count": Attribute("1", only("1")),
    "target_group_health.dns_failover.minimum_healthy_targets.percentage": Attribute(
        "off", only("off")
    ),
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count": Attribute(
        "1", only("1")
    ),
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage": Attribute(
        "off", only("off")
    ),
}

OF_FUNCTIONS = {
    "lambda.multi_value_headers.enabled": Attribute("false", truth),
    "stickiness.enabled": Attribute("false", only("false")),
}

RESPONSE_HEADERS = {
    f"routing.http.response.{name.lower().replace('-', '_')}.header_value": name
    for name in (
        "Strict-Transport-Security",
        "Access-Control-Allow-Origin",
        "Access-Control-Allow-Methods",
        "Access-Control-Allow-Headers",
        "Access-Control-Allow-Credentials",
        "Access-Control-Expose-Headers",
        "Access-Control-Max-Age",
        "Content-Security-Policy",
        "X-Content-Type-Options",
        "X-Frame-Options",
    )
}
"""Headers that a listener adds to every answer, by their attribute."""

OF_LISTENER = {
    "routing.http.response.server.enabled": Attribute("true", truth),
    **{name: Attribute("", text) for name in RESPONSE_HEADERS},
}


def with_defaults(known: Mapping[str, Attribute], changed: Mapping[str, str]) -> dict[str, str]:
    """Every attribute as it is."""
    return {name: changed.get(name, attribute.default) for name, attribute in known.items()}


def of_balancer(balancer: LoadBalancer) -> dict[str, str]:
    """A load balancer's attributes."""
    return with_defaults(OF_BALANCER, balancer.attributes)


def of_listener(listener: Listener) -> dict[str, str]:
    """A listener's attributes."""
    return with_defaults(OF_LISTENER, listener.attributes)


def of_group(group: TargetGroup) -> dict[str, str]:
    """A target group's attributes."""
    return with_defaults(known_of(group), group.attributes)


def known_of(group: TargetGroup) -> Mapping[str, Attribute]:
    """The attributes that a target group may have."""
    return OF_FUNCTIONS if group.kind == "lambda" else OF_TARGETS


def read(noun: str, known: Mapping[str, Attribute], request: Members) -> dict[str, str]:
    """The attributes that a request changes.

    Raises:
        CommonServiceException: one is unknown, twice there, or has a wrong value.
    """
    found: dict[str, str] = {}
    for item in request.get("Attributes") or []:
        name, value = item.get("Key", ""), item.get("Value") or ""
        if name in found:
            raise validation_error(f"{noun} attribute key '{name}' is specified more than once")
        if name not in known:
            raise validation_error(f"{noun} attribute key '{name}' is not recognized")
        known[name].rule(name, value)
        found[name] = value
    if not found:
        raise validation_error("At least one attribute must be specified")
    return found


def check_group(told: Mapping[str, str]) -> None:
    """What a target group's attributes have to be like together."""
    sticky = told["stickiness.enabled"] == "true" and told.get("stickiness.type")
    if sticky == "app_cookie" and not told["stickiness.app_cookie.cookie_name"]:
        raise validation_error(
            "You must specify a cookie name when enabling app_cookie based stickiness"
        )
    least = told.get("load_balancing.algorithm.type", "round_robin") != "round_robin"
    if least and told.get("slow_start.duration_seconds", "0") != "0":
        raise validation_error("Slow start is only supported with the round robin algorithm")


def listed(told: Mapping[str, str]) -> list[Members]:
    """As the API has them."""
    return [{"Key": name, "Value": value} for name, value in told.items()]
