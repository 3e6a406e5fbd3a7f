"""What is in one object: its format, its columns, and about how many records.

Of text the first megabyte is read, of Parquet the footer. The classifiers are asked in Glue's order
and the first that is sure wins; what none knows is `UNKNOWN`. Formats that Glue knows and this does
not are refused by name.
"""

import csv
import io
import json
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import reduce
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.json  # type: ignore[import-untyped]
import pyarrow.parquet  # type: ignore[import-untyped]

from emulation.compute.crawling import arrow_kinds, kinds
from emulation.compute.crawling.kinds import Struct, unite_fields

Columns = tuple[tuple[str, Any], ...]
ReadRange = Callable[[int, int], bytes]
"""Reads so many bytes from an offset of one object; fewer where it ends."""

SAMPLE_BYTES = 2**20
UNKNOWN = "UNKNOWN"

MAGIC = {
    b"PAR1": "parquet",
    b"Obj\x01": "avro",
    b"ORC": "orc",
    b"\xe0\x01\x00\xea": "ion",
}
DELIMITERS = (",", "|", "\t", ";", "\x01")
MAX_HEADER_CHARACTERS = 150


class FormatNotEmulatedError(Exception):
    """Glue would understand this object; this crawler does not."""


@dataclass(frozen=True, slots=True)
class Content:
    """What a classifier found."""

    classification: str
    columns: Columns = ()
    records: int = 0
    compression: str = "none"
    delimiter: str = ""
    has_header: bool = False


def read_content(read: ReadRange, size: int) -> Content:
    """Classify one object.

    Raises:
        FormatNotEmulatedError: its format is one that only Glue knows.
    """
    head = read(0, min(size, SAMPLE_BYTES))
    name = next((name for magic, name in MAGIC.items() if head.startswith(magic)), None)
    if name == "parquet":
        return parquet(read, size)
    if name:
        raise FormatNotEmulatedError(f"Crawling {name} is not emulated")
    compression, sample = decompressed(head)
    complete = size <= SAMPLE_BYTES and len(sample) <= SAMPLE_BYTES
    return text_content(sample[:SAMPLE_BYTES], compression, size / max(len(head), 1), complete)


def decompressed(head: bytes) -> tuple[str, bytes]:
    """The compression, and the text that the head holds."""
    if head.startswith(b"\x1f\x8b"):
        return "gzip", zlib.decompressobj(wbits=31).decompress(head, SAMPLE_BYTES + 1)
    if head.startswith((b"BZh", b"PK\x03\x04", b"\x28\xb5\x2f\xfd")):
        raise FormatNotEmulatedError("Crawling this compression is not emulated")
    return "none", head


def text_content(sample: bytes, compression: str, scale: float, complete: bool) -> Content:
    """JSON, or else CSV, or else unknown. The sample's records stand for `scale` times as many."""
    found = json_columns(sample, complete) or csv_columns(sample, complete)
    if found is None:
        return Content(UNKNOWN, compression=compression)
    columns, records, words = found
    return Content(
        columns=columns, records=round(records * scale), compression=compression, **words
    )


def json_columns(sample: bytes, complete: bool) -> tuple[Columns, int, dict[str, Any]] | None:
    """The columns of JSON records, one after another, and how many; none when it is no JSON."""
    if sample.lstrip()[:1] not in (b"{", b"["):
        return None
    found = arrow_json(sample if complete else sample[: sample.rfind(b"\n") + 1])
    if found is None:
        rows = [of_record(record) for record in records_of(sample.decode(errors="replace"))]
        if not rows:
            return None
        found = reduce(unite_fields, rows), len(rows)
    return *found, {"classification": "json"}


def arrow_json(lines: bytes) -> tuple[Columns, int] | None:
    """The quick way: Arrow, for lines that agree on their types."""
    if not lines.lstrip().startswith(b"{"):
        return None
    try:
        table = pa.json.read_json(pa.BufferReader(lines))
    except pa.ArrowInvalid:
        return None
    columns = zip(table.column_names, table.columns, strict=True)
    return tuple((name, arrow_kinds.of_json_column(column)) for name, column in columns), len(table)


def of_record(record: Any) -> Columns:
    """A record's members; a list at the top is one column that Glue calls `array`."""
    kind = kinds.of_json(record)
    return kind.fields if isinstance(kind, Struct) else (("array", kind),)


def records_of(text: str) -> Iterator[Any]:
    """The values that stand one after another, up to the first that is none."""
    decoder, position = json.JSONDecoder(), 0
    while position < len(text):
        try:
            value, position = decoder.raw_decode(text, position)
        except ValueError:
            return
        yield value
        while position < len(text) and text[position].isspace():
            position += 1


def csv_columns(sample: bytes, complete: bool) -> tuple[Columns, int, dict[str, Any]] | None:
    """The columns of separated text: at least two, in at least two lines."""
    text = sample.decode("utf-8-sig", errors="replace")
    if "\0" in text:
        return None
    for delimiter in DELIMITERS:
        rows = [row for row in csv.reader(io.StringIO(text), delimiter=delimiter) if row]
        rows = rows if complete else rows[:-1]
        if len(rows) > 1 and len(rows[0]) > 1 and len({len(row) for row in rows}) == 1:
            columns, has_header = named_columns(rows)
            words = {"classification": "csv", "delimiter": delimiter, "has_header": has_header}
            return columns, len(rows) - has_header, words
    return None


def named_columns(rows: list[list[str]]) -> tuple[Columns, bool]:
    """Names from the first line where it is a header: all text, and unlike the lines below it."""
    head, body = rows[0], rows[1:]
    body_kinds = [cell_kind(column) for column in zip(*body, strict=True)]
    legal = all(cell.strip() and len(cell) < MAX_HEADER_CHARACTERS for cell in head)
    is_text = all(cell_kind([cell]) == "string" for cell in head)
    if legal and is_text and len(set(head)) == len(head) and set(body_kinds) != {"string"}:
        return tuple(zip((cell.strip() for cell in head), body_kinds, strict=True)), True
    every = [cell_kind(column) for column in zip(*rows, strict=True)]
    return tuple((f"col{index}", kind) for index, kind in enumerate(every)), False


def cell_kind(cells: Any) -> str:
    """The type of a column of text: `bigint`, `double` or `string`; empty cells say nothing."""
    full = [cell for cell in cells if cell.strip()]
    for name, parse in (("bigint", int), ("double", float)):
        if full and all(parses(cell, parse) for cell in full):
            return name
    return "string"


def parses(cell: str, parse: Callable[[str], object]) -> bool:
    """Whether a cell reads as a number; Python alone would take `1_000`, `nan` and `inf`."""
    if not any(letter.isdigit() for letter in cell) or "_" in cell:
        return False
    try:
        parse(cell)
    except ValueError:
        return False
    return True


def parquet(read: ReadRange, size: int) -> Content:
    """The columns and the exact number of records, from the footer."""
    with pa.PythonFile(RangeFile(read, size), mode="r") as file:
        found = pa.parquet.ParquetFile(file)
        schema = found.schema_arrow
        columns = tuple((field.name, arrow_kinds.of_type(field.type)) for field in schema)
        return Content("parquet", columns, found.metadata.num_rows)


class RangeFile(io.RawIOBase):
    """A file of which only the asked-for ranges are fetched."""

    def __init__(self, read: ReadRange, size: int) -> None:
        super().__init__()
        self._read = read
        self._size = size
        self._position = 0

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def tell(self) -> int:
        """Where the next read begins."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Begin the next read elsewhere."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = base + offset
        return self._position

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        left = self._size - self._position
        wanted = left if size < 0 else min(size, left)
        data = self._read(self._position, wanted) if wanted > 0 else b""
        self._position += len(data)
        return data
