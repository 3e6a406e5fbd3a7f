"""Which object is stored in which file: a table that commits with every write.

An object's bytes go to a new file first, then one row makes them the object, then the file that it
replaced is dropped. A kill at any moment leaves either the old object or the new one, whole, and at
most a file that no row names, which the next start removes. The row is SQLite's: its write-ahead
log keeps every commit when the process dies (not when the machine loses power).
"""

import contextlib
import pickle
import shutil
import sqlite3
import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

SCHEMA = """
PRAGMA journal_mode=WAL;
PRAGMA synchronous=NORMAL;
CREATE TABLE IF NOT EXISTS objects (
    bucket TEXT, key TEXT, version TEXT, sequence INTEGER, object BLOB,
    PRIMARY KEY (bucket, key, version)
) WITHOUT ROWID;
"""


class ObjectJournal:
    """The objects of all buckets, below one folder: `index.sqlite` and the files of each bucket."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._made: set[Path] = set()
        # To remove a file takes longer than to write a small one, and nobody waits for it.
        self._sweeper = ThreadPoolExecutor(1, "s3-sweeper")
        self._index = sqlite3.connect(
            root / "index.sqlite", check_same_thread=False, isolation_level=None
        )
        self._index.executescript(SCHEMA)
        newest = self._index.execute("SELECT max(sequence) FROM objects").fetchone()[0]
        self._sequence: int = newest or 0

    def new_file(self, bucket: str) -> str:
        """The name of a file that no object has."""
        name = uuid.uuid4().hex
        folder = self.path(bucket, name).parent
        if folder not in self._made:
            folder.mkdir(parents=True, exist_ok=True)
            self._made.add(folder)
        return name

    def path(self, bucket: str, name: str) -> Path:
        """Where a file of a bucket is; 256 folders keep each of them small."""
        return self.root / bucket / name[:2] / name

    def drop_file(self, bucket: str, s3_object: Any) -> None:
        """Remove an object's bytes; whoever reads them now still can, to the end."""
        if name := getattr(s3_object, "file_name", None):
            # No row names it any more: what a kill leaves of it, the next start removes.
            self._sweeper.submit(self.path(bucket, name).unlink, missing_ok=True)

    def put(self, bucket: str, s3_object: Any) -> None:
        """Make this the object of its key and version."""
        row = pickle.dumps(s3_object)
        with self._lock:
            self._sequence += 1
            self._index.execute(
                "INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?, ?)",
                (bucket, s3_object.key, s3_object.version_id or "", self._sequence, row),
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
        shutil.rmtree(self.root / bucket, ignore_errors=True)
        self._made = {folder for folder in self._made if folder.parent.name != bucket}

    def forget_all_but(self, buckets: set[str]) -> None:
        """Drop what belongs to no bucket: their creation or deletion was cut short."""
        with self._lock:
            known = self._index.execute("SELECT DISTINCT bucket FROM objects").fetchall()
        for name in {row[0] for row in known} | {path.name for path in self._folders()}:
            if name not in buckets:
                self.delete_bucket(name)

    def drop_strays(self, bucket: str, s3_objects: list[Any]) -> None:
        """Remove files of a bucket that none of these objects has: writes that were cut short."""
        kept = {getattr(s3_object, "file_name", None) for s3_object in s3_objects}
        for path in (self.root / bucket).glob("??/*"):
            if path.name not in kept:
                path.unlink(missing_ok=True)

    def close(self) -> None:
        """Write the log into the table."""
        self._sweeper.shutdown()
        with self._lock, contextlib.suppress(sqlite3.ProgrammingError):
            self._index.close()

    def _folders(self) -> list[Path]:
        return [path for path in self.root.iterdir() if path.is_dir()]
