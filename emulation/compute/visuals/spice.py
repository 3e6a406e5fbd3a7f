"""SPICE: a data set's own copy of its data, as Parquet, and queries on such copies."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import duckdb

from emulation.compute.visuals.errors import DataError
from emulation.compute.visuals.relation import Relation, Row
from emulation.compute.visuals.values import literal

MEMORY = "512MB"
THREADS = 2


@cache
def _engine() -> duckdb.DuckDBPyConnection:
    engine = duckdb.connect(config={"memory_limit": MEMORY, "threads": THREADS})
    engine.execute("SET integer_division = true")
    engine.execute("SET timezone = 'UTC'")
    return engine


_OPENING = threading.Lock()


@contextmanager
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection of its own to the one engine of all copies."""
    with _OPENING:
        found = _engine().cursor()
    try:
        yield found
    finally:
        found.close()


class CopyReader:
    """Runs queries over copies."""

    def rows(self, sql: str) -> list[Row]:
        """All rows of a query.

        Raises:
            DataError: the engine refuses it.
        """
        with connection() as found:
            try:
                return found.execute(sql).fetchall()
            except duckdb.Error as error:
                raise DataError(str(error)) from error


def copy_of(path: Path, relation: Relation) -> Relation:
    """The data of a copy, with the columns that its data set has."""
    return Relation(f"SELECT * FROM read_parquet({literal(str(path))})", relation.columns)


def write(found: duckdb.DuckDBPyConnection, sql: str, path: Path) -> int:
    """Write a query's rows as a copy, whole or not at all; how many there are.

    Raises:
        DataError: the engine refuses the query.
        duckdb.InterruptException: somebody has stopped it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    written = path.with_suffix(".new")
    try:
        target = literal(str(written))
        rows = found.execute(f"COPY ({sql}) TO {target} (FORMAT parquet)").fetchall()
    except duckdb.InterruptException:
        written.unlink(missing_ok=True)
        raise
    except duckdb.Error as error:
        written.unlink(missing_ok=True)
        raise DataError(str(error)) from error
    written.replace(path)
    return int(rows[0][0])
