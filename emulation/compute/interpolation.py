"""Compose's variables: `$NAME`, `${NAME}`, `${NAME:-default}` and kin, nested defaults, `$$`."""

import re
from collections.abc import Mapping
from typing import Any

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OPERATOR = re.compile(r":?[-?+]")


class InterpolationError(ValueError):
    """A text with a variable that cannot be replaced."""


def interpolate(value: Any, variables: Mapping[str, str]) -> Any:
    """The document with every variable replaced; keys stay as they are, as in compose."""
    if isinstance(value, dict):
        return {key: interpolate(item, variables) for key, item in value.items()}
    if isinstance(value, list):
        return [interpolate(item, variables) for item in value]
    return substitute(value, variables) if isinstance(value, str) else value


def substitute(text: str, variables: Mapping[str, str]) -> str:
    """One text with its variables replaced."""
    done: list[str] = []
    rest = text
    while (at := rest.find("$")) >= 0:
        done.append(rest[:at])
        replaced, rest = _variable(rest[at + 1 :], variables)
        done.append(replaced)
    return "".join([*done, rest])


def _variable(text: str, variables: Mapping[str, str]) -> tuple[str, str]:
    """The value of the variable that starts after the `$`, and what follows it."""
    if text.startswith("$"):
        return "$", text[1:]
    if text.startswith("{"):
        inside, rest = _braced(text)
        return _expression(inside, variables), rest
    if name := _NAME.match(text):
        return variables.get(name[0], ""), text[name.end() :]
    raise InterpolationError(f"a single $ must be written $$: ${text[:40]}")


def _braced(text: str) -> tuple[str, str]:
    depth = 0
    for position, letter in enumerate(text):
        depth += (letter == "{") - (letter == "}")
        if depth == 0:
            return text[1:position], text[position + 1 :]
    raise InterpolationError(f"a brace is not closed: ${text[:40]}")


def _expression(inside: str, variables: Mapping[str, str]) -> str:
    name = _NAME.match(inside)
    if name is None:
        raise InterpolationError(f"${{{inside}}} names no variable")
    value, rest = variables.get(name[0]), inside[name.end() :]
    if not rest:
        return value or ""
    operator = _OPERATOR.match(rest)
    if operator is None:
        raise InterpolationError(f"${{{inside}}} is not understood")
    there = bool(value) if operator[0][0] == ":" else value is not None
    word = substitute(rest[operator.end() :], variables)
    return _choose(operator[0][-1], name[0], value if there else None, word)


def _choose(operator: str, name: str, value: str | None, word: str) -> str:
    if operator == "+":
        return "" if value is None else word
    if value is None and operator == "?":
        raise InterpolationError(f"{name} is not set: {word}")
    return word if value is None else value
