"""The words of a Dockerfile's instruction: how they are split, and how variables get in.

As the Dockerfile reference has it ("Environment replacement"): `$name`, `${name}`, `${name:-word}`,
`${name:+word}`, `${name:?word}` and the same without the colon; nothing in single quotes; the
escape character takes a dollar's meaning away.
"""

import json
import re
from collections.abc import Mapping

from emulation.compute.process_images.image import ImageError

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class WordError(ImageError):
    """A word that cannot be read."""


def json_words(text: str) -> list[str] | None:
    """The words of the form `["a", "b"]`; None when the text is not of it."""
    if not text.lstrip().startswith("["):
        return None
    try:
        found = json.loads(text)
    except ValueError:
        return None
    strings = isinstance(found, list) and all(isinstance(item, str) for item in found)
    return found if strings else None


def split(text: str, escape: str = "\\") -> list[str]:
    """Words between white space, with their quotes: white space in quotes belongs to the word."""
    found: list[str] = []
    word, quote, escaped = "", "", False
    for char in text:
        if not quote and not escaped and char.isspace():
            found += [word] if word else []
            word = ""
            continue
        word += char
        quote = _quote(quote, char, escaped=escaped)
        escaped = not escaped and char == escape and quote != "'"
    return [*found, word] if word else found


def _quote(quote: str, char: str, *, escaped: bool) -> str:
    if escaped or char not in "'\"":
        return quote
    if not quote:
        return char
    return "" if quote == char else quote


def pairs(text: str, variables: Mapping[str, str], escape: str = "\\") -> dict[str, str]:
    """`a=b c="d e"`, or the old form `a b c`, in which the rest is the value.

    Raises:
        WordError: it is neither.
    """
    words = split(text, escape)
    if not words:
        raise WordError("requires at least one argument")
    if "=" not in words[0]:
        name, _, value = text.strip().partition(" ")
        if not value.strip():
            raise WordError("must have two arguments")
        return {expand(name, variables, escape): expand(value.strip(), variables, escape)}
    found = {}
    for word in words:
        name, sign, value = word.partition("=")
        if not sign:
            raise WordError(
                f'Syntax error - can\'t find = in "{word}". Must be of the form: name=value'
            )
        found[expand(name, variables, escape)] = expand(value, variables, escape)
    return found


def expand(
    text: str, variables: Mapping[str, str], escape: str = "\\", *, quotes: bool = True
) -> str:
    """A word with its variables replaced and its quotes gone, unless they mean nothing.

    Raises:
        WordError: a substitution that is not known, or a variable that must be set and is not.
    """
    return _Reader(text, variables, escape, quotes=quotes).read()


class _Reader:
    def __init__(
        self, text: str, variables: Mapping[str, str], escape: str, *, quotes: bool
    ) -> None:
        self._quotes = "'\"" if quotes else ""
        self._text = text
        self._variables = variables
        self._escape = escape
        self._at = 0

    def read(self, end: str = "") -> str:
        """Up to the end of the text, or to an unquoted character that ends it."""
        found, quote = "", ""
        while self._at < len(self._text):
            char = self._text[self._at]
            self._at += 1
            if char == end and not quote:
                return found
            if char == "$" and quote != "'":
                found += self._variable()
            elif char == self._escape and quote != "'":
                found += self._escaped(quote)
            elif char in self._quotes and quote in {"", char}:
                quote = "" if quote else char
            else:
                found += char
        if end:
            raise WordError(f"failed to process \"{self._text}\": missing '}}' in substitution")
        return found

    def _escaped(self, quote: str) -> str:
        char = self._text[self._at : self._at + 1]
        self._at += 1
        kept = (quote or not self._quotes) and char not in f'"${self._escape}'
        return f"{self._escape}{char}" if kept else char

    def _variable(self) -> str:
        if self._text[self._at : self._at + 1] == "{":
            self._at += 1
            return self._braced()
        found = NAME.match(self._text, self._at)
        if found is None:
            return "$"
        self._at = found.end()
        return self._variables.get(found[0], "")

    def _braced(self) -> str:
        found = NAME.match(self._text, self._at)
        if found is None:
            raise WordError(f'failed to process "{self._text}": bad substitution')
        self._at = found.end()
        modifier = re.compile(r":?[-+?]|").match(self._text, self._at)
        assert modifier is not None
        self._at = modifier.end()
        if not modifier[0] and self._text[self._at : self._at + 1] != "}":
            raise WordError(
                f"unsupported modifier ({self._text[self._at : self._at + 1]}) in substitution"
            )
        return self._substitute(found[0], modifier[0], self.read(end="}"))

    def _substitute(self, name: str, modifier: str, word: str) -> str:
        value = self._variables.get(name)
        is_set = bool(value) if modifier.startswith(":") else value is not None
        match modifier[-1:]:
            case "-":
                return value or "" if is_set else word
            case "+":
                return word if is_set else ""
            case "?" if not is_set:
                raise WordError(f"{name}: {word or 'not allowed to be unset'}")
        return value or ""
