"""Rows of the text formats that COPY reads: delimited text, CSV, JSON.

A row is its line number, its text, and its fields; a field that the row lacks is `MISSING`. Where a
row cannot be taken apart there is a reason in place of the fields.
"""

import bz2
import csv
import gzip
import io
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import pyarrow as pa  # type: ignore[import-untyped]

from emulation.compute.redshift_sql.copy_statements import Copy
from emulation.compute.redshift_sql.errors import NotEmulatedError


@dataclass(slots=True)
class TextRow:
    """One record of a file."""

    line: int
    raw: str
    fields: list[str | None]
    problem: tuple[int, str] | None = None
    """Code and words of what is wrong with the whole row."""


def open_text(path: Path, copy: Copy) -> TextIO:
    """A file as text, unpacked as the statement says."""
    binary: Any
    if copy.flag("gzip"):
        binary = gzip.GzipFile(path)
    elif copy.flag("bzip2"):
        binary = bz2.BZ2File(path)
    elif copy.flag("zstd"):
        binary = pa.CompressedInputStream(pa.OSFile(str(path)), "zstd")
    else:
        binary = path.open("rb")
    replacement = copy.values.get("acceptinvchars")
    errors = "strict" if replacement is None else "replace"
    return io.TextIOWrapper(binary, encoding="utf-8", errors=errors, newline="")


def read_rows(
    path: Path, copy: Copy, columns: Sequence[str], paths: list[str] | None
) -> Iterator[TextRow]:
    """The records of one file."""
    with open_text(path, copy) as text:
        if copy.format == "json":
            yield from _json_rows(text, copy, columns, paths)
        elif copy.format == "csv":
            yield from _csv_rows(text, copy)
        else:
            yield from _delimited_rows(text, copy)


def _csv_rows(text: TextIO, copy: Copy) -> Iterator[TextRow]:
    """RFC 4180 with the quote and delimiter of the statement; a quoted field may hold line ends."""
    lines = _Counted(text)
    reader = csv.reader(
        lines,
        delimiter=copy.values.get("delimiter", ","),
        quotechar=copy.values.get("quote", '"'),
        doublequote=True,
        strict=True,
    )
    skip = int(copy.values.get("ignoreheader", "0"))
    while True:
        start = lines.number + 1
        lines.taken.clear()
        try:
            fields = next(reader, None)
        except csv.Error as error:
            problem = (1220, f"Invalid quote formatting for CSV: {error}")
            yield TextRow(start, "".join(lines.taken), [], problem)
            continue
        if fields is None:
            return
        if start <= skip or (not fields and copy.flag("ignoreblanklines")):
            continue
        values: list[str | None] = list(fields) or [""]
        yield TextRow(start, "".join(lines.taken).rstrip("\r\n"), values)


class _Counted:
    """Lines of a file with their number and the ones of the current record."""

    def __init__(self, text: TextIO) -> None:
        self.text = text
        self.number = 0
        self.taken: list[str] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self.text)
        self.number += 1
        self.taken.append(line)
        return line


def _delimited_rows(text: TextIO, copy: Copy) -> Iterator[TextRow]:
    delimiter = copy.values.get("delimiter", "|")
    skip = int(copy.values.get("ignoreheader", "0"))
    for number, raw in _records(text, escape=copy.flag("escape")):
        if number <= skip or (not raw.strip() and copy.flag("ignoreblanklines")):
            continue
        fields = _split(raw, delimiter, copy)
        yield TextRow(number, raw, list(fields))


def _records(text: TextIO, *, escape: bool) -> Iterator[tuple[int, str]]:
    """Lines; with ESCAPE a backslash before the line's end joins the next."""
    held, start = "", 1
    for number, line in enumerate(text, 1):
        start = start if held else number
        held += line.rstrip("\r\n")
        if escape and line.endswith("\n") and _odd_backslashes(held):
            held += "\n"
            continue
        yield start, held
        held = ""
    if held:
        yield start, held


def _odd_backslashes(text: str) -> bool:
    return (len(text) - len(text.rstrip("\\"))) % 2 == 1


def _split(raw: str, delimiter: str, copy: Copy) -> list[str]:
    """Fields of delimited text, where quotes mean something only with REMOVEQUOTES."""
    escape, quotes = copy.flag("escape"), copy.flag("removequotes")
    if not escape and not quotes:
        return raw.split(delimiter)
    special = re.escape(delimiter)
    quoted = r'"(?:\\.|[^"\\])*"|' if quotes else ""
    plain = rf"(?:{quoted}\\.|[^\\{special}])*" if escape else rf"(?:{quoted}[^{special}])*"
    fields = re.findall(rf"({plain})(?:{special}|$)", raw, re.DOTALL)[: raw.count(delimiter) + 1]
    return [_clean(field, copy) for field in _without_phantom(fields, raw, delimiter)]


def _without_phantom(fields: list[str], raw: str, delimiter: str) -> list[str]:
    """`findall` finds an empty field behind the last one unless a delimiter ends the line."""
    consumed = sum(len(field) for field in fields) + len(delimiter) * (len(fields) - 1)
    return fields if consumed <= len(raw) else fields[:-1]


def _clean(field: str, copy: Copy) -> str:
    if copy.flag("removequotes") and len(field) > 1 and field[0] == field[-1] and field[0] in "\"'":
        field = field[1:-1]
    if copy.flag("escape") and field != "\\N":
        field = re.sub(r"\\(.)", r"\1", field, flags=re.DOTALL)
    return field


def _json_rows(
    text: TextIO, copy: Copy, columns: Sequence[str], paths: list[str] | None
) -> Iterator[TextRow]:
    """Objects one behind the other, on one line or over several."""
    mode = copy.values["json"]
    if paths is None and mode not in {"auto", "auto ignorecase"}:
        raise NotEmulatedError(f"COPY with JSON '{mode}'")
    steps = [_steps(path) for path in paths] if paths is not None else None
    if steps is not None and len(steps) != len(columns):
        yield TextRow(
            0, "", [], (1216, "Number of jsonpaths and the number of columns should match")
        )
        return
    for number, raw, value in _json_values(text):
        if not isinstance(value, dict) and steps is None:
            yield TextRow(number, raw, [], (1216, "Invalid JSON object"))
            continue
        if steps is not None:
            fields = [_as_field(_walk(value, path)) for path in steps]
        else:
            fields = _by_name(value, columns, ignore_case=mode == "auto ignorecase")
        yield TextRow(number, raw, fields)


def _json_values(text: TextIO) -> Iterator[tuple[int, str, Any]]:
    decoder = json.JSONDecoder(parse_float=_Number, parse_int=_Number)
    held, start = "", 1
    for number, line in enumerate(text, 1):
        start = start if held.strip() else number
        held += line
        while rest := held.lstrip():
            try:
                value, end = decoder.raw_decode(rest)
            except json.JSONDecodeError as error:
                if error.pos < len(rest.rstrip()) and not _may_go_on(rest, error):
                    yield number, rest, None
                    held = ""
                else:
                    held = rest
                break
            yield start, rest[:end], value
            held, start = rest[end:], number
    if held.strip():
        yield start, held, None


def _may_go_on(text: str, error: json.JSONDecodeError) -> bool:
    """Whether more lines could make a half object whole."""
    return error.msg.startswith("Unterminated") or not text[error.pos :].strip()


class _Number(str):
    """A number as its text, so that no digit is lost on the way to the column."""

    __slots__ = ()


def _by_name(
    value: dict[str, Any], columns: Sequence[str], *, ignore_case: bool
) -> list[str | None]:
    if ignore_case:
        value = {key.lower(): one for key, one in value.items()}
    return [_as_field(value.get(column)) for column in columns]


def _as_field(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return None if value is None else str(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return _compact(value)


def _compact(value: Any) -> str:
    if isinstance(value, _Number):
        return str(value)
    if isinstance(value, dict):
        inner = ",".join(f"{json.dumps(key)}:{_compact(one)}" for key, one in value.items())
        return f"{{{inner}}}"
    if isinstance(value, list):
        return f"[{','.join(_compact(one) for one in value)}]"
    return json.dumps(value, ensure_ascii=False)


def _steps(path: str) -> list[str | int]:
    """`$['a'][0].b` as keys and positions."""
    found = re.findall(r"\['([^']*)'\]|\[(\d+)\]|\.([A-Za-z_][\w]*)", path)
    return [int(position) if position else key or name for key, position, name in found]


def _walk(value: Any, steps: list[str | int]) -> Any:
    for step in steps:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return None
    return value
