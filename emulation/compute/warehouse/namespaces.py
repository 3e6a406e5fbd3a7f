"""A namespace: one DuckDB instance with a file for each of its databases.

This process owns the files; DuckDB lets no other open them.
"""

import threading
from pathlib import Path

import duckdb

from emulation.compute.redshift_sql.errors import SqlError
from emulation.compute.warehouse.catalogue import SYSTEM, SYSTEM_TABLES, prepare, statements_of
from emulation.compute.warehouse.objects import ObjectStore
from emulation.compute.warehouse.session import Session

RESERVED = {"system", "temp", "memory", SYSTEM, "template0", "template1", "padb_harvest"}


class Namespace:
    """One DuckDB instance with its databases."""

    def __init__(self, folder: Path, memory: str) -> None:
        self.folder = folder
        self.lock = threading.RLock()
        self.write_locks: dict[str, threading.Lock] = {}
        folder.mkdir(parents=True, exist_ok=True)
        spill = folder / "spill"
        self.instance = duckdb.connect(
            config={"memory_limit": memory, "temp_directory": str(spill)}
        )
        self.instance.execute(f"ATTACH ':memory:' AS {SYSTEM}")
        self.instance.execute(f"USE {SYSTEM}.main")
        self.instance.execute("SET integer_division = true")
        for statement in [*statements_of("functions.sql"), *SYSTEM_TABLES.split(";\n")]:
            if statement.strip():
                self.instance.execute(statement)
        for path in sorted(folder.glob("*.duckdb")):
            self._attach(path.stem)

    def databases(self) -> list[str]:
        """The names of the databases."""
        return sorted(self.write_locks)

    def create_database(self, name: str) -> None:
        """Make an empty database."""
        with self.lock:
            if name in self.write_locks:
                raise SqlError(f'database "{name}" already exists')
            if name in RESERVED or not name.replace("_", "a").isalnum():
                raise SqlError(f'unacceptable database name "{name}"')
            self._attach(name)

    def drop_database(self, name: str) -> None:
        """Delete a database with its file."""
        with self.lock:
            if name not in self.write_locks:
                raise SqlError(f'database "{name}" does not exist')
            self.instance.execute(f"USE {SYSTEM}.main")
            self.instance.execute(f'DETACH "{name}"')
            del self.write_locks[name]
            for path in self.folder.glob(f"{name}.duckdb*"):
                path.unlink()

    def _attach(self, name: str) -> None:
        path = str(self.folder / f"{name}.duckdb").replace("'", "''")
        self.instance.execute(f"ATTACH '{path}' AS \"{name}\" (STORAGE_VERSION 'v1.5.0')")
        connection = self.instance.cursor()
        try:
            prepare(connection, name)
        finally:
            connection.close()
        self.write_locks[name] = threading.Lock()

    def session(self, database: str, objects: ObjectStore, query_number: int) -> Session:
        """A new session on a database."""
        with self.lock:
            if database not in self.write_locks:
                raise UnknownDatabaseError(database)
            return Session(self.instance.cursor(), database, objects, query_number)

    def committed(self, database: str, work: str) -> list[int] | None:
        """The rows of each statement of a piece of work, if its transaction is in the database."""
        if database not in self.write_locks:
            return None
        connection = self.instance.cursor()
        try:
            sql = f'select rows from "{database}"._rs.committed where work = ?'
            found = connection.execute(sql, [work]).fetchall()
        finally:
            connection.close()
        return list(found[0][0]) if found else None

    def close(self) -> None:
        """Write everything to the files and let go of them."""
        self.instance.close()


class UnknownDatabaseError(SqlError):
    """The connection itself fails."""

    def __init__(self, database: str) -> None:
        super().__init__(f'database "{database}" does not exist')

    def text(self) -> str:
        """A connection's failure is FATAL."""
        return f"FATAL: {self.message}"
