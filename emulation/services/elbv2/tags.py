"""Tags of load balancers, listeners, rules and target groups."""

from collections.abc import Iterable
from typing import NamedTuple

from emulation.services.elbv2.errors import error, validation_error
from emulation.services.elbv2.finding import (
    balancer_by_arn,
    group_by_arn,
    listener_by_arn,
    rule_by_arn,
)
from emulation.services.elbv2.store import LOCK, LoadBalancer, Members, TargetGroup
from emulation.services.scope import Scope

MOST = 50


class Tagged(NamedTuple):
    """The tags of something, and the document that they stand in."""

    tags: dict[str, str]
    document: LoadBalancer | TargetGroup


def read(given: Iterable[Members] | None) -> dict[str, str]:
    """Tags as they are kept.

    Raises:
        CommonServiceException: too many, or one twice.
    """
    found: dict[str, str] = {}
    for tag in given or ():
        key = tag.get("Key", "")
        if not 1 <= len(key) <= 128:
            raise validation_error("A tag key must be between 1 and 128 characters")
        if key in found:
            raise error("DuplicateTagKeys", f"Tag key was specified more than once: {key}")
        found[key] = tag.get("Value") or ""
    check_number(found)
    return found


def check_number(tags: dict[str, str]) -> None:
    """There may be so many; AWS's own are not counted."""
    if sum(not key.startswith("aws:") for key in tags) > MOST:
        raise error(
            "TooManyTags",
            "The quota for the number of tags that can be assigned to a load balancer has been "
            "reached",
        )


def tagged(scope: Scope, arn: str) -> Tagged:
    """What an ARN names.

    Raises:
        CommonServiceException: nothing.
    """
    kind = arn.split(":", 5)[-1].partition("/")[0]
    if kind == "loadbalancer":
        balancer = balancer_by_arn(scope, arn)
        return Tagged(balancer.tags, balancer)
    if kind == "targetgroup":
        group = group_by_arn(scope, arn)
        return Tagged(group.tags, group)
    if kind == "listener":
        balancer, listener = listener_by_arn(scope, arn)
        return Tagged(listener.tags, balancer)
    if kind == "listener-rule":
        balancer, _, rule = rule_by_arn(scope, arn)
        return Tagged(rule.tags, balancer)
    raise validation_error(f"'{arn}' is not a valid load balancer ARN")


def arns_of(request: Members) -> list[str]:
    """The resources that a request names."""
    arns: list[str] = request.get("ResourceArns") or []
    if not arns:
        raise validation_error("At least one resource ARN must be specified")
    return arns


def add(scope: Scope, request: Members) -> Members:
    """AddTags."""
    with LOCK:
        new = read(request.get("Tags"))
        found = [tagged(scope, arn) for arn in arns_of(request)]
        for item in found:
            check_number(item.tags | new)
        for item in found:
            item.tags.update(new)
            item.document.save()
    return {}


def remove(scope: Scope, request: Members) -> Members:
    """RemoveTags."""
    with LOCK:
        for item in [tagged(scope, arn) for arn in arns_of(request)]:
            for key in request.get("TagKeys") or []:
                item.tags.pop(key, None)
            item.document.save()
    return {}


def describe(scope: Scope, request: Members) -> Members:
    """DescribeTags."""
    with LOCK:
        return {
            "TagDescriptions": [
                {"ResourceArn": arn, "Tags": listed(tagged(scope, arn).tags)}
                for arn in arns_of(request)
            ]
        }


def listed(tags: dict[str, str]) -> list[Members]:
    """As the API has them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]
