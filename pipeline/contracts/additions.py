"""Fields that nobody declared: what a newer producer adds goes into the lake, the catalog and the
processed table as it is, so it must be what all three can hold.

* A name is printable, and is no partition of the lake. Catalog and SQL know no case, so no two
  names of an event may differ in case only.
* Text is Unicode.
* Numbers are whole ones of 64 bits, or doubles. Objects and lists are at most `DEPTH` deep.
"""

from collections.abc import Mapping, Set
from typing import Any

from pipeline.contracts.fields import (
    NUMBER,
    WRONG_NAME,
    WRONG_TYPE,
    InvalidEvent,
    is_text,
    shown,
)

PARTITIONS = frozenset({"type", "month"})
"""Folders of the lake, and so columns of the catalog's tables."""

LONGEST_NAME = 128
DEPTH = 16
"""Readers of the lake in Java give up at a thousand."""


def check(added: Mapping[str, Any], declared: Set[str]) -> None:
    """Raise `InvalidEvent` unless the lake can hold the fields beside the declared ones."""
    taken = {*declared, *PARTITIONS}
    for name, value in added.items():
        _check_name(name)
        if name.lower() in taken:
            reason = f"{shown(name)} is {name.lower()}, which is taken, to a catalog without case"
            raise InvalidEvent(WRONG_NAME, reason)
        taken.add(name.lower())
        _check_value(name, value, DEPTH)


def _check_name(name: str) -> None:
    if not (name.strip() and len(name) <= LONGEST_NAME and name.isprintable()):
        raise InvalidEvent(WRONG_NAME, f"{shown(name)} cannot be the name of a column")


def _check_value(name: str, value: Any, depth: int) -> None:
    if depth == 0:
        raise InvalidEvent(WRONG_TYPE, f"{name} is more than {DEPTH} objects or lists deep")
    match value:
        case str():
            _check_text(name, value)
        case bool() | None:
            pass
        case int() | float():
            _check_number(name, value)
        case dict():
            for key, item in value.items():
                _check_text(name, key)
                _check_value(name, item, depth - 1)
        case list():
            for item in value:
                _check_value(name, item, depth - 1)


def _check_text(name: str, value: str) -> None:
    if not is_text(value):
        reason = f"{name} holds half a surrogate pair, which is no text: {shown(value)}"
        raise InvalidEvent(WRONG_TYPE, reason)


def _check_number(name: str, value: float) -> None:
    fits = -(2**63) <= value < 2**63 if type(value) is int else NUMBER.accepts(value)
    if not fits:
        raise InvalidEvent(WRONG_TYPE, f"{name} is a number that no column holds")
