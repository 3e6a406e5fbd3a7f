"""Policies that say who may call: those of an authorizer's answer, of an API and of a function.

Deny wins, and what nothing allows is refused. A condition that is not known here raises: to ignore
it would let somebody in.
"""

import re
from collections.abc import Callable, Mapping
from enum import Enum
from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import Any

INVOKE = "execute-api:Invoke"


class Verdict(Enum):
    """What a policy says of a request."""

    ALLOWED = "ALLOW"
    DENIED = "EXPLICIT_DENY"
    UNDECIDED = "IMPLICIT_DENY"


class MalformedPolicyError(ValueError):
    """The policy is none."""


def verdict(
    policy: Any, action: str, resource: str, values: Mapping[str, str], principal: str | None = None
) -> Verdict:
    """What a policy says; `values` are the condition keys of the request. With a principal, a
    statement must name it.

    Raises:
        MalformedPolicyError: it is no policy.
        NotImplementedError: it has a condition that is not emulated.
    """
    found = Verdict.UNDECIDED
    for statement in statements(policy):
        if not applies(statement, action, resource, values, principal):
            continue
        if statement.get("Effect") == "Deny":
            return Verdict.DENIED
        found = Verdict.ALLOWED
    return found


def statements(policy: Any) -> list[dict[str, Any]]:
    """The statements of a policy."""
    given = policy.get("Statement") if isinstance(policy, dict) else None
    found: list[Any] = given if isinstance(given, list) else [given]
    for each in found:
        if not isinstance(each, dict) or each.get("Effect") not in ("Allow", "Deny"):
            raise MalformedPolicyError("a statement has no Effect")
        if not ({"Action", "NotAction"} & set(each)):
            raise MalformedPolicyError("a statement has no Action")
    return found


def applies(
    statement: dict[str, Any],
    action: str,
    resource: str,
    values: Mapping[str, str],
    principal: str | None,
) -> bool:
    """Whether a statement speaks of the request."""
    return (
        named(statement, "Action", action, ignore_case=True)
        and named(statement, "Resource", resource)
        and (principal is None or of_principal(statement.get("Principal"), principal))
        and all(
            holds(operator, key, wanted, values)
            for operator, keys in (statement.get("Condition") or {}).items()
            for key, wanted in keys.items()
        )
    )


def named(statement: dict[str, Any], member: str, value: str, *, ignore_case: bool = False) -> bool:
    """Whether a statement's member, or none of its opposite, is the value."""
    if member in statement:
        return any(like(each, value, ignore_case) for each in listed(statement[member]))
    opposite = statement.get(f"Not{member}")
    if opposite is None:
        return member == "Resource"
    return not any(like(each, value, ignore_case) for each in listed(opposite))


def of_principal(given: Any, principal: str) -> bool:
    """Whether a statement's principals are the caller: `*`, a service, an account."""
    if isinstance(given, dict):
        return any(of_principal(each, principal) for each in given.values())
    return any(each in ("*", principal) for each in listed(given))


def listed(value: Any) -> list[str]:
    """One or many."""
    if value is None:
        return []
    return [str(each) for each in value] if isinstance(value, list) else [_plain(value)]


def _plain(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


@lru_cache(maxsize=1024)
def _pattern(pattern: str, ignore_case: bool) -> re.Pattern[str]:
    parts = {"*": ".*", "?": "."}
    regex = "".join(parts.get(character, re.escape(character)) for character in pattern)
    return re.compile(regex, re.DOTALL | (re.IGNORECASE if ignore_case else 0))


def like(pattern: str, value: str, ignore_case: bool = False) -> bool:
    """Whether a value fits a pattern with `*` and `?`."""
    return bool(_pattern(pattern, ignore_case).fullmatch(value))


def _in_network(network: str, address: str) -> bool:
    return ip_address(address) in ip_network(network, strict=False)


OPERATORS: dict[str, Callable[[str, str], bool]] = {
    "StringEquals": lambda wanted, value: wanted == value,
    "StringEqualsIgnoreCase": lambda wanted, value: wanted.lower() == value.lower(),
    "StringLike": like,
    "ArnEquals": like,
    "ArnLike": like,
    "Bool": lambda wanted, value: wanted.lower() == value.lower(),
    "IpAddress": _in_network,
    "NumericEquals": lambda wanted, value: float(wanted) == float(value),
    "NumericLessThan": lambda wanted, value: float(value) < float(wanted),
    "NumericGreaterThan": lambda wanted, value: float(value) > float(wanted),
}
NEGATED = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
    "NotIpAddress": "IpAddress",
    "NumericNotEquals": "NumericEquals",
}


def holds(operator: str, key: str, wanted: Any, values: Mapping[str, str]) -> bool:
    """Whether one condition holds."""
    name = operator.removesuffix("IfExists")
    value = {known.lower(): value for known, value in values.items()}.get(key.lower())
    if name == "Null":
        return (value is None) == (listed(wanted) == ["true"])
    compare = OPERATORS.get(NEGATED.get(name, name))
    if compare is None:
        raise NotImplementedError(f"the policy condition {operator} is not emulated")
    if value is None:
        return name in NEGATED or name != operator
    met = any(compare(each, value) for each in listed(wanted))
    return met != (name in NEGATED)
