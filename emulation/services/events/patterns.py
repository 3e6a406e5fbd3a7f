"""Event patterns: which events a rule takes.

As in AWS's event ruler, pattern and event are compared path by path (`detail.state`), so that a dot
in a name is the same as a step down; values in an array match when one does, and what is asked of
the same array is asked of one and the same element of it.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Self

from emulation.services.events.pattern_conditions import (
    InvalidPatternError,
    Predicate,
    condition,
)

Places = dict[str, int]
"""Which element of each array on the way, by the array's path."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A value of an event that is no object and no array."""

    value: Any
    places: Places


@dataclass(frozen=True, slots=True)
class Field:
    """What a pattern asks of one path: one of these, or that it is not there."""

    path: str
    predicates: tuple[Predicate, ...]
    may_exist: bool
    may_lack: bool

    def accepts(self, value: Any) -> bool:
        """Whether a value that is there will do."""
        return self.may_exist or any(predicate(value) for predicate in self.predicates)


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern that can be asked; `$or` has made alternatives of it."""

    alternatives: tuple[tuple[Field, ...], ...]

    @classmethod
    def of(cls, pattern: Mapping[str, Any]) -> Self:
        """Check a pattern and make it ready.

        Raises:
            InvalidPatternError: it is refused.
        """
        if not isinstance(pattern, dict):
            raise InvalidPatternError("Filter is not an object")
        return cls(tuple(tuple(fields) for fields in _alternatives(pattern, "")))

    def matches(self, event: Mapping[str, Any]) -> bool:
        """Whether an event is one of those."""
        leaves: dict[str, list[Leaf]] = {}
        for path, leaf in _leaves(event, "", {}):
            leaves.setdefault(path, []).append(leaf)
        return any(_fits(fields, leaves, {}) for fields in self.alternatives)


@lru_cache(maxsize=1024)
def compiled(text: str) -> Pattern:
    """The pattern of a JSON text.

    Raises:
        InvalidPatternError: it is none.
    """
    try:
        return Pattern.of(json.loads(text))
    except json.JSONDecodeError as error:
        place = f'at [Source: (String)"{text}"; line: {error.lineno}, column: {error.colno}]'
        raise InvalidPatternError(f"{error.msg}\n {place}") from error


def _alternatives(pattern: Mapping[str, Any], path: str) -> list[list[Field]]:
    """The fields that must all fit, in each of the ways that `$or` leaves open."""
    if not pattern:
        raise InvalidPatternError("Empty objects are not allowed")
    found: list[list[Field]] = [[]]
    for name, inner in pattern.items():
        below = f"{path}.{name}" if path else name
        if name == "$or" and _is_choice(inner):
            ways = [way for choice in inner for way in _alternatives(choice, path)]
        elif isinstance(inner, dict):
            ways = _alternatives(inner, below)
        elif isinstance(inner, list):
            ways = [[_field(below, inner)]]
        else:
            raise InvalidPatternError(f'"{name}" must be an object or an array')
        found = [[*fields, *way] for fields in found for way in ways]
    return found


def _is_choice(inner: Any) -> bool:
    """Whether `$or` is the operator: a list of two objects at least, which are no conditions."""
    return (
        isinstance(inner, list)
        and len(inner) > 1
        and all(isinstance(choice, dict) and choice for choice in inner)
        and not any(isinstance(choice.get("exists"), bool) for choice in inner)
    )


def _field(path: str, matches: list[Any]) -> Field:
    if not matches:
        raise InvalidPatternError("Empty arrays are not allowed")
    exists = [match["exists"] for match in matches if _is_exists(match)]
    if any(not isinstance(wanted, bool) for wanted in exists):
        raise InvalidPatternError("exists match pattern must be either true or false.")
    predicates = tuple(condition(match) for match in matches if not _is_exists(match))
    return Field(path, predicates, True in exists, False in exists)


def _is_exists(match: Any) -> bool:
    return isinstance(match, dict) and list(match) == ["exists"]


def _leaves(value: Any, path: str, places: Places) -> Iterator[tuple[str, Leaf]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _leaves(inner, f"{path}.{name}" if path else name, places)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _leaves(inner, path, {**places, path: index})
    else:
        yield path, Leaf(value, places)


def _fits(fields: tuple[Field, ...], leaves: Mapping[str, list[Leaf]], places: Places) -> bool:
    """Whether every field has a leaf, all of them in the same elements of the same arrays."""
    if not fields:
        return True
    field, *others = fields
    found = leaves.get(field.path)
    if found is None:
        return field.may_lack and _fits(tuple(others), leaves, places)
    return any(
        _fits(tuple(others), leaves, {**places, **leaf.places})
        for leaf in found
        if field.accepts(leaf.value)
        and all(places.get(array, index) == index for array, index in leaf.places.items())
    )
