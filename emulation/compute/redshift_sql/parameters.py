"""Named parameters of the Data API: `:name` in a statement becomes a literal of no type of its own.

The server infers a parameter's type from where it stands; DuckDB does so with a string literal.
"""

import re
from collections.abc import Mapping

from emulation.compute.redshift_sql.tokens import Kind, Token, scan

NAME = re.compile(r"[0-9a-zA-Z_]+")


def placeholders(sql: str) -> list[tuple[int, int, str]]:
    """Start, end and name of each placeholder; not inside strings, comments or `::`."""
    found = []
    tokens = scan(sql)
    for token, following in zip(tokens, tokens[1:], strict=False):
        name = NAME.match(sql, token.end) if _colon(token) else None
        if name is not None and following.start == token.end:
            found.append((token.start, name.end(), name[0]))
    return found


def _colon(token: Token) -> bool:
    return token.kind is Kind.SYMBOL and token.text == ":"


def bind(sql: str, values: Mapping[str, str]) -> str:
    """The statement with the values in their places."""
    for start, end, name in reversed(placeholders(sql)):
        sql = sql[:start] + literal(values[name]) + sql[end:]
    return sql


def literal(value: str) -> str:
    """A text as Redshift writes it, where a backslash escapes."""
    escaped = value.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"
