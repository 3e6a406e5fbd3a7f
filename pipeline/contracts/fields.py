"""What a field of an event may hold, and why an event is refused: a word for machines, which the
metric counts by, and a sentence for people.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

NOT_JSON, NO_OBJECT, TOO_LARGE = "not_json", "no_object", "too_large"
MISSING_FIELD, WRONG_TYPE, UNKNOWN_VERSION = "missing_field", "wrong_type", "unknown_version"
UNKNOWN_TYPE, FOREIGN_FIELD, WRONG_NAME = "unknown_type", "foreign_field", "wrong_name"
WRONG_IDENTITY = "wrong_identity"

MALFORMED = (NOT_JSON, NO_OBJECT, TOO_LARGE)
"""It is no event at all: a broken or a foreign sender."""

BREAKING = (
    MISSING_FIELD,
    WRONG_TYPE,
    UNKNOWN_VERSION,
    UNKNOWN_TYPE,
    FOREIGN_FIELD,
    WRONG_NAME,
    WRONG_IDENTITY,
)
"""It is an object that says something else than the contract: a producer has changed."""

KINDS = (*MALFORMED, *BREAKING)


class InvalidEvent(ValueError):
    """An event that the contract refuses; its text is the reason, for people."""

    def __init__(self, kind: str, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind


@dataclass(frozen=True)
class Kind:
    """What a value may be: a check and the words for a value that fails it."""

    words: str
    accepts: Callable[[Any], bool]


def is_text(value: str) -> bool:
    """Whether it is Unicode: JSON can also spell half a surrogate pair, which no UTF-8 can."""
    return value.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in value)


# Python reads more ways to write a day than others do, such as 2013-W01-1.
_A_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_AN_INSTANT = re.compile(_A_DATE.pattern + r"T([01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}Z")


def _is_instant(value: Any) -> bool:
    return type(value) is str and _AN_INSTANT.fullmatch(value) is not None and _parses(value)


def _is_date(value: Any) -> bool:
    return type(value) is str and _A_DATE.fullmatch(value) is not None and _parses(value)


def _parses(value: str) -> bool:
    try:
        return datetime.fromisoformat(value) is not None
    except ValueError:
        return False


def _is_whole(value: Any) -> bool:
    return type(value) is int and -(2**31) <= value < 2**31


def _is_number(value: Any) -> bool:
    # False for NaN and for what no double holds.
    return type(value) in {int, float} and abs(value) <= 1e308


# A value that a column of 32 bits or of a double cannot hold would be null in every table.
TEXT = Kind(
    "a text that is not empty",
    lambda value: type(value) is str and value != "" and is_text(value),
)
WHOLE = Kind("a whole number", _is_whole)
NUMBER = Kind("a number", _is_number)
INSTANT = Kind("an instant like 2013-01-01T10:15:00Z", _is_instant)
DATE = Kind("a date like 2013-01-01", _is_date)


@dataclass(frozen=True)
class Field:
    """One field of an event; it is always present, and null only where it says so."""

    name: str
    kind: Kind
    nullable: bool = False

    def refuse(self, value: Any) -> None:
        """Raise unless the value is what the field holds."""
        if not (self.kind.accepts(value) or (self.nullable and value is None)):
            reason = f"{self.name} must be {self.kind.words}, not {shown(value)}"
            raise InvalidEvent(WRONG_TYPE, reason)


def shown(value: Any) -> str:
    """A value as a reason shows it."""
    text = json.dumps(value, default=str)
    return text if len(text) <= 80 else f"{text[:80]}..."
