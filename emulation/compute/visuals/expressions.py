"""Calculated fields as they are written: QuickSight's expression language, read into a tree.

Fields stand in braces or bare, parameters as `${Name}`, texts in single or double quotes; words
such as AND and names of functions are read whatever their case.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from emulation.compute.visuals.errors import SyntaxMistake

TOKEN = re.compile(
    r"""(?P<skip>\s+|/\*.*?\*/|//[^\n]*)
    |(?P<number>\d+(?:\.\d+)?|\.\d+)
    |(?P<text>'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*")
    |(?P<parameter>\$\{[^}]+\})
    |(?P<field>\{[^}]+\})
    |(?P<word>[A-Za-z_][\w.]*)
    |(?P<sign><>|!=|<=|>=|[=<>+\-*/%^(),\[\]])""",
    re.VERBOSE | re.DOTALL,
)
DEEPEST = 60
COMPARISONS = {"=", "<>", "!=", "<", ">", "<=", ">="}


@dataclass(frozen=True, slots=True)
class Literal:
    """A number, a text, a truth or nothing."""

    value: str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Field:
    """A column or another calculated field."""

    name: str


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter's value."""

    name: str


@dataclass(frozen=True, slots=True)
class Unary:
    """`-x` or `NOT x`."""

    sign: str
    operand: "Node"


@dataclass(frozen=True, slots=True)
class Binary:
    """Two sides and what is between them."""

    sign: str
    left: "Node"
    right: "Node"


@dataclass(frozen=True, slots=True)
class Call:
    """A function's name as it was written, and its arguments."""

    name: str
    arguments: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Several:
    """A list in brackets."""

    items: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Ordered:
    """An item of a list that says how to sort."""

    operand: "Node"
    descending: bool


Node = Literal | Field | Parameter | Unary | Binary | Call | Several | Ordered
Token = tuple[str, str]


def tokens(text: str) -> Iterator[Token]:
    """The kinds and texts of an expression's words.

    Raises:
        SyntaxMistake: a character that begins nothing.
    """
    place = 0
    while place < len(text):
        found = TOKEN.match(text, place)
        if found is None:
            raise SyntaxMistake(f"Unexpected {text[place]!r} at character {place + 1}.")
        place = found.end()
        kind = str(found.lastgroup)
        if kind != "skip":
            yield kind, found.group()


def read(text: str) -> Node:
    """The tree of an expression.

    Raises:
        SyntaxMistake: it cannot be read.
    """
    reader = _Reader([*tokens(text)])
    tree = reader.either()
    if reader.kind != "end":
        raise SyntaxMistake(f"Unexpected {reader.text!r}.")
    return tree


class _Reader:
    """Recursive descent; `either` binds loosest."""

    def __init__(self, words: list[Token]) -> None:
        self._words = [*words, ("end", "the end")]
        self._at = 0
        self._depth = 0

    @property
    def kind(self) -> str:
        return self._words[self._at][0]

    @property
    def text(self) -> str:
        return self._words[self._at][1]

    def _take(self, *wanted: str) -> str | None:
        """The next word if it is one of those, in capitals."""
        word = self.text.upper()
        if self.kind in {"sign", "word"} and word in wanted:
            self._at += 1
            return word
        return None

    def _expect(self, sign: str) -> None:
        if self._take(sign) is None:
            raise SyntaxMistake(f"{sign!r} expected, {self.text!r} found.")

    def either(self) -> Node:
        """`a OR b`."""
        self._depth += 1
        if self._depth > DEEPEST:
            raise SyntaxMistake("The expression is nested too deeply.")
        left = self._both()
        while self._take("OR"):
            left = Binary("OR", left, self._both())
        self._depth -= 1
        return left

    def _both(self) -> Node:
        left = self._not()
        while self._take("AND"):
            left = Binary("AND", left, self._not())
        return left

    def _not(self) -> Node:
        negations = 0
        while self._take("NOT"):
            negations += 1
        found = self._compared()
        return Unary("NOT", found) if negations % 2 else found

    def _compared(self) -> Node:
        left = self._sum()
        while sign := self._take(*COMPARISONS):
            left = Binary("<>" if sign == "!=" else sign, left, self._sum())
        return left

    def _sum(self) -> Node:
        left = self._product()
        while sign := self._take("+", "-"):
            left = Binary(sign, left, self._product())
        return left

    def _product(self) -> Node:
        left = self._power()
        while sign := self._take("*", "/", "%"):
            left = Binary(sign, left, self._power())
        return left

    def _power(self) -> Node:
        if self._take("-"):
            return Unary("-", self._power())
        base = self._single()
        return Binary("^", base, self._power()) if self._take("^") else base

    def _single(self) -> Node:
        if self._take("("):
            inner = self.either()
            self._expect(")")
            return inner
        if self._take("["):
            return Several(self._items("]"))
        kind, text = self._words[self._at]
        self._at += 1
        match kind:
            case "number":
                return Literal(float(text) if "." in text else int(text))
            case "text":
                return Literal(unquoted(text))
            case "parameter":
                return Parameter(text[2:-1])
            case "field":
                return Field(text[1:-1])
            case "word":
                return self._named(text)
        raise SyntaxMistake(f"Unexpected {text!r}.")

    def _named(self, word: str) -> Node:
        if self._take("("):
            return Call(word, self._items(")"))
        if word.upper() in {"NULL", "TRUE", "FALSE"}:
            return Literal({"NULL": None, "TRUE": True, "FALSE": False}[word.upper()])
        return Field(word)

    def _items(self, end: str) -> tuple[Node, ...]:
        items: list[Node] = []
        if self._take(end):
            return ()
        while True:
            item = self.either()
            order = self._take("ASC", "DESC")
            items.append(Ordered(item, order == "DESC") if order else item)
            if self._take(end):
                return tuple(items)
            self._expect(",")


def unquoted(text: str) -> str:
    """What a text in quotes says."""
    quote = text[0]
    inner = text[1:-1].replace(quote * 2, quote)
    return re.sub(r"\\(.)", r"\1", inner)
