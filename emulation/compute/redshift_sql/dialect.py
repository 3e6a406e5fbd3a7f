"""How text becomes a tree: sqlglot's Redshift dialect with the functions left as they are written.

sqlglot maps a function to the node of whatever dialect spells it alike, and the meaning of the
arguments is lost on the way. Here only aggregates and what SQL itself gives a syntax keep their
nodes; every other call stays a name with arguments, which `functions.py` then knows or refuses.
"""

from itertools import pairwise
from typing import Any

import duckdb
from sqlglot import exp
from sqlglot.dialects.redshift import Redshift
from sqlglot.errors import ParseError, TokenError
from sqlglot.parsers.redshift import RedshiftParser
from sqlglot.tokenizer_core import TokenType

from emulation.compute.redshift_sql.errors import SqlSyntaxError
from emulation.compute.redshift_sql.tokens import Kind, Reader, scan

NODES = {
    "COUNT", "SUM", "AVG", "MIN", "MAX", "ANY_VALUE", "MEDIAN", "PERCENTILE_CONT",
    "PERCENTILE_DISC", "LISTAGG", "STDDEV", "STDDEV_SAMP", "STDDEV_POP", "VARIANCE", "VAR_SAMP",
    "VAR_POP", "ROW_NUMBER", "RANK", "DENSE_RANK", "PERCENT_RANK", "CUME_DIST", "NTILE", "LAG",
    "LEAD", "FIRST_VALUE", "LAST_VALUE", "NTH_VALUE", "COALESCE", "NULLIF", "GREATEST", "LEAST",
    "ROUND", "EXISTS",
}  # fmt: skip

SYNTAX = {"CAST", "CONVERT", "DECODE", "EXTRACT", "POSITION", "SUBSTRING", "TRIM", "TRY_CAST"}


class WarehouseParser(RedshiftParser):
    """Keeps calls as they are written."""

    FUNCTIONS = {
        **{name: make for name, make in RedshiftParser.FUNCTIONS.items() if name in NODES},
        "NVL": exp.Coalesce.from_arg_list,
    }
    FUNCTION_PARSERS = {
        name: parse for name, parse in RedshiftParser.FUNCTION_PARSERS.items() if name in SYNTAX
    }


class WarehouseDialect(Redshift):
    """The dialect that statements are read with."""

    Parser = WarehouseParser

    class Tokenizer(Redshift.Tokenizer):
        """FLOAT is double precision here; sqlglot reads it as REAL."""

        KEYWORDS = {**Redshift.Tokenizer.KEYWORDS, "FLOAT": TokenType.DOUBLE}


STATEMENTS = (exp.Query, exp.Insert, exp.Update, exp.Delete, exp.Merge)


def parse(sql: str) -> exp.Expr:
    """The tree of one query or data change.

    Raises:
        SqlSyntaxError: in PostgreSQL's words, with the position.
    """
    _check_tokens(sql)
    try:
        trees: list[Any] = WarehouseDialect().parse(sql)
    except (ParseError, TokenError) as error:
        raise _syntax_error(sql, error) from error
    if len(trees) != 1 or not isinstance(trees[0], STATEMENTS):
        raise _at_first_token(sql)
    return trees[0]


CLAUSES = {"from", "where", "group", "order", "having", "limit", "union", "as", "on"}


def _check_tokens(sql: str) -> None:
    """Refuse what both sqlglot and DuckDB forgive: `==`, and a comma before the end of a list."""
    tokens = scan(sql)
    for token, following in pairwise(tokens):
        if token.kind is not Kind.SYMBOL:
            continue
        doubled = token.text == following.text == "=" and token.end == following.start
        dangling = token.text == "," and (
            following.kind is Kind.END
            or (following.kind is Kind.SYMBOL and following.text == ")")
            or (following.kind is Kind.WORD and following.text in CLAUSES)
        )
        if doubled or dangling:
            reader = Reader(sql)
            reader.at = tokens.index(following)
            raise reader.error()


def _syntax_error(sql: str, error: ParseError | TokenError) -> SqlSyntaxError:
    """DuckDB's parser is PostgreSQL's by descent and stops at the same word; sqlglot's words come
    when DuckDB finds nothing wrong.
    """
    details = getattr(error, "errors", None)
    told = _told_by_duckdb(sql)
    if told is not None:
        return SqlSyntaxError(AT_END, len(sql)) if _incomplete(sql, told, details) else told
    if not details:
        return _at_first_token(sql)
    near = details[0].get("highlight") or ""
    before = details[0].get("start_context") or ""
    offset = sql.find(before + near) + len(before)
    if not near or offset + len(near) >= len(sql.rstrip()):
        return SqlSyntaxError(AT_END, len(sql))
    return SqlSyntaxError(f'syntax error at or near "{near}"', max(offset, 0))


AT_END = "syntax error at end of input"


def _incomplete(sql: str, told: SqlSyntaxError, details: list[dict[str, Any]] | None) -> bool:
    """Whether the last word is not wrong but waits for more: sqlglot tells the two apart."""
    if not details or told.offset is None:
        return False
    last = scan(sql)[-2]
    expects = not str(details[0].get("description")).startswith("Invalid expression")
    return expects and told.offset == last.start


def _told_by_duckdb(sql: str) -> SqlSyntaxError | None:
    try:
        duckdb.extract_statements(sql)
    except duckdb.Error as error:
        text = str(error)
        if "syntax error at end of input" in text:
            return SqlSyntaxError(AT_END, len(sql))
        near = text.partition('syntax error at or near "')[2].partition('"')[0]
        if not near:
            return None
        return SqlSyntaxError(f'syntax error at or near "{near}"', _offset(sql, text, near))
    return None


def _offset(sql: str, message: str, near: str) -> int | None:
    """Where the word stands, by the line and the caret of DuckDB's message."""
    line_at = message.find("LINE ")
    if line_at < 0:
        return None
    shown, _, below = message[line_at:].partition("\n")
    number, _, excerpt = shown.partition(": ")
    caret = below.find("^") - len(number) - 2
    start = sum(len(line) + 1 for line in sql.split("\n")[: int(number[5:]) - 1])
    excerpt = excerpt.removeprefix("...")
    caret -= len(shown.partition(": ")[2]) - len(excerpt)
    line = sql[start:].partition("\n")[0]
    return start + line.find(excerpt.removesuffix("...")) + caret if caret >= 0 else None


def _at_first_token(sql: str) -> SqlSyntaxError:
    first = scan(sql)[0]
    if first.start == first.end:
        return SqlSyntaxError(AT_END, first.start)
    return SqlSyntaxError(f'syntax error at or near "{sql[first.start : first.end]}"', first.start)
