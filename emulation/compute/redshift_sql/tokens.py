"""A scanner of Redshift's text: what the hand-written parsers read, and where each piece stands.

sqlglot's tokens are not used here: they lose the position of a quoted string's end and refuse `$1`.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from emulation.compute.redshift_sql.errors import SqlSyntaxError


class Kind(StrEnum):
    """What a token is."""

    WORD = "word"
    NAME = "name"
    STRING = "string"
    NUMBER = "number"
    SYMBOL = "symbol"
    END = "end"


@dataclass(frozen=True, slots=True)
class Token:
    """`text` is the meaning (unquoted, words in lower case), `start` and `end` the place."""

    kind: Kind
    text: str
    start: int
    end: int


PATTERN = re.compile(
    r"""
    (?P<space>\s+|--[^\n]*)
  | (?P<comment>/\*.*?(?:\*/|\Z))
  | (?P<string>'(?:[^'\\]|''|\\.)*(?:'|\Z))
  | (?P<dollar>\$\$.*?(?:\$\$|\Z))
  | (?P<name>"(?:[^"]|"")*(?:"|\Z))
  | (?P<number>\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+)
  | (?P<word>[A-Za-z_\u0080-\uffff\#][\w$\u0080-\uffff\#]*)
  | (?P<symbol>::|<=|>=|<>|!=|\|\||.)
    """,
    re.VERBOSE | re.DOTALL,
)

ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}


def unescaped(body: str) -> str:
    """The value of a string literal's inside: doubled quotes and backslash escapes, as Redshift
    reads them.
    """
    return re.sub(
        r"''|\\(.)",
        lambda found: ESCAPES.get(found[1], found[1]) if found[1] else "'",
        body,
        flags=re.DOTALL,
    )


def scan(sql: str) -> list[Token]:
    """The tokens of a text without its comments; the last one is END."""
    tokens: list[Token] = []
    for found in PATTERN.finditer(sql):
        kind, text = found.lastgroup or "", found[0]
        if kind in {"space", "comment"}:
            continue
        tokens.append(_token(kind, text, found.start(), found.end(), sql))
    return [*tokens, Token(Kind.END, "", len(sql), len(sql))]


def _token(kind: str, text: str, start: int, end: int, sql: str) -> Token:
    if kind == "string":
        _check_closed(text, "'", start)
        return Token(Kind.STRING, unescaped(text[1:-1]), start, end)
    if kind == "dollar":
        return Token(Kind.STRING, text[2:-2], start, end)
    if kind == "name":
        _check_closed(text, '"', start)
        return Token(Kind.NAME, text[1:-1].replace('""', '"').lower(), start, end)
    if kind == "word":
        return Token(Kind.WORD, text.lower(), start, end)
    return Token(Kind(kind), text, start, end)


def _check_closed(text: str, quote: str, start: int) -> None:
    if len(text) < 2 or not text.endswith(quote):
        what = "string" if quote == "'" else "identifier"
        raise SqlSyntaxError(f'unterminated quoted {what} at or near "{text}"', start)


def split(sql: str) -> list[str]:
    """The statements of a text, without the semicolons between them."""
    statements, start, last = [], 0, None
    for token in scan(sql):
        if token.kind is Kind.END or (token.kind is Kind.SYMBOL and token.text == ";"):
            if last is not None:
                statements.append(sql[start : token.start].rstrip())
            start, last = token.end, None
        else:
            last = token
    return statements


class Reader:
    """Reads tokens one after the other, for a parser that knows what may come."""

    def __init__(self, sql: str) -> None:
        self.sql = sql
        self.tokens: Sequence[Token] = scan(sql)
        self.at = 0

    @property
    def token(self) -> Token:
        """The next token."""
        return self.tokens[self.at]

    def is_a(self, *kinds: Kind) -> bool:
        """Whether the next token is of one of these kinds."""
        return self.token.kind in kinds

    def take(self) -> Token:
        """The next token, read."""
        token = self.tokens[self.at]
        if token.kind is not Kind.END:
            self.at += 1
        return token

    def accept(self, *texts: str) -> bool:
        """Read these words or symbols when they come next, all of them or none."""
        following = self.tokens[self.at : self.at + len(texts)]
        if tuple(_plain(token) for token in following) != texts:
            return False
        self.at += len(texts)
        return True

    def peek(self, *texts: str) -> bool:
        """Whether these come next."""
        following = self.tokens[self.at : self.at + len(texts)]
        return tuple(_plain(token) for token in following) == texts

    def expect(self, *texts: str) -> None:
        """Read these; a syntax error when something else comes."""
        for text in texts:
            if not self.accept(text):
                raise self.error()

    def identifier(self) -> str:
        """A name, folded to lower case as Redshift does even with quoted ones."""
        if self.token.kind not in {Kind.WORD, Kind.NAME}:
            raise self.error()
        return self.take().text

    def qualified(self) -> tuple[str, ...]:
        """A name with its schema and database, when they are given."""
        parts = [self.identifier()]
        while self.accept("."):
            parts.append(self.identifier())
        return tuple(parts)

    def several[One](self, read: Callable[[], One]) -> list[One]:
        """One or more of what `read` reads, with commas between them."""
        found = [read()]
        while self.accept(","):
            found.append(read())
        return found

    def names(self) -> tuple[str, ...]:
        """`(a, b)`."""
        self.expect("(")
        names = self.several(self.identifier)
        self.expect(")")
        return tuple(names)

    def string(self) -> str:
        """A string literal."""
        if self.token.kind is not Kind.STRING:
            raise self.error()
        return self.take().text

    def number(self) -> int:
        """A whole number; Redshift also takes it as a string."""
        if self.token.kind is Kind.NUMBER or (
            self.token.kind is Kind.STRING and self.token.text.isdigit()
        ):
            return int(self.take().text)
        raise self.error()

    def balanced(self) -> str:
        """The text inside the parentheses that open next."""
        self.expect("(")
        start, depth = self.token.start, 1
        while depth:
            token = self.take()
            if token.kind is Kind.END:
                raise self.error()
            depth += {"(": 1, ")": -1}.get(_plain(token), 0)
        return self.sql[start : token.start]

    def rest(self) -> str:
        """The text from here to the end."""
        return self.sql[self.token.start :]

    def end(self) -> None:
        """A syntax error when anything is left."""
        self.accept(";")
        if self.token.kind is not Kind.END:
            raise self.error()

    def error(self) -> SqlSyntaxError:
        """PostgreSQL's words for an unexpected token."""
        if self.token.kind is Kind.END:
            return SqlSyntaxError("syntax error at end of input", self.token.start)
        text = self.sql[self.token.start : self.token.end]
        return SqlSyntaxError(f'syntax error at or near "{text}"', self.token.start)


def _plain(token: Token) -> str:
    return token.text if token.kind in {Kind.WORD, Kind.SYMBOL, Kind.NUMBER} else ""
