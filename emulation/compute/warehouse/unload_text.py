"""What UNLOAD writes as text: delimited lines or CSV, plain or gzip, in files of a largest size."""

import csv
import gzip
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from emulation.compute.redshift_sql.copy_statements import Unload
from emulation.compute.redshift_sql.errors import NotEmulatedError

Line = Callable[[Sequence[Any]], bytes]

GZIP_HELD = 1 << 18
"""So many bytes may wait in the compressor, and come when a file ends."""


class _Echo:
    """Gives the writer of csv's lines back what it writes."""

    def write(self, text: str) -> str:
        return text


def write_text(
    unload: Unload, names: Sequence[str], rows: Iterable[Sequence[Any]], folder: Path
) -> Iterator[tuple[Path, int]]:
    """The files with the rows, and how many each has; at least one file.

    Raises:
        NotEmulatedError: a compression that is not computed.
    """
    if unload.flag("zstd"):
        raise NotEmulatedError("UNLOAD with ZSTD")
    line = _line(unload)
    lines = map(line, rows)
    text = next(lines, None)
    number = 0
    while text is not None or number == 0:
        path = folder / f"part-{number}"
        with path.open("wb") as file:
            count = 0
            out = _Out(file, compressed=unload.flag("gzip"))
            if unload.flag("header"):
                out.write(line(names))
            while text is not None and (not count or out.fits(text, unload.largest)):
                out.write(text)
                count += 1
                text = next(lines, None)
            out.close()
        yield path, count
        number += 1


class _Out:
    """A file in the making."""

    def __init__(self, file: BinaryIO, *, compressed: bool) -> None:
        self._file = file
        self._gzip = gzip.GzipFile(fileobj=file, mode="wb", mtime=0) if compressed else None

    def write(self, content: bytes) -> None:
        (self._gzip or self._file).write(content)

    def fits(self, content: bytes, largest: int) -> bool:
        """Whether a line still has room."""
        held = GZIP_HELD if self._gzip else 0
        return self._file.tell() + len(content) + held <= largest

    def close(self) -> None:
        if self._gzip:
            self._gzip.close()


def _line(unload: Unload) -> Line:
    null = unload.values.get("null", "")
    if unload.format == "csv":
        delimiter = unload.values.get("delimiter", ",")
        rows = csv.writer(_Echo(), delimiter=delimiter, lineterminator="\n")
        return lambda values: _encoded(rows.writerow([_shown(value, null) for value in values]))
    delimiter = unload.values.get("delimiter", "|")

    def line(values: Sequence[Any]) -> bytes:
        fields = [_field(value, unload, delimiter, null) for value in values]
        return _encoded(delimiter.join(fields) + "\n")

    return line


def _encoded(text: Any) -> bytes:
    return str(text).encode()


def _shown(value: Any, null: str) -> str:
    """UNLOAD writes a boolean as t or f."""
    if value is None:
        return null
    if isinstance(value, bool):
        return "t" if value else "f"
    return str(value)


def _field(value: Any, unload: Unload, delimiter: str, null: str) -> str:
    text = _shown(value, null)
    if value is not None and unload.flag("escape"):
        for special in ("\\", "\n", "\r", delimiter, '"', "'"):
            text = text.replace(special, f"\\{special}")
    return f'"{text}"' if unload.flag("addquotes") and value is not None else text
