"""What the two structured filter patterns share: their words, conditions and how `&&`, `||` and
brackets bind.
"""

import fnmatch
import operator
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

Test = Callable[[Any], bool]


class InvalidFilterError(ValueError):
    """The pattern is none."""


WORD = re.compile(
    r"""\s*(?:
        (?P<both>&&)|(?P<either>\|\|)|(?P<comparison>>=|<=|!=|=|>|<)
        |(?P<open>\()|(?P<close>\))|(?P<comma>,)|(?P<ellipsis>\.\.\.)
        |"(?P<quoted>(?:[^"\\]|\\.)*)"|%(?P<regex>(?:[^%\\]|\\.)*)%
        |(?P<word>(?:\[[^\]]*\]|[^\s&|=<>!(),"%\[\]])+)
    )""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a pattern and its kind, a group's name in `WORD`."""

    kind: str
    text: str


def words(text: str) -> list[Word]:
    """Cut a pattern into words.

    Raises:
        InvalidFilterError: something in it is none.
    """
    return list(_words(text))


def _words(text: str) -> Iterator[Word]:
    at, text = 0, text.rstrip()
    while at < len(text):
        found = WORD.match(text, at)
        if found is None:
            raise InvalidFilterError(f"Invalid character(s) in pattern at position {at}")
        kind = str(found.lastgroup)
        yield Word(kind, found[kind])
        at = found.end()


COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}


def comparison(sign: str, value: Word) -> Test:
    """What a value must be: texts with `*`, numbers, or a regular expression.

    Raises:
        InvalidFilterError: the two do not go together.
    """
    if value.kind == "regex":
        return _by_regex(sign, value.text)
    number = _number(value.text) if value.kind == "word" else None
    if sign in COMPARISONS:
        if number is None:
            raise InvalidFilterError(f"{sign} needs a number, not {value.text}")
        return lambda given: _compares(sign, given, number)
    equal = _equality(value, number)
    return equal if sign == "=" else lambda given: given is not None and not equal(given)


def _by_regex(sign: str, text: str) -> Test:
    expression = regular_expression(text)
    if sign not in {"=", "!="}:
        raise InvalidFilterError(f"{sign} cannot be used with a regular expression")
    return lambda given: (
        given is not None and ((expression.search(as_text(given)) is not None) == (sign == "="))
    )


def _compares(sign: str, given: Any, number: float) -> bool:
    found = _number(given)
    return found is not None and COMPARISONS[sign](found, number)


def _equality(value: Word, number: float | None) -> Test:
    if number is not None:
        return lambda given: _number(given) == number
    text = re.sub(r"\\(.)", r"\1", value.text)
    if "*" in text:
        pattern = re.compile(fnmatch.translate(text.replace("[", "[[]").replace("?", "[?]")))
        return lambda given: given is not None and pattern.match(as_text(given)) is not None
    return lambda given: given is not None and as_text(given) == text


def as_text(given: Any) -> str:
    """A JSON value as a pattern writes it."""
    return str(given).lower() if isinstance(given, bool) else str(given)


def _number(given: Any) -> float | None:
    if isinstance(given, bool) or given is None:
        return None
    try:
        return float(given)
    except (TypeError, ValueError):
        return None


def regular_expression(text: str) -> re.Pattern[str]:
    """The expression between two `%`.

    Raises:
        InvalidFilterError: it is none.
    """
    try:
        return re.compile(text)
    except re.error as error:
        raise InvalidFilterError(f"Invalid regular expression {text}: {error}") from error


class Reader:
    """Reads words one after the other."""

    def __init__(self, text: str) -> None:
        self._words = words(text)
        self._at = 0

    def peek(self) -> Word:
        """The next word; one of kind `end` after the last."""
        return self._words[self._at] if self._at < len(self._words) else Word("end", "")

    def take(self, *kinds: str) -> Word:
        """The next word, which must be one of these.

        Raises:
            InvalidFilterError: it is not.
        """
        word = self.peek()
        if kinds and word.kind not in kinds:
            raise InvalidFilterError(f"Unexpected '{word.text or 'end of pattern'}'")
        self._at += 1
        return word

    def accept(self, kind: str, text: str | None = None) -> bool:
        """Take the next word if it is this."""
        word = self.peek()
        if word.kind == kind and (text is None or word.text.upper() == text):
            self._at += 1
            return True
        return False


def disjunction(reader: Reader, single: Callable[[Reader], Test]) -> Test:
    """Conditions bound by `||`, each of which is bound by `&&`."""
    tests = [_conjunction(reader, single)]
    while reader.accept("either"):
        tests.append(_conjunction(reader, single))
    return lambda given: any(test(given) for test in tests)


def _conjunction(reader: Reader, single: Callable[[Reader], Test]) -> Test:
    tests = [_primary(reader, single)]
    while reader.accept("both"):
        tests.append(_primary(reader, single))
    return lambda given: all(test(given) for test in tests)


def _primary(reader: Reader, single: Callable[[Reader], Test]) -> Test:
    if reader.accept("open"):
        inner = disjunction(reader, single)
        reader.take("close")
        return inner
    return single(reader)
