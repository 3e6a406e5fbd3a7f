"""Filter patterns of CloudWatch Logs: terms, `{ JSON conditions }` and `[space, delimited]` fields.

An empty pattern takes everything. Terms are texts that a message contains, all of them unless one
begins with `?`; `-` is what it must not contain and `%...%` a regular expression.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from emulation.compute.logs.filter_fields import compile_fields
from emulation.compute.logs.filter_json import compile_json
from emulation.compute.logs.filter_words import InvalidFilterError, regular_expression

Fields = Mapping[str, Any]
"""What a pattern found in a message: `$.latency` and `$bytes` by these names."""

TERM = re.compile(
    r'\s*(?P<sign>[?-]?)(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|%(?P<regex>[^%]*)%|(?P<word>\S+))'
)


@dataclass(frozen=True, slots=True)
class Filter:
    """A pattern that is ready: what a message gives it, None when it does not fit."""

    find: Callable[[str], Fields | None]
    value: Callable[[str, str], Any] = field(default=lambda _message, _selector: None)
    """What a selector (`$.latency`, `$bytes`) finds in a message that fits."""


def compiled(pattern: str) -> Filter:
    """Make a pattern ready.

    Raises:
        InvalidFilterError: it is none.
    """
    text = pattern.strip()
    if text.startswith("{"):
        return Filter(*compile_json(text))
    if text.startswith("["):
        return Filter(*compile_fields(text))
    return _terms(text)


def _terms(text: str) -> Filter:
    required: list[Callable[[str], bool]] = []
    any_of: list[Callable[[str], bool]] = []
    excluded: list[Callable[[str], bool]] = []
    at = 0
    while at < len(text):
        found = TERM.match(text, at)
        if found is None:
            break
        {"": required, "?": any_of, "-": excluded}[found["sign"]].append(_contains(found))
        at = found.end()

    def fits(message: str) -> Fields | None:
        if any(term(message) for term in excluded):
            return None
        # Beside terms that must be there, those that may be there say nothing.
        if required:
            return {} if all(term(message) for term in required) else None
        return {} if not any_of or any(term(message) for term in any_of) else None

    return Filter(fits)


def _contains(found: re.Match[str]) -> Callable[[str], bool]:
    if found["regex"] is not None:
        expression = regular_expression(found["regex"])
        return lambda message: expression.search(message) is not None
    if found["quoted"] is not None:
        text = re.sub(r"\\(.)", r"\1", found["quoted"])
    else:
        text = found["word"]
        if re.search(r'["%()\[\]{}]', text) and not re.search(r"\w", text):
            raise InvalidFilterError("Invalid character(s) in term '" + text + "'")
    return lambda message: text in message
