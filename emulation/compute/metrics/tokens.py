"""Texts of small languages cut into tokens: expressions of metrics, rules of composite alarms."""

import re
from collections.abc import Callable


def tokens(
    text: str, token: re.Pattern[str], end: str, unexpected: Callable[[str], Exception]
) -> list[tuple[str, str]]:
    """Kinds and texts, by the groups of the pattern; after them a token of kind `end`.

    Raises:
        what `unexpected` makes of a character that begins no token.
    """
    found, at = [], 0
    text = text.rstrip()
    while at < len(text):
        match = token.match(text, at)
        if not match:
            raise unexpected(text[at:].lstrip()[:1])
        kind = str(match.lastgroup)
        found.append((kind, match[kind]))
        at = match.end()
    return [*found, ("end", end)]
