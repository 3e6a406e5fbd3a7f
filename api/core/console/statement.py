"""Which statements the query box may send to the warehouse: one, and one that only reads.

The warehouse's own parser is not here, so this one is strict instead of clever: where Redshift and
a plain reading of the text could disagree about what is a string or a comment, the text is refused.
"""

import re

MOST_CHARACTERS = 10_000

TOKEN = re.compile(
    r"""(?P<space>\s+|--[^\r\n]*)
      | (?P<comment>/\*.*?\*/)
      | (?P<string>'(?:[^']|'')*')
      | (?P<quoted>"(?:[^"]|"")*")
      | (?P<dollar>\$\w*\$)
      | (?P<word>[^\W\d][\w$]*)
      | (?P<number>\d[\w.]*)
      | (?P<open>[\'"]|/\*)
      | (?P<sign>.)""",
    re.VERBOSE | re.DOTALL,
)
READS = {"SELECT", "WITH"}
WRITES = {"INSERT", "UPDATE", "DELETE", "MERGE", "INTO"}
"""What a statement that begins with SELECT or WITH may write by."""
ACTS = re.compile(
    r"pg_(terminate|cancel|reload|rotate|switch|start|stop|create|drop|advisory|try_advisory|read|ls)"
    r"\w*|set_config|setval|nextval|lo_\w+|dblink\w*",
    re.IGNORECASE,
)
"""Functions that do something, or read files."""


class RefusedStatementError(ValueError):
    """The text is not one statement that only reads; the message says what it is instead."""


def checked(text: str) -> str:
    """The statement, without its semicolon.

    Raises:
        RefusedStatementError: it is not one SELECT that only reads.
    """
    if len(text) > MOST_CHARACTERS:
        raise RefusedStatementError(f"A query has at most {MOST_CHARACTERS:,} characters.")
    if "\0" in text:
        raise RefusedStatementError("A query has no null characters.")
    tokens = [_told(found) for found in TOKEN.finditer(text)]
    code = [(kind, token) for kind, token in tokens if kind not in {"space", "comment"}]
    while code and code[-1][1] == ";":
        code.pop()
    _check_beginning(code)
    for kind, token in code:
        _check(kind, token)
    return text.strip().rstrip(";").rstrip() if text.rstrip().endswith(";") else text.strip()


def _told(found: re.Match[str]) -> tuple[str, str]:
    kind, token = str(found.lastgroup), found[0]
    if kind == "open":
        raise RefusedStatementError(f"{token} is opened and never closed.")
    if kind == "dollar":
        raise RefusedStatementError("Strings between dollar signs are not taken here.")
    # Redshift nests comments, and takes a backslash in a string as an escape.
    if kind == "comment" and "/*" in token[2:]:
        raise RefusedStatementError("A comment inside a comment is not taken here.")
    if kind == "string" and "\\" in token:
        raise RefusedStatementError("A backslash in a string is not taken here.")
    return kind, token


def _check_beginning(code: list[tuple[str, str]]) -> None:
    words = [(kind, token) for kind, token in code if token != "("]
    if not words:
        raise RefusedStatementError("There is no statement.")
    kind, first = words[0]
    if kind != "word" or first.upper() not in READS:
        raise RefusedStatementError(
            f"Only queries are taken here, SELECT or WITH: this begins with {first}."
        )


def _check(kind: str, token: str) -> None:
    if token == ";":
        raise RefusedStatementError("One statement at a time: there is a semicolon inside.")
    if kind == "word" and token.upper() in WRITES:
        raise RefusedStatementError(f"Only queries are taken here: {token.upper()} writes.")
    if kind in {"word", "quoted"} and ACTS.fullmatch(token.strip('"')):
        raise RefusedStatementError(f"{token} is no function of a query that only reads.")
