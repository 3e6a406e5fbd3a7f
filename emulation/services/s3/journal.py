"""Where the bytes of each object are: a table that commits with every write.

An object's bytes are stored under a new name first, then one row makes them the object, then what
it replaced is dropped. A kill at any moment leaves either the old object or the new one, whole, and
at most bytes that no row names, which the next start removes. The table is SQLite's: its
write-ahead log keeps every commit when the process dies (not when the machine loses power). Few
bytes are a row of it too: to make, close and remove a file takes longer than all the rest of a put.
"""

import contextlib
import pickle
import shutil
import sqlite3
import threading
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from emulation.services.s3.archive import Archive, archived_of

SCHEMA = """
PRAGMA journal_mode=WAL;
PRAGMA synchronous=NORMAL;
PRAGMA wal_autocheckpoint=4000;
CREATE TABLE IF NOT EXISTS objects (
    bucket TEXT, key TEXT, version TEXT, sequence INTEGER, object BLOB,
    PRIMARY KEY (bucket, key, version)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS contents (name TEXT PRIMARY KEY, bucket TEXT, content BLOB);
"""

SWEEP_SECONDS = 1.0
"""What is dropped stays so long: whoever has just found the object still reads it."""


class ObjectJournal:
    """The objects of all buckets, below one folder: `index.sqlite` and the files of each bucket."""

    def __init__(self, root: Path, archive: Archive) -> None:
        self.root = root
        self.archive = archive
        root.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._made: set[Path] = set()
        self._dropped: deque[tuple[str, str]] = deque()
        self._sweeping = False
        self._index = sqlite3.connect(
            root / "index.sqlite", check_same_thread=False, isolation_level=None
        )
        self._index.executescript(SCHEMA)
        newest = self._index.execute("SELECT max(sequence) FROM objects").fetchone()[0]
        self._sequence: int = newest or 0

    def new_file(self, bucket: str, name: str) -> Path:
        """The file of a name, its folder made."""
        path = self.path(bucket, name)
        if path.parent not in self._made:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._made.add(path.parent)
        return path

    def path(self, bucket: str, name: str) -> Path:
        """Where a file of a bucket is; 256 folders keep each of them small."""
        return self.root / bucket / name[:2] / name

    def keep(self, bucket: str, name: str, content: bytes) -> None:
        """Store few bytes under a name."""
        with self._lock:
            row = (name, bucket, content)
            self._index.execute("INSERT OR REPLACE INTO contents VALUES (?, ?, ?)", row)

    def content(self, name: str) -> bytes | None:
        """The bytes of a name, or None when a file has them."""
        with self._lock:
            asked = self._index.execute("SELECT content FROM contents WHERE name = ?", (name,))
            found: tuple[bytes] | None = asked.fetchone()
        return found[0] if found else None

    def drop(self, bucket: str, s3_object: Any) -> None:
        """Remove an object's bytes soon; no row names them any more."""
        if archived := archived_of(s3_object):
            self.archive.drop(bucket, archived.name)
        self.drop_hot(bucket, getattr(s3_object, "file_name", None))

    def drop_hot(self, bucket: str, name: str | None) -> None:
        """Remove what has a name here soon."""
        if name:
            self._dropped.append((bucket, name))
            if not self._sweeping:
                self._sweeping = True
                timer = threading.Timer(SWEEP_SECONDS, self._sweep)
                timer.daemon = True
                timer.start()

    def _sweep(self) -> None:
        # Set first: what is dropped from now on may miss this round, and starts another.
        self._sweeping = False
        names = [self._dropped.popleft() for _ in range(len(self._dropped))]
        with self._lock, contextlib.suppress(sqlite3.ProgrammingError):
            self._index.execute("BEGIN")
            self._index.executemany(
                "DELETE FROM contents WHERE name = ?", [(name,) for _, name in names]
            )
            self._index.execute("COMMIT")
        for bucket, name in names:
            self.path(bucket, name).unlink(missing_ok=True)

    def put(self, bucket: str, s3_object: Any) -> None:
        """Make this the object of its key and version."""
        row = pickle.dumps(s3_object)
        with self._lock:
            self._sequence += 1
            self._index.execute(
                "INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?, ?)",
                (bucket, s3_object.key, s3_object.version_id or "", self._sequence, row),
            )

    def amend(self, bucket: str, s3_object: Any) -> None:
        """Write what has changed of an object; its place among its key's versions stays."""
        row = pickle.dumps(s3_object)
        with self._lock:
            self._index.execute(
                "UPDATE objects SET object = ? WHERE bucket = ? AND key = ? AND version = ?",
                (row, bucket, s3_object.key, s3_object.version_id or ""),
            )

    def delete(self, bucket: str, key: str, version: str | None) -> None:
        """Forget the object of a key and version."""
        with self._lock:
            self._index.execute(
                "DELETE FROM objects WHERE bucket = ? AND key = ? AND version = ?",
                (bucket, key, version or ""),
            )

    def objects(self, bucket: str) -> Iterator[Any]:
        """The objects of a bucket in the order in which they were written."""
        with self._lock:
            rows = self._index.execute(
                "SELECT object FROM objects WHERE bucket = ? ORDER BY sequence", (bucket,)
            ).fetchall()
        for (row,) in rows:
            yield pickle.loads(row)

    def delete_bucket(self, bucket: str) -> None:
        """Forget a bucket and its files."""
        with self._lock:
            self._index.execute("DELETE FROM objects WHERE bucket = ?", (bucket,))
            self._index.execute("DELETE FROM contents WHERE bucket = ?", (bucket,))
        shutil.rmtree(self.root / bucket, ignore_errors=True)
        self.archive.delete_bucket(bucket)
        self._made = {folder for folder in self._made if folder.parent.name != bucket}

    def forget_all_but(self, buckets: set[str]) -> None:
        """Drop what belongs to no bucket: their creation or deletion was cut short."""
        with self._lock:
            known = self._index.execute(
                "SELECT bucket FROM objects UNION SELECT bucket FROM contents"
            ).fetchall()
        folders = {path.name for path in self._folders()} | self.archive.buckets()
        for name in {row[0] for row in known} | folders:
            if name not in buckets:
                self.delete_bucket(name)

    def drop_strays(self, bucket: str, s3_objects: list[Any]) -> None:
        """Remove bytes of a bucket that none of these objects has: writes that were cut short."""
        kept = {getattr(s3_object, "file_name", None) for s3_object in s3_objects}
        with self._lock:
            asked = self._index.execute("SELECT name FROM contents WHERE bucket = ?", (bucket,))
            strays = [row for row in asked.fetchall() if row[0] not in kept]
            self._index.executemany("DELETE FROM contents WHERE name = ?", strays)
        for path in (self.root / bucket).glob("??/*"):
            if path.name not in kept:
                path.unlink(missing_ok=True)
        places = [archived_of(s3_object) for s3_object in s3_objects]
        self.archive.drop_strays(bucket, {place.name for place in places if place})

    def close(self) -> None:
        """Write the log into the table."""
        self._sweep()
        with self._lock, contextlib.suppress(sqlite3.ProgrammingError):
            self._index.close()

    def _folders(self) -> list[Path]:
        return [path for path in self.root.iterdir() if path.is_dir()]
