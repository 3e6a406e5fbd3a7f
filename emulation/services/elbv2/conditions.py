"""What a rule asks of a request, as it is checked, kept and described."""

import re
from ipaddress import ip_network

from emulation.services.elbv2.errors import error, validation_error
from emulation.services.elbv2.planning import CONFIGURATIONS
from emulation.services.elbv2.store import Members

LEGACY = ("host-header", "path-pattern")
"""Fields whose values may stand beside the field."""

REGULAR = ("host-header", "path-pattern", "http-header")
ONCE = ("host-header", "path-pattern", "http-request-method", "source-ip")
MOST_VALUES = 5
LONGEST = {"host-header": 128, "path-pattern": 128, "http-header": 128, "http-request-method": 40}


def checked(given: list[Members]) -> list[Members]:
    """Conditions as they are described afterwards.

    Raises:
        CommonServiceException: AWS would not have them.
    """
    if not given:
        raise validation_error("A condition must be specified")
    made = [condition(item) for item in given]
    fields = [item["Field"] for item in made]
    for field in ONCE:
        if fields.count(field) > 1:
            raise validation_error(f"A rule can only have one '{field}' condition")
    if sum(number_of(item) for item in made) > MOST_VALUES:
        raise validation_error(
            f"The number of condition values cannot be greater than '{MOST_VALUES}'"
        )
    return made


def number_of(item: Members) -> int:
    """How many values a condition has."""
    config = item[CONFIGURATIONS[item["Field"]]]
    return len(config.get("Values") or []) + len(config.get("RegexValues") or [])


def condition(item: Members) -> Members:
    """One condition."""
    field = item.get("Field", "")
    if field not in CONFIGURATIONS:
        raise validation_error(
            f"Condition field '{field}' must be one of '[{','.join(CONFIGURATIONS)}]'"
        )
    name = CONFIGURATIONS[field]
    config = dict(item.get(name) or {})
    plain = item.get("Values") or []
    if plain and field not in LEGACY:
        raise validation_error(f"The 'Values' field is not compatible with '{field}'")
    if plain and config:
        raise validation_error(f"You cannot specify both 'Values' and '{name}'")
    if item.get("RegexValues"):
        config["RegexValues"] = item["RegexValues"]
    if plain:
        config["Values"] = list(plain)
    if not config:
        if field in LEGACY:
            raise validation_error("A condition value must be specified")
        raise validation_error(f"A '{name}' must be specified with '{field}'")
    check_values(field, config)
    told: Members = {"Field": field, name: config}
    if field in LEGACY and config.get("Values"):
        told["Values"] = config["Values"]
    return told


def check_values(field: str, config: Members) -> None:
    """The values of a condition."""
    values, regular = config.get("Values") or [], config.get("RegexValues") or []
    if not values and not regular:
        raise validation_error("A condition value must be specified")
    if regular and field not in REGULAR:
        raise validation_error(f"The 'RegexValues' field is not compatible with '{field}'")
    for pattern in regular:
        check_regular(pattern)
    if field == "http-header":
        check_header_name(config.get("HttpHeaderName") or "")
    if field == "query-string":
        check_query(values)
        return
    for value in values:
        if not value or len(value) > LONGEST.get(field, 128):
            raise validation_error(
                f"The '{field}' value is too long; the limit is '{LONGEST.get(field, 128)}'"
                if value
                else "A condition value must be specified"
            )
        if field == "http-request-method" and not re.fullmatch("[A-Z_-]+", value):
            raise validation_error(
                "The 'http-request-method' value is invalid; the allowed characters are A-Z, "
                "hyphen and underscore"
            )
        if field == "source-ip":
            check_network(value)


def check_regular(pattern: str) -> None:
    """A regular expression has to be one."""
    try:
        re.compile(pattern)
    except re.error as refused:
        raise validation_error(f"The regex value '{pattern}' is not valid: {refused}") from refused


def check_header_name(name: str) -> None:
    """The header that is looked at."""
    if not name:
        raise validation_error("A 'HttpHeaderName' must be specified with 'http-header'")
    if len(name) > 40:
        raise validation_error("The 'HttpHeaderName' value is too long; the limit is '40'")
    if name.lower() == "host":
        raise error(
            "InvalidLoadBalancerAction",
            "The Host header cannot be used with 'http-header'; use 'host-header'",
        )


def check_query(values: list[Members]) -> None:
    """Keys and values of a query."""
    for pair in values:
        if not pair.get("Value"):
            raise validation_error("A 'Value' must be specified in 'QueryStringKeyValuePair'")
        for member in ("Key", "Value"):
            if len(pair.get(member) or "") > 128:
                raise validation_error(f"The '{member}' value is too long; the limit is '128'")


def check_network(value: str) -> None:
    """A network in the form of CIDR."""
    try:
        if "/" not in value:
            raise ValueError(value)
        ip_network(value, strict=False)
    except ValueError as refused:
        raise validation_error(f"The 'source-ip' value '{value}' is not a valid CIDR") from refused
