"""Values of an Insights query as SQL: fields are texts, and numbers where numbers are asked for."""

import re
from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "number", "time", "truth"]


@dataclass(frozen=True, slots=True)
class Value:
    """An expression in DuckDB's SQL; a time is in ms since 1970."""

    sql: str
    kind: Kind = "text"

    @property
    def number(self) -> str:
        """As a number, NULL where it is none."""
        if self.kind in {"number", "time"}:
            return self.sql
        return f"TRY_CAST({self.sql} AS DOUBLE)"

    @property
    def text(self) -> str:
        """As a text."""
        return self.sql if self.kind == "text" else f"CAST({self.sql} AS VARCHAR)"

    @property
    def truth(self) -> str:
        """As a condition."""
        if self.kind == "truth":
            return f"coalesce({self.sql}, false)"
        return f"coalesce({self.number} != 0, false)"


def literal(text: str) -> str:
    """A text as SQL."""
    return "'" + text.replace("'", "''") + "'"


BASE = {
    "@timestamp": Value("time", "time"),
    "@ingestionTime": Value("ingested", "time"),
    "@message": Value("message"),
    "@logStream": Value("stream"),
    "@log": Value("log"),
    "@ptr": Value("ptr"),
}
"""The fields that every event has."""

REPORT = "REPORT RequestId:"
OF_REPORTS = {
    "@duration": r"\tDuration: ([0-9.]+) ms",
    "@billedDuration": r"Billed Duration: ([0-9.]+) ms",
    "@initDuration": r"Init Duration: ([0-9.]+) ms",
}
BYTES_OF_REPORTS = {
    "@memorySize": r"Memory Size: ([0-9]+) MB",
    "@maxMemoryUsed": r"Max Memory Used: ([0-9]+) MB",
}
REQUEST = r"^(?:START|END|REPORT) RequestId: ([0-9a-f-]{36})"
TYPE = r"^(START|END|REPORT) RequestId:"


def field(name: str) -> Value:
    """A field of an event: its own, what Lambda's lines tell, or a part of its JSON."""
    if name in BASE:
        return BASE[name]
    if name.startswith("@"):
        return _of_lambda(name)
    whole = _extract(f'$."{_escaped(name)}"')
    if "." not in name:
        return Value(whole)
    return Value(f"coalesce({whole}, {_extract('$' + ''.join(map(_step, name.split('.'))))})")


def _extract(path: str) -> str:
    return f"json_extract_string(body, {literal(path)})"


def _escaped(name: str) -> str:
    return name.replace('"', '\\"')


def _step(part: str) -> str:
    return f"[{part}]" if part.isdigit() else f'."{_escaped(part)}"'


def _of_lambda(name: str) -> Value:
    if name == "@type":
        return Value(_found(TYPE))
    if name == "@requestId":
        return Value(_found(REQUEST))
    if name in OF_REPORTS:
        return Value(f"TRY_CAST({_found(OF_REPORTS[name])} AS DOUBLE)", "number")
    if name in BYTES_OF_REPORTS:
        found = _found(BYTES_OF_REPORTS[name])
        return Value(f"TRY_CAST({found} AS DOUBLE) * 1000000", "number")
    return Value("CAST(NULL AS VARCHAR)")


def _found(expression: str) -> str:
    return f"nullif(regexp_extract(message, {literal(expression)}, 1), '')"


def regular(expression: str) -> str:
    """A Java expression as RE2 writes it: named groups have a P."""
    return re.sub(r"\(\?<(?=[A-Za-z])", "(?P<", expression)


def compared(sign: str, left: Value, right: Value) -> Value:
    """Numbers as numbers, all else as texts."""
    operator = "!=" if sign == "!=" else sign
    kinds = {left.kind, right.kind}
    if kinds & {"number", "time"}:
        return Value(f"({left.number} {operator} {right.number})", "truth")
    texts = f"{left.text} {operator} {right.text}"
    if sign in {"=", "!="} or right.sql.startswith("'") or left.sql.startswith("'"):
        return Value(f"({texts})", "truth")
    both = f"{left.number} IS NOT NULL AND {right.number} IS NOT NULL"
    numbers = f"{left.number} {operator} {right.number}"
    return Value(f"(CASE WHEN {both} THEN {numbers} ELSE {texts} END)", "truth")
