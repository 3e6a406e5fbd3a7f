"""Results on disk: one line of JSON a row, so that they survive a restart and need no memory."""

import json
from collections.abc import Iterable
from pathlib import Path

from emulation.compute.warehouse.results import Row


def write_rows(path: Path, rows: Iterable[Row]) -> tuple[int, int]:
    """Write a result; the number of rows and of bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    count = 0
    with path.open("w", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n")
            count += 1
        return count, file.tell()


def read_page(path: Path, offset: int, most_bytes: int) -> tuple[list[Row], int | None]:
    """The rows from a place in the file on, and the place of the next page when there is one."""
    rows: list[Row] = []
    with path.open("rb") as file:
        file.seek(offset)
        while line := file.readline():
            rows.append(json.loads(line))
            if file.tell() - offset >= most_bytes:
                break
        following = file.tell()
        return rows, following if file.read(1) else None
