"""The operators of event patterns: each is checked when its rule is made and is then a predicate.

The grammar and the reasons of refusals are those of AWS's event ruler. Equality is of JSON: a
number equals a number however it is written, and `true` is no number.
"""

import ipaddress
import re
from collections.abc import Callable
from functools import partial
from typing import Any

Predicate = Callable[[Any], bool]


class InvalidPatternError(Exception):
    """The pattern is refused; the message is AWS's reason."""


def condition(match: Any) -> Predicate:
    """What one element of a pattern's array accepts; `exists` is not one of these.

    Raises:
        InvalidPatternError: no such operator, or not what it takes.
    """
    if isinstance(match, list):
        raise InvalidPatternError("Match value must be String, number, true, false, or null")
    if not isinstance(match, dict):
        return _equal(match)
    if len(match) != 1:
        raise InvalidPatternError("Only one key allowed in match expression")
    ((operator, argument),) = match.items()
    if operator not in OPERATORS:
        raise InvalidPatternError(f"Unrecognized match type {operator}")
    return OPERATORS[operator](argument)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _equal(expected: Any) -> Predicate:
    if _is_number(expected):
        return lambda value: bool(_is_number(value) and value == expected)
    return lambda value: type(value) is type(expected) and bool(value == expected)


def _text(operator: str, argument: Any) -> str:
    if not isinstance(argument, str):
        raise InvalidPatternError(f"{operator} match pattern must be a string")
    return argument


def _of_texts(test: Callable[[str], bool]) -> Predicate:
    return lambda value: isinstance(value, str) and test(value)


def _affix(operator: str, argument: Any) -> Predicate:
    if isinstance(argument, dict) and list(argument) == ["equals-ignore-case"]:
        lower = _text("equals-ignore-case", argument["equals-ignore-case"]).lower()
        return _of_texts(lambda value: getattr(value.lower(), TESTS[operator])(lower))
    text = _text(operator, argument)
    return _of_texts(lambda value: getattr(value, TESTS[operator])(text))


TESTS = {"prefix": "startswith", "suffix": "endswith"}


def _ignore_case(argument: Any) -> Predicate:
    lower = _text("equals-ignore-case", argument).lower()
    return _of_texts(lambda value: value.lower() == lower)


def _wildcard(argument: Any) -> Predicate:
    expression, text, at = "", _text("wildcard", argument), 0
    while at < len(text):
        character = text[at]
        if character == "\\":
            at += 1
            if text[at : at + 1] not in {"*", "\\"}:
                raise InvalidPatternError(f"Invalid escape character at pos {at}")
            expression += re.escape(text[at])
        elif character == "*":
            if text[at + 1 : at + 2] == "*":
                raise InvalidPatternError(f"Consecutive wildcard characters at pos {at + 1}")
            expression += ".*"
        else:
            expression += re.escape(character)
        at += 1
    matcher = re.compile(expression, re.DOTALL)
    return _of_texts(lambda value: matcher.fullmatch(value) is not None)


def _numeric(argument: Any) -> Predicate:
    if not isinstance(argument, list):
        raise InvalidPatternError("Value of numeric must be an array.")
    tests = _comparisons(argument)
    return lambda value: _is_number(value) and all(test(value) for test in tests)


COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "=": lambda value, bound: value == bound,
    ">": lambda value, bound: value > bound,
    ">=": lambda value, bound: value >= bound,
    "<": lambda value, bound: value < bound,
    "<=": lambda value, bound: value <= bound,
}


def _comparisons(argument: list[Any]) -> list[Callable[[float], bool]]:
    """One comparison, or a lower bound and then an upper one."""
    if not argument:
        raise InvalidPatternError("Invalid member in numeric match: ]")
    tests: list[Callable[[float], bool]] = []
    for at in range(0, len(argument), 2):
        operator, bound = argument[at], argument[at + 1 : at + 2]
        allowed = COMPARISONS if at == 0 else {"<", "<="}
        if not isinstance(operator, str):
            raise InvalidPatternError(f"Invalid member in numeric match: {operator}")
        if operator not in allowed:
            told = "Bad numeric range operator" if at else "Unrecognized numeric range operator"
            raise InvalidPatternError(f"{told}: {operator}")
        if not bound or not _is_number(bound[0]):
            raise InvalidPatternError(f"Value of {operator} must be numeric")
        if at > 0 and (argument[0] not in {">", ">="} or at > 2):
            raise InvalidPatternError("Too many terms in numeric range expression")
        tests.append(partial(_compares, operator, bound[0]))
    return tests


def _compares(operator: str, bound: float, value: float) -> bool:
    return COMPARISONS[operator](value, bound)


def _cidr(argument: Any) -> Predicate:
    # AWS's own words: its parser takes a list here for a prefix.
    text = _text("prefix", argument)
    address, slash, mask = text.partition("/")
    if not slash or "/" in mask:
        raise InvalidPatternError("Malformed CIDR, one '/' required")
    if not mask.isdigit():
        raise InvalidPatternError("Malformed CIDR, mask bits must be an integer")
    try:
        network = ipaddress.ip_network(f"{ipaddress.ip_address(address)}/{mask}", strict=False)
    except ValueError as error:
        raise InvalidPatternError(f"Nonstandard IP address: {address}") from error

    def test(value: str) -> bool:
        try:
            return ipaddress.ip_address(value) in network
        except ValueError:
            return False

    return _of_texts(test)


def _anything_but(argument: Any) -> Predicate:
    """Whatever is there and is none of these."""
    excluded = _excluded(argument)
    return lambda value: not any(test(value) for test in excluded)


NOT_A_LIST_OF_VALUES = "Value of anything-but must be an array or single string/number value."


def _excluded(argument: Any) -> list[Predicate]:
    if isinstance(argument, dict):
        if len(argument) != 1:
            raise InvalidPatternError("Only one key allowed in match expression")
        ((operator, inner),) = argument.items()
        return _excluded_by(operator, inner if isinstance(inner, list) else [inner])
    values = argument if isinstance(argument, list) else [argument]
    if not values:
        raise InvalidPatternError("Empty arrays are not allowed")
    if not all(isinstance(value, str) or _is_number(value) for value in values):
        if not isinstance(argument, list):
            raise InvalidPatternError(NOT_A_LIST_OF_VALUES)
        raise InvalidPatternError("Inside anything but list, start|null|boolean is not supported.")
    if len({isinstance(value, str) for value in values}) > 1:
        raise InvalidPatternError(
            "Inside anything but list, either all values are number or string, "
            "mixed type is not supported"
        )
    return [_equal(value) for value in values]


def _excluded_by(operator: str, values: list[Any]) -> list[Predicate]:
    if operator not in {"prefix", "suffix", "equals-ignore-case", "wildcard"}:
        raise InvalidPatternError(f"Unsupported anything-but pattern: {operator}")
    for value in values:
        if operator in TESTS:
            _check_excluded_affix(value)
        elif operator == "equals-ignore-case" and not isinstance(value, str):
            raise InvalidPatternError(
                "Inside anything-but/equals-ignore-case list, "
                "number|start|null|boolean is not supported."
            )
    return [OPERATORS[operator](value) for value in values]


def _check_excluded_affix(value: Any) -> None:
    if isinstance(value, dict):
        raise InvalidPatternError(NOT_A_LIST_OF_VALUES)
    if value == "":
        raise InvalidPatternError("Null prefix/suffix not allowed")
    _text("prefix/suffix", value)


OPERATORS: dict[str, Callable[[Any], Predicate]] = {
    "prefix": lambda argument: _affix("prefix", argument),
    "suffix": lambda argument: _affix("suffix", argument),
    "equals-ignore-case": _ignore_case,
    "wildcard": _wildcard,
    "numeric": _numeric,
    "cidr": _cidr,
    "anything-but": _anything_but,
}
