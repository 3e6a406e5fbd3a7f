"""Space-delimited filter patterns: `[ip, user, ..., status = 4* && status != 404, bytes > 1000]`.

A message is cut at its spaces; what stands in quotes or square brackets is one field.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from emulation.compute.logs.filter_words import (
    InvalidFilterError,
    Reader,
    Test,
    comparison,
    disjunction,
)

FIELD = re.compile(r'"((?:[^"\\]|\\.)*)"|\[([^\]]*)\]|(\S+)')
ELLIPSIS = "..."

Values = dict[str, str]
Found = tuple[Callable[[str], Mapping[str, Any] | None], Callable[[str, str], Any]]


@dataclass(frozen=True, slots=True)
class Named:
    """A field of the pattern: its name and what it must be."""

    name: str
    test: Test | None


def compile_fields(text: str) -> Found:
    """The test of a message and the way to a field of it.

    Raises:
        InvalidFilterError: it is no such pattern.
    """
    if not text.endswith("]"):
        raise InvalidFilterError("Expected ] at the end of the pattern")
    fields = _fields(text[1:-1])

    def find(message: str) -> Mapping[str, Any] | None:
        values = _values(fields, cut(message))
        if values is None:
            return None
        fits = all(field.test(values) for field in fields if field.test)
        return {f"${name}": value for name, value in values.items()} if fits else None

    return find, lambda message, selector: (find(message) or {}).get(selector)


def cut(message: str) -> list[str]:
    """The fields of a message."""
    return [
        next(part for part in found.groups() if part is not None)
        for found in FIELD.finditer(message)
    ]


def _fields(text: str) -> list[Named]:
    reader = Reader(text)
    fields: list[Named] = []
    while reader.peek().kind != "end":
        fields.append(_field(reader, len(fields) + 1))
        if not reader.accept("comma"):
            reader.take("end")
            break
    if sum(field.name == ELLIPSIS for field in fields) > 1:
        raise InvalidFilterError("Only one ellipsis is allowed")
    return fields


def _field(reader: Reader, number: int) -> Named:
    if reader.accept("ellipsis"):
        return Named(ELLIPSIS, None)
    word = reader.peek()
    if word.kind in {"comma", "end"}:
        return Named(str(number), None)
    if word.kind != "open":
        name = reader.take("word").text
        if reader.peek().kind in {"comma", "end"}:
            return Named(name, None)
        # The condition names its field again, or another one.
        first = _compared(reader, name)
        return Named(name, _rest(reader, first))
    names: list[str] = []
    test = disjunction(reader, lambda inner: _single(inner, names))
    return Named(names[0], test)


def _rest(reader: Reader, first: Test) -> Test:
    """What follows the first condition of a field."""
    groups = [[first]]
    while reader.peek().kind in {"both", "either"}:
        if reader.take().kind == "either":
            groups.append([])
        groups[-1].append(
            disjunction_in_brackets(reader) if reader.peek().kind == "open" else _single(reader, [])
        )
    return lambda values: any(all(test(values) for test in group) for group in groups)


def disjunction_in_brackets(reader: Reader) -> Test:
    """A condition in brackets."""
    reader.take("open")
    test = disjunction(reader, lambda inner: _single(inner, []))
    reader.take("close")
    return test


def _single(reader: Reader, names: list[str]) -> Test:
    name = reader.take("word").text
    names.append(name)
    return _compared(reader, name)


def _compared(reader: Reader, name: str) -> Test:
    sign = reader.take("comparison").text
    test = comparison(sign, reader.take("word", "quoted", "regex"))
    return lambda values: test(values.get(name))


def _values(fields: list[Named], parts: list[str]) -> Values | None:
    """The fields of a message by the pattern's names; None when their number does not fit."""
    names = [field.name for field in fields]
    if not names:
        return {}
    if ELLIPSIS not in names:
        return dict(zip(names, parts, strict=True)) if len(names) == len(parts) else None
    at = names.index(ELLIPSIS)
    after = len(names) - at - 1
    if len(parts) < at + after:
        return None
    tail = parts[len(parts) - after :] if after else []
    return dict(zip(names[:at], parts, strict=False)) | dict(
        zip(names[at + 1 :], tail, strict=True)
    )
