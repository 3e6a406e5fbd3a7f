"""What a request names by its ARN, and pages of what it asks for."""

import re
from collections.abc import Sequence

from emulation.services import paging
from emulation.services.elbv2.errors import (
    balancer_not_found,
    group_not_found,
    listener_not_found,
    rule_not_found,
    validation_error,
)
from emulation.services.elbv2.store import (
    Listener,
    LoadBalancer,
    Members,
    Rule,
    TargetGroup,
    balancers,
    groups,
    listeners,
)
from emulation.services.scope import Scope

SIZES = ("Marker", "PageSize")
MOST = 400

_ARN = r"arn:[a-z-]+:elasticloadbalancing:[a-z0-9-]*:[0-9]*:"
PATTERNS = {
    "load balancer": re.compile(_ARN + r"loadbalancer/(app|net|gwy)/[^/]+/[^/]+"),
    "listener": re.compile(_ARN + r"listener/(app|net|gwy)/[^/]+/[^/]+/[^/]+"),
    "listener rule": re.compile(_ARN + r"listener-rule/(app|net|gwy)/[^/]+/[^/]+/[^/]+/[^/]+"),
    "target group": re.compile(_ARN + r"targetgroup/[^/]+/[^/]+"),
}


def check_arn(noun: str, arn: str) -> None:
    """An ARN has to be of its form.

    Raises:
        CommonServiceException: it is not.
    """
    if not PATTERNS[noun].fullmatch(arn):
        raise validation_error(f"'{arn}' is not a valid {noun} ARN")


def needed(request: Members, name: str) -> str:
    """A member that a request has to have.

    Raises:
        CommonServiceException: it has not.
    """
    value = request.get(name)
    if not value:
        words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower().replace("arn", "ARN")
        raise validation_error(f"A {words} must be specified")
    return str(value)


def balancer_of(scope: Scope, request: Members) -> LoadBalancer:
    """The load balancer that a request names."""
    return balancer_by_arn(scope, needed(request, "LoadBalancerArn"))


def balancer_by_arn(scope: Scope, arn: str) -> LoadBalancer:
    """A load balancer.

    Raises:
        CommonServiceException: there is none.
    """
    check_arn("load balancer", arn)
    for balancer in balancers(scope).values():
        if balancer.arn == arn:
            return balancer
    raise balancer_not_found(arn)


def group_of(scope: Scope, request: Members) -> TargetGroup:
    """The target group that a request names."""
    return group_by_arn(scope, needed(request, "TargetGroupArn"))


def group_by_arn(scope: Scope, arn: str) -> TargetGroup:
    """A target group.

    Raises:
        CommonServiceException: there is none.
    """
    check_arn("target group", arn)
    for group in groups(scope).values():
        if group.arn == arn:
            return group
    raise group_not_found()


def listener_of(scope: Scope, request: Members) -> tuple[LoadBalancer, Listener]:
    """The listener that a request names, with its load balancer."""
    return listener_by_arn(scope, needed(request, "ListenerArn"))


def listener_by_arn(scope: Scope, arn: str) -> tuple[LoadBalancer, Listener]:
    """A listener.

    Raises:
        CommonServiceException: there is none.
    """
    check_arn("listener", arn)
    for balancer, listener in listeners(scope):
        if listener.arn == arn:
            return balancer, listener
    raise listener_not_found()


def rule_of(scope: Scope, request: Members) -> tuple[LoadBalancer, Listener, Rule]:
    """The rule that a request names, with what it belongs to."""
    return rule_by_arn(scope, needed(request, "RuleArn"))


def rule_by_arn(scope: Scope, arn: str) -> tuple[LoadBalancer, Listener, Rule]:
    """A rule.

    Raises:
        CommonServiceException: there is none.
    """
    check_arn("listener rule", arn)
    for balancer, listener in listeners(scope):
        for rule in listener.ordered():
            if rule.arn == arn:
                return balancer, listener, rule
    raise rule_not_found()


def page(request: Members, name: str, items: Sequence[Members]) -> Members:
    """One page of a list."""
    size = request.get("PageSize")
    if size is not None and not 1 <= int(size) <= MOST:
        raise validation_error(f"The page size '{size}' must be between '1' and '{MOST}'")
    refusal = validation_error("Invalid marker")
    shown, token = paging.page(request, items, refusal, size=MOST, names=SIZES)
    answer: Members = {name: shown}
    if token:
        answer["NextMarker"] = token["Marker"]
    return answer
