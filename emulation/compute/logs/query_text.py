"""The text of an Insights query, read from left to right.

What can be read depends on where one is - `/` divides or begins a regular expression - so there are
no words cut beforehand: whoever reads asks for what may come.
"""

import re
from dataclasses import dataclass

SPACE = re.compile(r"(?:\s+|#[^\n]*)*")
FIELD = re.compile(r"`(?P<quoted>[^`]+)`|(?P<plain>@?[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z0-9_@]+)*)")
WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
NUMBER = re.compile(r"\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
DURATION = re.compile(r"(\d+)\s*(ms|s|m|h|d|w|mo|q|y)\b")
STRING = re.compile(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'')
REGEX = re.compile(r"/((?:[^/\\]|\\.)+)/(i?)")


class MalformedQueryError(ValueError):
    """The query cannot be read; where, in characters from its beginning."""

    def __init__(self, message: str, start: int, end: int) -> None:
        super().__init__(message)
        self.start = start
        self.end = end


@dataclass
class Text:
    """A query and how far it has been read."""

    query: str
    at: int = 0

    def skip(self) -> None:
        """Go over blanks and comments."""
        found = SPACE.match(self.query, self.at)
        self.at = found.end() if found else self.at

    def ended(self) -> bool:
        """Whether nothing is left."""
        self.skip()
        return self.at >= len(self.query)

    def accept(self, *symbols: str) -> str | None:
        """Read one of these symbols if it is next."""
        self.skip()
        for symbol in symbols:
            if self.query.startswith(symbol, self.at):
                self.at += len(symbol)
                return symbol
        return None

    def accept_word(self, *words: str) -> str | None:
        """Read one of these words, however it is written, if it is next."""
        self.skip()
        found = WORD.match(self.query, self.at)
        if found is None or found[0].lower() not in words:
            return None
        self.at = found.end()
        return found[0].lower()

    def accept_pattern(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Read what a pattern takes if it is next."""
        self.skip()
        found = pattern.match(self.query, self.at)
        if found is not None:
            self.at = found.end()
        return found

    def expect(self, symbol: str) -> None:
        """Read a symbol.

        Raises:
            MalformedQueryError: something else is next.
        """
        if self.accept(symbol) is None:
            raise self.unexpected()

    def field(self) -> str:
        """Read a field's name.

        Raises:
            MalformedQueryError: something else is next.
        """
        found = self.accept_pattern(FIELD)
        if found is None:
            raise self.unexpected()
        return found["quoted"] or found["plain"]

    def unexpected(self, start: int | None = None) -> MalformedQueryError:
        """What is next does not belong here."""
        self.skip()
        place = self.at if start is None else start
        rest = self.query[place:]
        found = re.match(r"[\w@.]+|\S", rest)
        symbol = found[0] if found else "<EOF>"
        line = self.query.count("\n", 0, place) + 1
        column = place - (self.query.rfind("\n", 0, place) + 1)
        message = f"unexpected symbol found {symbol} at line {line} and position {column}"
        return MalformedQueryError(message, place, place + (len(symbol) if found else 0))

    def malformed(self, message: str, start: int) -> MalformedQueryError:
        """What was read from there makes no sense."""
        return MalformedQueryError(message, start, self.at)

    def source(self, start: int) -> str:
        """The text from there to here, as a column's name."""
        return self.query[start : self.at].strip()


def unquoted(text: str) -> str:
    """The value of a string literal."""
    return re.sub(r"\\(.)", r"\1", text[1:-1])
