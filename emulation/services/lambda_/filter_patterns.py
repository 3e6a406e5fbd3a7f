"""Filter criteria of event source mappings: EventBridge's patterns, compiled once, asked often.

A pattern's leaf is a list of conditions of which one must hold. A value that is a list holds a
condition when one of its items does, and of a list of objects a single one must meet everything
that a pattern asks of them. A condition that does not fit a value's type does not hold.
"""

import ipaddress
import json
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

Condition = Callable[[Any], bool]
Test = Callable[[Any], bool]
"""Takes an object of the event."""

MISSING = object()

COMPARISONS = {
    "<": operator.lt,
    "<=": operator.le,
    "=": operator.eq,
    ">": operator.gt,
    ">=": operator.ge,
}


def compiled(pattern: Mapping[str, Any]) -> Test:
    """The test of a pattern, which must be valid."""
    tests = [
        _any_of(value) if key == "$or" and _is_choice(value) else _field(key, value)
        for key, value in pattern.items()
    ]
    return lambda event: all(test(event) for test in tests)


def _is_choice(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


def _any_of(patterns: Sequence[Mapping[str, Any]]) -> Test:
    tests = [compiled(pattern) for pattern in patterns]
    return lambda event: any(test(event) for test in tests)


def _field(key: str, expected: Any) -> Test:
    if isinstance(expected, Mapping):
        inner = compiled(expected)
        return lambda event: _some_object(inner, _value(event, key))
    conditions = [_condition(item) for item in expected]
    return lambda event: _some_leaf(conditions, _value(event, key))


def _value(event: Any, key: str) -> Any:
    """What stands under a key; in a pattern, `a.b` also means b below a."""
    if not isinstance(event, Mapping):
        return MISSING
    if key in event:
        return event[key]
    head, dot, rest = key.partition(".")
    return _value(event[head], rest) if dot and head in event else MISSING


def _some_object(test: Test, value: Any) -> bool:
    if isinstance(value, list) and value:
        return any(_some_object(test, item) for item in value)
    # An absent object has absent fields, which is what `exists: false` asks for.
    return test(value if isinstance(value, Mapping) else {})


def _some_leaf(conditions: Sequence[Condition], value: Any) -> bool:
    if isinstance(value, list) and value:
        return any(_some_leaf(conditions, item) for item in value)
    leaf = MISSING if isinstance(value, Mapping | list) else value
    return any(condition(leaf) for condition in conditions)


def _condition(expected: Any) -> Condition:
    if not isinstance(expected, Mapping):
        return lambda value: _same(value, expected)
    ((name, operand),) = expected.items()
    return OPERATORS[name](operand)


def _same(value: Any, expected: Any) -> bool:
    """JSON's equality, in which true is not 1."""
    return isinstance(value, bool) is isinstance(expected, bool) and value == expected


def _text(holds: Callable[[str], bool]) -> Condition:
    return lambda value: isinstance(value, str) and holds(value)


def _prefix(operand: Any) -> Condition:
    if isinstance(operand, Mapping):
        start = operand["equals-ignore-case"].lower()
        return _text(lambda value: value.lower().startswith(start))
    return _text(lambda value: value.startswith(operand))


def _suffix(operand: Any) -> Condition:
    if isinstance(operand, Mapping):
        end = operand["equals-ignore-case"].lower()
        return _text(lambda value: value.lower().endswith(end))
    return _text(lambda value: value.endswith(operand))


def _ignoring_case(operand: str) -> Condition:
    return _text(lambda value: value.lower() == operand.lower())


def _wildcard(operand: str) -> Condition:
    """`*` is any text, none included; a backslash takes a star or a backslash as it is."""
    parts = re.findall(r"\\[*\\]|\*|[^*\\]+|\\", operand)
    pattern = "".join(".*" if part == "*" else re.escape(_unescaped(part)) for part in parts)
    whole = re.compile(pattern, re.DOTALL)
    return _text(lambda value: whole.fullmatch(value) is not None)


def _unescaped(part: str) -> str:
    return part[1:] if part in {r"\*", r"\\"} else part


def _exists(operand: bool) -> Condition:
    return lambda value: (value is not MISSING) is operand


def _numeric(operand: Sequence[Any]) -> Condition:
    bounds = [
        (COMPARISONS[name], bound) for name, bound in zip(operand[::2], operand[1::2], strict=True)
    ]
    return lambda value: (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and all(compare(value, bound) for compare, bound in bounds)
    )


def _cidr(operand: str) -> Condition:
    network = ipaddress.ip_network(operand)

    def holds(value: str) -> bool:
        try:
            return ipaddress.ip_address(value) in network
        except ValueError:
            return False

    return _text(holds)


def _anything_but(operand: Any) -> Condition:
    if isinstance(operand, Mapping):
        ((name, inner),) = operand.items()
        excluded = [OPERATORS[name](item) for item in _items(inner)]
    else:
        excluded = [_condition(item) for item in _items(operand)]
    return lambda value: value is not MISSING and not any(test(value) for test in excluded)


def _items(operand: Any) -> list[Any]:
    return operand if isinstance(operand, list) else [operand]


OPERATORS: dict[str, Callable[[Any], Condition]] = {
    "prefix": _prefix,
    "suffix": _suffix,
    "equals-ignore-case": _ignoring_case,
    "wildcard": _wildcard,
    "exists": _exists,
    "numeric": _numeric,
    "cidr": _cidr,
    "anything-but": _anything_but,
}


class Filters:
    """The filters of a mapping of a Kinesis stream. A record passes when one of them lets it."""

    def __init__(self, patterns: Sequence[Mapping[str, Any]]) -> None:
        self._tests = [("data" in pattern, compiled(pattern)) for pattern in patterns]
        self._about_data = any(about_data for about_data, _ in self._tests)

    def __bool__(self) -> bool:
        return bool(self._tests)

    def passes(self, fields: Mapping[str, Any], data: bytes) -> bool:
        """Does a record pass? One whose data is not JSON passes no filter on data."""
        if not self._about_data:
            return any(test(fields) for _, test in self._tests)
        try:
            event = {**fields, "data": json.loads(data)}
        except ValueError:
            return any(test(fields) for about_data, test in self._tests if not about_data)
        return any(test(event) for _, test in self._tests)
