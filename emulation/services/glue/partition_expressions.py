"""The filter language of `GetPartitions`: comparisons of partition keys with AND, OR, NOT, IN,
BETWEEN and LIKE.

Keys are compared as their type says: numbers as numbers, everything else as text. What the grammar
does not know is refused, never ignored.
"""

import operator
import re
from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from emulation.services.glue.errors import InvalidInputError

Values = tuple[str, ...]
Predicate = Callable[[Values], bool]

TOKEN = re.compile(
    r"""\s*(?:(?P<text>'(?:[^']|'')*'|"[^"]*")|(?P<number>-?\d+(?:\.\d+)?)(?![\w-])"""
    r"""|(?P<word>`[^`]+`|[A-Za-z_][\w.]*)|(?P<sign><=|>=|<>|!=|=|<|>|\(|\)|,))"""
)
COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
NUMBERS = ("tinyint", "smallint", "int", "integer", "bigint", "long", "decimal", "float", "double")


def compile_expression(text: str, keys: Sequence[Any]) -> Predicate:
    """The test that an expression is; true for every partition when there is none.

    Raises:
        InvalidInputError: it is no expression, or names a column that is no partition key.
    """
    if not text.strip():
        return lambda values: True
    return Parser(text, keys).parse()


def tokens_of(text: str) -> list[tuple[str, str]]:
    """Kind and text of each token."""
    found, position, text = [], 0, text.rstrip()
    while position < len(text):
        match = TOKEN.match(text, position)
        if match is None:
            raise InvalidInputError(f"Unsupported expression '{text}'")
        found.append((str(match.lastgroup), match[str(match.lastgroup)]))
        position = match.end()
    return found


class Parser:
    """A descent by precedence: OR, AND, NOT, one comparison."""

    def __init__(self, text: str, keys: Sequence[Any]) -> None:
        self._text = text
        self._tokens = tokens_of(text)
        self._columns = {
            key["Name"].lower(): (index, key.get("Type", "string").lower())
            for index, key in enumerate(keys)
        }

    def parse(self) -> Predicate:
        """The whole text."""
        predicate = self._alternatives()
        if self._tokens:
            raise self._refusal()
        return predicate

    def _alternatives(self) -> Predicate:
        parts = [self._conjunction()]
        while self._accept("or"):
            parts.append(self._conjunction())
        return lambda values: any(part(values) for part in parts)

    def _conjunction(self) -> Predicate:
        parts = [self._negation()]
        while self._accept("and"):
            parts.append(self._negation())
        return lambda values: all(part(values) for part in parts)

    def _negation(self) -> Predicate:
        if self._accept("not"):
            inner = self._negation()
            return lambda values: not inner(values)
        if self._accept("("):
            inner = self._alternatives()
            self._expect(")")
            return inner
        return self._comparison()

    def _comparison(self) -> Predicate:
        column = self._column()
        if self._accept("not"):
            positive = self._word_operator(column)
            return lambda values: not positive(values)
        if self._next() in COMPARISONS:
            compare = COMPARISONS[self._take()[1]]
            literal = self._literal(column)
            return lambda values: compare(value_of(column, values), literal)
        return self._word_operator(column)

    def _word_operator(self, column: tuple[int, str]) -> Predicate:
        if self._accept("in"):
            return self._membership(column)
        if self._accept("between"):
            low = self._literal(column)
            self._expect("and")
            high = self._literal(column)
            return lambda values: bool(low <= value_of(column, values) <= high)
        if self._accept("like"):
            pattern = like_pattern(str(self._literal((column[0], "string"))))
            return lambda values: pattern.fullmatch(values[column[0]]) is not None
        raise self._refusal()

    def _membership(self, column: tuple[int, str]) -> Predicate:
        self._expect("(")
        literals = {self._literal(column)}
        while self._accept(","):
            literals.add(self._literal(column))
        self._expect(")")
        return lambda values: value_of(column, values) in literals

    def _column(self) -> tuple[int, str]:
        kind, text = self._take()
        name = text.strip("`").lower()
        if kind != "word" or name not in self._columns:
            raise self._refusal()
        return self._columns[name]

    def _literal(self, column: tuple[int, str]) -> Any:
        kind, text = self._take()
        if kind == "text":
            text = text[1:-1].replace("''", "'")
        elif kind != "number":
            raise self._refusal()
        try:
            return typed(column, text)
        except InvalidOperation:
            raise self._refusal() from None

    def _next(self) -> str:
        return self._tokens[0][1].lower() if self._tokens else ""

    def _accept(self, text: str) -> bool:
        if self._next() != text:
            return False
        self._take()
        return True

    def _expect(self, text: str) -> None:
        if not self._accept(text):
            raise self._refusal()

    def _take(self) -> tuple[str, str]:
        if not self._tokens:
            raise self._refusal()
        return self._tokens.pop(0)

    def _refusal(self) -> InvalidInputError:
        return InvalidInputError(f"Unsupported expression '{self._text}'")


def value_of(column: tuple[int, str], values: Values) -> Any:
    """A partition's value of a column, by its type; one that is no number is compared as one that
    is smallest.
    """
    try:
        return typed(column, values[column[0]])
    except InvalidOperation:
        return Decimal("-Infinity")


def typed(column: tuple[int, str], text: str) -> Any:
    """A text as the column's type."""
    is_number = column[1].partition("(")[0] in NUMBERS
    return Decimal(text) if is_number else text


def like_pattern(text: str) -> re.Pattern[str]:
    """SQL's LIKE: `%` is any text, `_` any character."""
    parts = {"%": ".*", "_": "."}
    return re.compile("".join(parts.get(letter, re.escape(letter)) for letter in text), re.DOTALL)
