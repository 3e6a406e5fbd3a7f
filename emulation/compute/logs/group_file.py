"""A log group is one SQLite file: its settings, streams and events.

Writing appends to SQLite's write-ahead log, so that what was answered is there after a kill; many
read while one writes, nothing is held in memory, and to delete a group is to delete its file. An
event's number is its place in the group: followers (subscriptions, metric filters) remember it.
"""

import json
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SCHEMA = """
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS streams (
    id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE NOT NULL, created INTEGER NOT NULL,
    first INTEGER, last INTEGER, ingested INTEGER, bytes INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS events (
    id INTEGER PRIMARY KEY AUTOINCREMENT, stream INTEGER NOT NULL, time INTEGER NOT NULL,
    ingested INTEGER NOT NULL, message TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS by_time ON events (time, id);
CREATE INDEX IF NOT EXISTS by_stream ON events (stream, time, id);
"""

EVENT_OVERHEAD = 26
"""Bytes that each event counts on top of its message."""

Place = tuple[int, int]
"""Where an event stands in time: its timestamp and its number."""

FIRST: Place = (-1, -1)
LAST: Place = (2**62, 2**62)


class StreamNotFoundError(LookupError):
    """The group has no such stream."""


@dataclass(frozen=True, slots=True)
class Event:
    """A stored event; times in ms since 1970."""

    number: int
    stream: str
    time: int
    ingested: int
    message: str

    @property
    def place(self) -> Place:
        """Where it stands."""
        return self.time, self.number


@dataclass(frozen=True, slots=True)
class Stream:
    """A stream; times in ms since 1970, None before its first event."""

    name: str
    created: int
    first: int | None
    last: int | None
    ingested: int | None
    size: int


@dataclass(frozen=True, slots=True)
class Span:
    """Events between two places, both left out, of some streams or of all."""

    after: Place = FIRST
    before: Place = LAST
    streams: Sequence[str] | None = None
    backward: bool = False


def now() -> int:
    """In ms since 1970."""
    return time.time_ns() // 1_000_000


class GroupFile:
    """A group that is there."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.RLock()
        self._writer: sqlite3.Connection | None = None
        self._streams: dict[str, int] = {}
        self.gone = False
        self.followed = False
        """Whether somebody is to be told of new events."""

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """One writer at a time; all or nothing."""
        with self._lock:
            if self.gone:
                raise FileNotFoundError(self.path)
            if self._writer is None:
                self._writer = connect(self.path)
                self._writer.executescript(SCHEMA)
            with self._writer:
                yield self._writer

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        try:
            connection = connect(self.path, create=False)
        except sqlite3.OperationalError:
            if not self.path.exists():
                raise FileNotFoundError(self.path) from None
            raise
        with closing(connection):
            yield connection

    def close(self) -> None:
        """Let go of the file until it is needed again."""
        with self._lock:
            if self._writer is not None:
                self._writer.close()
                self._writer = None

    def delete(self) -> None:
        """Delete the group."""
        with self._lock:
            self.close()
            self.gone = True
            # The log first: left beside a new file of this name it would be played back into it.
            for suffix in ("-wal", "-shm", ""):
                self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)

    def settings(self) -> dict[str, Any]:
        """All settings, by name."""
        with self._reading() as connection:
            rows = connection.execute("SELECT name, value FROM settings").fetchall()
        return {name: json.loads(value) for name, value in rows}

    def set(self, **values: Any) -> None:
        """Change settings; None takes one away."""
        with self._writing() as connection:
            for name, value in values.items():
                if value is None:
                    connection.execute("DELETE FROM settings WHERE name = ?", (name,))
                else:
                    row = (name, json.dumps(value))
                    connection.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", row)

    def create_stream(self, name: str) -> bool:
        """Make a stream; False when it is there already."""
        with self._writing() as connection:
            made = connection.execute(
                "INSERT OR IGNORE INTO streams (name, created) VALUES (?, ?)", (name, now())
            )
            return made.rowcount == 1

    def delete_stream(self, name: str) -> None:
        """Delete a stream with its events.

        Raises:
            StreamNotFoundError: it is not there.
        """
        with self._writing() as connection:
            identifier = self._stream(connection, name)
            connection.execute("DELETE FROM events WHERE stream = ?", (identifier,))
            connection.execute("DELETE FROM streams WHERE id = ?", (identifier,))
            del self._streams[name]

    def _stream(self, connection: sqlite3.Connection, name: str) -> int:
        if name not in self._streams:
            row = connection.execute("SELECT id FROM streams WHERE name = ?", (name,)).fetchone()
            if row is None:
                raise StreamNotFoundError(name)
            self._streams[name] = int(row[0])
        return self._streams[name]

    def has_stream(self, name: str) -> bool:
        """Whether the stream is there."""
        if name in self._streams:
            return True
        with self._reading() as connection:
            found = connection.execute("SELECT 1 FROM streams WHERE name = ?", (name,)).fetchone()
        return found is not None

    def append(self, stream: str, events: Sequence[tuple[int, str]]) -> int:
        """Add events, times in ms and messages; they are on disk when this returns. The number of
        the last one.

        Raises:
            StreamNotFoundError: the stream is not there.
        """
        moment = now()
        times = [when for when, _ in events]
        size = sum(len(message.encode()) + EVENT_OVERHEAD for _, message in events)
        with self._writing() as connection:
            identifier = self._stream(connection, stream)
            connection.executemany(
                "INSERT INTO events (stream, time, ingested, message) VALUES (?, ?, ?, ?)",
                [(identifier, when, moment, message) for when, message in events],
            )
            connection.execute(
                "UPDATE streams SET first = min(ifnull(first, ?1), ?1), "
                "last = max(ifnull(last, ?2), ?2), ingested = ?3, bytes = bytes + ?4 "
                "WHERE id = ?5",
                (min(times), max(times), moment, size, identifier),
            )
            (number,) = connection.execute("SELECT max(id) FROM events").fetchone()
            return int(number)

    def streams(self) -> list[Stream]:
        """All streams, by name."""
        columns = "name, created, first, last, ingested, bytes"
        with self._reading() as connection:
            rows = connection.execute(f"SELECT {columns} FROM streams ORDER BY name").fetchall()
        return [Stream(*row) for row in rows]

    def size(self) -> int:
        """How many bytes the events count."""
        with self._reading() as connection:
            (total,) = connection.execute("SELECT ifnull(sum(bytes), 0) FROM streams").fetchone()
        return int(total)

    def events(self, span: Span, batch: int = 1000) -> Iterator[Event]:
        """The events of a span in the order of time, or backward; read as they are asked for."""
        order = "DESC" if span.backward else "ASC"
        condition, values = _condition(span)
        query = (
            "SELECT e.id, s.name, e.time, e.ingested, e.message "
            "FROM events e CROSS JOIN streams s ON s.id = e.stream "
            f"WHERE {condition} ORDER BY e.time {order}, e.id {order}"
        )
        with self._reading() as connection:
            cursor = connection.execute(query, values)
            while rows := cursor.fetchmany(batch):
                for row in rows:
                    yield Event(*row)

    def after(self, number: int, limit: int) -> list[Event]:
        """The events that came after one, in the order in which they came."""
        query = (
            "SELECT e.id, s.name, e.time, e.ingested, e.message "
            "FROM events e CROSS JOIN streams s ON s.id = e.stream "
            "WHERE e.id > ? ORDER BY e.id LIMIT ?"
        )
        with self._reading() as connection:
            return [Event(*row) for row in connection.execute(query, (number, limit))]

    def event(self, number: int) -> Event | None:
        """One event by its number."""
        found = self.after(number - 1, 1)
        return found[0] if found and found[0].number == number else None

    def last_number(self) -> int:
        """The number of the latest event that ever was."""
        with self._reading() as connection:
            row = connection.execute(
                "SELECT seq FROM sqlite_sequence WHERE name = 'events'"
            ).fetchone()
        return int(row[0]) if row else 0

    def trim(self, oldest: int, batch: int = 5000) -> int:
        """Delete events before a time, a few at once so that writers wait little; how many."""
        total = 0
        while True:
            with self._writing() as connection:
                done = connection.execute(
                    "DELETE FROM events WHERE id IN "
                    "(SELECT id FROM events WHERE time < ? ORDER BY time LIMIT ?)",
                    (oldest, batch),
                )
            total += done.rowcount
            if done.rowcount < batch:
                break
        if total:
            self._measure()
        return total

    def _measure(self) -> None:
        """Bring the streams' figures in line with the events that are left."""
        with self._writing() as connection:
            connection.execute(
                "UPDATE streams SET "
                "first = (SELECT min(time) FROM events WHERE stream = streams.id), "
                "bytes = (SELECT ifnull(sum(length(CAST(message AS BLOB)) + ?), 0) "
                "FROM events WHERE stream = streams.id)",
                (EVENT_OVERHEAD,),
            )


def _condition(span: Span) -> tuple[str, list[Any]]:
    values: list[Any] = [*span.after, *span.before]
    condition = "(e.time, e.id) > (?, ?) AND (e.time, e.id) < (?, ?)"
    if span.streams is not None:
        marks = ", ".join("?" for _ in span.streams)
        # Of many streams the order of time is read and the others left out: `+` keeps SQLite from
        # reading stream by stream and sorting it all.
        column, test = ("e.stream", "=") if len(span.streams) == 1 else ("+e.stream", "IN")
        condition += f" AND {column} {test} (SELECT id FROM streams WHERE name IN ({marks}))"
        values += span.streams
    return condition, values


def connect(path: Path, *, create: bool = True) -> sqlite3.Connection:
    """A connection that any thread may use."""
    address = f"{path.absolute().as_uri()}?mode={'rwc' if create else 'rw'}"
    connection = sqlite3.connect(address, uri=True, timeout=60, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    return connection
