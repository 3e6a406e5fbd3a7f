"""The grammar of metric math: an expression's text to a tree.

OR || < AND && < == != < <= > >= < + - < * / < unary - < ^ < calls, lists, parentheses
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from emulation.compute.metrics.tokens import tokens

DEEPEST = 50
"""So many parentheses within each other are more than anybody means."""


class ExpressionError(ValueError):
    """An expression that cannot be computed, with the reason."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number."""

    value: float


@dataclass(frozen=True, slots=True)
class Text:
    """Text in quotes."""

    value: str


@dataclass(frozen=True, slots=True)
class Name:
    """The id of a query, or a word of a function (REPEAT, ASC)."""

    value: str


@dataclass(frozen=True, slots=True)
class Call:
    """A function and its arguments."""

    function: str
    arguments: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Several:
    """`[m1, m2]`."""

    items: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Operation:
    """An operator between two operands."""

    operator: str
    left: "Node"
    right: "Node"


@dataclass(frozen=True, slots=True)
class Negation:
    """A minus sign before something."""

    operand: "Node"


Node = Number | Text | Name | Call | Several | Operation | Negation

TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d*)?(?:[eE][-+]?\d+)?|\.\d+)"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<text>'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")"
    r"|(?P<sign>&&|\|\||==|!=|<=|>=|[-+*/^<>()\[\],]))"
)

LEVELS: tuple[dict[str, str], ...] = (
    {"OR": "||", "||": "||"},
    {"AND": "&&", "&&": "&&"},
    {"==": "==", "!=": "!="},
    {sign: sign for sign in ("<=", ">=", "<", ">")},
    {sign: sign for sign in "+-"},
    {sign: sign for sign in "*/"},
)
"""The operators, loosest first."""


def parse(text: str) -> Node:
    """The tree of an expression.

    Raises:
        ExpressionError: it is none.
    """
    found = tokens(
        text, TOKEN, "end of the expression", lambda sign: ExpressionError(f"Unexpected '{sign}'")
    )
    reader = Reader(found)
    tree = reader.level(0)
    if reader.kind != "end":
        raise ExpressionError(f"Unexpected '{reader.text}'")
    return tree


class Reader:
    """Reads tokens from left to right."""

    def __init__(self, found: list[tuple[str, str]]) -> None:
        self._tokens = found
        self._at = 0
        self._depth = 0

    @property
    def kind(self) -> str:
        """The kind of the next token."""
        return self._tokens[self._at][0]

    @property
    def text(self) -> str:
        """The text of the next token."""
        return self._tokens[self._at][1]

    def take(self) -> str:
        """The next token's text; on to the one after it."""
        text = self.text
        self._at += 1
        return text

    def expect(self, sign: str) -> None:
        """Take this sign."""
        if self.kind != "sign" or self.text != sign:
            raise ExpressionError(f"Expected '{sign}' but found '{self.text}'")
        self._at += 1

    def level(self, number: int) -> Node:
        """Operands between the operators of a level."""
        if number == len(LEVELS):
            return self.signed()
        left = self.level(number + 1)
        while self.kind in {"sign", "name"} and self.text in LEVELS[number]:
            operator = LEVELS[number][self.take()]
            left = Operation(operator, left, self.level(number + 1))
        return left

    def signed(self) -> Node:
        """A power, or its negation."""
        if self.kind == "sign" and self.text == "-":
            self.take()
            return self.deeper(lambda: Negation(self.signed()))
        base = self.atom()
        if self.kind == "sign" and self.text == "^":
            self.take()
            return self.deeper(lambda: Operation("^", base, self.signed()))
        return base

    def deeper(self, read: Callable[[], Node]) -> Node:
        """Read something inside something."""
        self._depth += 1
        if self._depth > DEEPEST:
            raise ExpressionError("The expression is nested too deeply")
        found = read()
        self._depth -= 1
        return found

    def atom(self) -> Node:
        """What operators stand between."""
        kind, text = self.kind, self.text
        self._at += kind != "end"
        if kind == "number":
            return Number(float(text))
        if kind == "text":
            return Text(re.sub(r"\\(['\"\\])", r"\1", text[1:-1]) if text[0] == '"' else text[1:-1])
        if kind == "name":
            return self.named(text)
        if text == "(":
            inside = self.deeper(lambda: self.level(0))
            self.expect(")")
            return inside
        if text == "[":
            return self.deeper(lambda: Several(self.listed("]")))
        raise ExpressionError(f"Unexpected '{text}'")

    def named(self, text: str) -> Node:
        """A name, or the call of a function."""
        if self.kind == "sign" and self.text == "(":
            self.take()
            return self.deeper(lambda: Call(text, self.listed(")")))
        return Name(text)

    def listed(self, end: str) -> tuple[Node, ...]:
        """What commas separate, up to the end."""
        items: list[Node] = []
        while not (self.kind == "sign" and self.text == end):
            items.append(self.level(0))
            if self.kind == "sign" and self.text == ",":
                self.take()
            elif self.text != end:
                raise ExpressionError(f"Expected '{end}' but found '{self.text}'")
        self.take()
        return tuple(items)


def names(tree: Node) -> set[str]:
    """The ids that an expression speaks of."""
    match tree:
        case Name(value):
            return {value}
        case Call(_, items) | Several(items):
            return set().union(*map(names, items))
        case Operation(_, left, right):
            return names(left) | names(right)
        case Negation(operand):
            return names(operand)
    return set()


def functions(tree: Node) -> set[str]:
    """The functions that an expression calls."""
    match tree:
        case Call(function, items):
            return {function}.union(*map(functions, items))
        case Several(items):
            return set().union(*map(functions, items))
        case Operation(_, left, right):
            return functions(left) | functions(right)
        case Negation(operand):
            return functions(operand)
    return set()
