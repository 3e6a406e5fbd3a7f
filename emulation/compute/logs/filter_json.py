"""JSON filter patterns: `{ $.user.id = "a*" && ($.n > 5 || $.list[0] NOT EXISTS) }`."""

import json
import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from emulation.compute.logs.filter_words import (
    InvalidFilterError,
    Reader,
    Test,
    comparison,
    disjunction,
)

STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+|\*|'[^']*'|\"[^\"]*\")\]")
MISSING = object()

Found = tuple[Callable[[str], Mapping[str, Any] | None], Callable[[str, str], Any]]


def compile_json(text: str) -> Found:
    """The test of a message and the way to a value in it.

    Raises:
        InvalidFilterError: it is no such pattern.
    """
    if not text.endswith("}"):
        raise InvalidFilterError("Expected } at the end of the pattern")
    reader = Reader(text[1:-1])
    selectors: list[str] = []
    test = disjunction(reader, partial(_condition, selectors))
    reader.take("end")

    def fits(message: str) -> Mapping[str, Any] | None:
        document = read(message)
        if not isinstance(document, dict | list) or not test(document):
            return None
        return {selector: first(document, selector) for selector in selectors}

    return fits, lambda message, selector: first(read(message), selector)


def read(message: str) -> Any:
    """A message as JSON, `MISSING` where it is none."""
    try:
        return json.loads(message)
    except ValueError:
        return MISSING


def first(document: Any, selector: str) -> Any:
    """The first value at a selector, None where there is none."""
    if document is MISSING:
        return None
    found = [value for value in at(document, steps(selector)) if value is not MISSING]
    return found[0] if found else None


def steps(selector: str) -> list[str | int]:
    """The steps of `$.a[0].b`.

    Raises:
        InvalidFilterError: it is no selector.
    """
    if not selector.startswith("$"):
        raise InvalidFilterError(f"Invalid property selector {selector}")
    found: list[str | int] = []
    place = 1
    while place < len(selector):
        step = STEP.match(selector, place)
        if step is None:
            raise InvalidFilterError(f"Invalid property selector {selector}")
        name = step[1] or step[2].strip("'\"")
        found.append(int(name) if step[2] and name.isdigit() else name)
        place = step.end()
    return found


def at(value: Any, way: list[str | int]) -> list[Any]:
    """The values at the end of a way; `*` takes each of an array."""
    for number, step in enumerate(way):
        if step == "*" and isinstance(value, list):
            return [found for item in value for found in at(item, way[number + 1 :])]
        if isinstance(step, int):
            value = value[step] if isinstance(value, list) and step < len(value) else MISSING
        else:
            value = value.get(step, MISSING) if isinstance(value, dict) else MISSING
    return [value]


def _condition(selectors: list[str], reader: Reader) -> Test:
    selectors.append(reader.take("word").text)
    way = steps(selectors[-1])
    if reader.accept("word", "IS"):
        wanted = reader.take("word").text.upper()
        if wanted not in CONSTANTS:
            raise InvalidFilterError(f"Unexpected '{wanted}'")
        return lambda document: any(value is CONSTANTS[wanted] for value in at(document, way))
    if reader.accept("word", "NOT"):
        if not reader.accept("word", "EXISTS"):
            raise InvalidFilterError("Expected EXISTS after NOT")
        return lambda document: all(value is MISSING for value in at(document, way))
    if reader.accept("word", "EXISTS"):
        return lambda document: any(value is not MISSING for value in at(document, way))
    sign = reader.take("comparison").text
    test = comparison(sign, reader.take("word", "quoted", "regex"))
    return lambda document: any(
        test(value)
        for value in at(document, way)
        if value is not MISSING and not isinstance(value, dict | list)
    )


CONSTANTS: dict[str, Any] = {"NULL": None, "TRUE": True, "FALSE": False}
