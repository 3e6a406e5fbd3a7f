"""An Insights query over groups of events: read from their files into DuckDB, then asked there."""

import threading
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import batched
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa  # type: ignore[import-untyped]

from emulation.compute.logs.group_file import Event, GroupFile, Span
from emulation.compute.logs.query_commands import Compiled
from emulation.compute.logs.query_values import Kind

BATCH = 10_000
MEMORY = "1GB"
"""Larger queries go to disk."""

TABLE = (
    "CREATE TABLE raw (number BIGINT, time BIGINT, ingested BIGINT, message VARCHAR, "
    "stream VARCHAR, log VARCHAR, ptr VARCHAR)"
)
VIEW = (
    "CREATE VIEW events AS SELECT *, "
    "CASE WHEN json_valid(message) THEN message END AS body FROM raw"
)


@dataclass(frozen=True, slots=True)
class Source:
    """A group to ask, and where in it."""

    file: GroupFile
    log: str
    """What `@log` says: `account:name`."""
    key: str
    """What a record's pointer says of the group."""
    span: Span


class QueryFailedError(Exception):
    """The query could be read but not run."""


@dataclass
class Run:
    """A query that runs, and what it has found."""

    query: Compiled
    sources: list[Source]
    folder: Path
    """Where what does not fit into memory goes."""
    rows: list[list[dict[str, str]]] = field(default_factory=list)
    matched: int = 0
    scanned: int = 0
    size: int = 0
    stopped: threading.Event = field(default_factory=threading.Event)
    _connection: duckdb.DuckDBPyConnection | None = None

    def run(self) -> None:
        """Run to the end, or until it is stopped.

        Raises:
            QueryFailedError: DuckDB cannot compute it.
        """
        with duckdb.connect(config={"memory_limit": MEMORY, "threads": 2}) as connection:
            connection.execute("SET temp_directory = ?", [str(self.folder)])
            self._connection = connection
            try:
                self._load(connection)
                if not self.stopped.is_set():
                    self._ask(connection)
            except duckdb.InterruptException:
                return
            except duckdb.Error as error:
                raise QueryFailedError(str(error)) from error
            finally:
                self._connection = None

    def stop(self) -> None:
        """End it soon."""
        self.stopped.set()
        connection = self._connection
        if connection is not None:
            connection.interrupt()

    def _load(self, connection: duckdb.DuckDBPyConnection) -> None:
        connection.execute(TABLE)
        for source in self.sources:
            for events in batched(source.file.events(source.span), BATCH, strict=False):
                if self.stopped.is_set():
                    return
                self.scanned += len(events)
                self.size += sum(len(event.message.encode()) for event in events)
                batch = _table(source, events)
                connection.register("batch", batch)
                connection.execute("INSERT INTO raw SELECT * FROM batch")
                connection.unregister("batch")
        connection.execute(VIEW)

    def _ask(self, connection: duckdb.DuckDBPyConnection) -> None:
        found = connection.execute(self.query.matched_sql).fetchone()
        self.matched = int(found[0]) if found else 0
        rows = connection.execute(self.query.sql).fetchall()
        self.rows = list(_rows(self.query, rows))


def _table(source: Source, events: Iterable[Event]) -> pa.Table:
    listed = list(events)
    return pa.table(
        {
            "number": [event.number for event in listed],
            "time": [event.time for event in listed],
            "ingested": [event.ingested for event in listed],
            "message": [event.message for event in listed],
            "stream": [event.stream for event in listed],
            "log": [source.log] * len(listed),
            "ptr": [pointer(source.key, event.number) for event in listed],
        }
    )


def pointer(key: str, number: int) -> str:
    """What leads back to one event."""
    return b64encode(f"{key}\n{number}".encode()).decode()


def pointed(text: str) -> tuple[str, int]:
    """The group's key and the event's number.

    Raises:
        ValueError: it is no pointer.
    """
    key, number = b64decode(text, validate=True).decode().split("\n")
    return key, int(number)


def _rows(query: Compiled, rows: Iterable[tuple[Any, ...]]) -> Iterator[list[dict[str, str]]]:
    """As the API tells them: fields that are not there are left out."""
    for row in rows:
        yield [
            {"field": name, "value": written(value, kind)}
            for name, kind, value in zip(query.names, query.kinds, row, strict=True)
            if value is not None
        ]


def written(value: Any, kind: Kind) -> str:
    """A value as Insights writes it: four digits after the point, times to the millisecond."""
    if kind == "time":
        moment = datetime.fromtimestamp(int(value) / 1000, UTC)
        return f"{moment:%Y-%m-%d %H:%M:%S}.{int(value) % 1000:03d}"
    if kind == "truth":
        return "1" if value else "0"
    if isinstance(value, float):
        return f"{value:.4f}".rstrip("0").rstrip(".")
    return str(value)
