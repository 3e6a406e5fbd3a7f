"""The types of columns, and the least type that two types fit into; words as Hive and Glue write
them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from typing import Any

UNKNOWN = "null"
"""Nothing but nulls so far: fits into everything, and is text if nothing else comes."""

INT_RANGE = range(-(2**31), 2**31)
NUMBERS = ("tinyint", "smallint", "int", "bigint", "float", "double")
"""Each holds the ones before it."""


@dataclass(frozen=True, slots=True)
class Struct:
    """Named members, in order."""

    fields: tuple[tuple[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Array:
    """Elements of one type."""

    element: Any


@dataclass(frozen=True, slots=True)
class Map:
    """Values of one type by keys of another."""

    key: Any
    value: Any


def unite(one: Any, other: Any) -> Any:
    """The least type that holds both; text, when nothing else does."""
    if one == other or other == UNKNOWN:
        return one
    if one == UNKNOWN:
        return other
    if isinstance(one, Struct) and isinstance(other, Struct):
        return Struct(unite_fields(one.fields, other.fields))
    if isinstance(one, Array) and isinstance(other, Array):
        return Array(unite(one.element, other.element))
    if one in NUMBERS and other in NUMBERS:
        return NUMBERS[max(NUMBERS.index(one), NUMBERS.index(other))]
    return "string"


def unite_fields(
    one: Iterable[tuple[str, Any]], other: Iterable[tuple[str, Any]]
) -> tuple[tuple[str, Any], ...]:
    """All members of both, in the order of their first appearance."""
    fields = dict(one)
    for name, kind in other:
        fields[name] = unite(fields[name], kind) if name in fields else kind
    return tuple(fields.items())


def of_json(value: Any) -> Any:
    """The type of a value as `json` reads it."""
    match value:
        case None:
            return UNKNOWN
        case bool():
            return "boolean"
        case int():
            return "int" if value in INT_RANGE else "bigint"
        case float():
            return "double"
        case list():
            return Array(reduce(unite, map(of_json, value), UNKNOWN))
        case dict():
            return Struct(tuple((name, of_json(member)) for name, member in value.items()))
    return "string"


def text(kind: Any) -> str:
    """The type in words."""
    match kind:
        case Struct(fields):
            return f"struct<{','.join(f'{name}:{text(member)}' for name, member in fields)}>"
        case Array(element):
            return f"array<{text(element)}>"
        case Map(key, value):
            return f"map<{text(key)},{text(value)}>"
    return "string" if kind == UNKNOWN else str(kind)
