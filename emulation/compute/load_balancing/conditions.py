"""Whether a request meets a rule's conditions.

Wildcards are `*` and `?`. Hosts, header values and queries are compared without case, paths and
methods with it, as AWS does.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import NamedTuple
from urllib.parse import parse_qsl

from emulation.compute.load_balancing.plan import Condition, Rule


class Asked(NamedTuple):
    """As much of a request as rules look at."""

    host: str
    """Without its port."""
    path: str
    query: str
    method: str
    source: str
    headers: Mapping[str, Sequence[str]]
    """By name in lower case."""


@lru_cache(maxsize=4096)
def wildcard(pattern: str, *, cased: bool) -> re.Pattern[str]:
    """A pattern with `*` and `?`."""
    parts = {"*": ".*", "?": "."}
    text = "".join(parts.get(letter, re.escape(letter)) for letter in pattern)
    return re.compile(text, re.DOTALL if cased else re.DOTALL | re.IGNORECASE)


@lru_cache(maxsize=1024)
def regular(pattern: str) -> re.Pattern[str]:
    """A regular expression."""
    return re.compile(pattern)


def fits(condition: Condition, text: str, *, cased: bool = False) -> bool:
    """Whether a text is like one of a condition's values."""
    return any(wildcard(value, cased=cased).fullmatch(text) for value in condition.values) or any(
        regular(value).search(text) for value in condition.regular
    )


def header_fits(condition: Condition, asked: Asked) -> bool:
    """Whether one of a header's values fits."""
    return any(fits(condition, value) for value in asked.headers.get(condition.name.lower(), ()))


def query_fits(condition: Condition, asked: Asked) -> bool:
    """Whether one parameter of the query fits; a value without a key fits those of any."""
    given = parse_qsl(asked.query, keep_blank_values=True)
    return any(
        (key is None or wildcard(key, cased=False).fullmatch(name))
        and wildcard(value, cased=False).fullmatch(found)
        for key, value in condition.pairs
        for name, found in given
    )


def source_fits(condition: Condition, asked: Asked) -> bool:
    """Whether the client is of one of the networks."""
    source = ip_address(asked.source)
    return any(source in ip_network(value, strict=False) for value in condition.values)


FIELDS: Mapping[str, Callable[[Condition, Asked], bool]] = {
    "host-header": lambda condition, asked: fits(condition, asked.host),
    "path-pattern": lambda condition, asked: fits(condition, asked.path, cased=True),
    "http-request-method": lambda condition, asked: asked.method in condition.values,
    "http-header": header_fits,
    "query-string": query_fits,
    "source-ip": source_fits,
}


def choose(rules: Sequence[Rule], asked: Asked) -> tuple[Rule, int]:
    """The first rule that a request meets and how many had to be looked at; the last is the
    default.
    """
    for number, rule in enumerate(rules[:-1], 1):
        if all(FIELDS[condition.field](condition, asked) for condition in rule.conditions):
            return rule, number
    return rules[-1], len(rules)
