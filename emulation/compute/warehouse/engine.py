"""The warehouse: namespaces with their databases, and the workers that run statements on them.

A namespace is one DuckDB instance; each of its databases is one file, attached to it. Who changes a
database waits for who changes it now, where DuckDB alone would fail the later of two conflicting
transactions at once; on Redshift the wait is for the table, here for the database.
"""

import itertools
import logging
import shutil
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol

import duckdb

from emulation.compute.redshift_sql.commands import NoEffect
from emulation.compute.redshift_sql.errors import CancelledError, SqlError, WarehouseError
from emulation.compute.redshift_sql.statements import (
    CreateDatabase,
    Drop,
    Statement,
    Transaction,
    Truncate,
    read,
)
from emulation.compute.redshift_sql.tokens import split
from emulation.compute.warehouse.namespaces import Namespace
from emulation.compute.warehouse.objects import ObjectStore
from emulation.compute.warehouse.result_files import write_rows
from emulation.compute.warehouse.results import Outcome, ResultColumn
from emulation.compute.warehouse.session import Session, writes

LOG = logging.getLogger(__name__)

WORKERS = 6
WAIT_SECONDS = 0.05


class State(StrEnum):
    """Where a statement is, in the Data API's words."""

    SUBMITTED = "SUBMITTED"
    PICKED = "PICKED"
    STARTED = "STARTED"
    FINISHED = "FINISHED"
    FAILED = "FAILED"
    ABORTED = "ABORTED"


@dataclass(frozen=True, slots=True)
class Part:
    """What became of one statement of a piece of work."""

    state: State
    seconds: float = 0.0
    error: str = ""
    rows: int = 0
    size: int = 0
    columns: tuple[ResultColumn, ...] | None = None
    query_number: int = 0


class Listener(Protocol):
    """Hears of a piece of work as it goes; called from the worker's thread."""

    def picked(self, worker: int) -> None:
        """A worker has it."""

    def started(self, index: int) -> None:
        """One of its statements runs."""

    def ended(self, index: int, part: Part) -> None:
        """One of its statements has ended."""

    def done(self, state: State, error: str, seconds: float) -> None:
        """All has ended."""


@dataclass(eq=False)
class Work:
    """One statement, or several in one transaction."""

    namespace: str
    database: str
    statements: Sequence[str]
    results: Sequence[Path]
    """Where the result of each statement goes."""
    objects: ObjectStore
    listener: Listener
    batch: bool = False
    id: str = ""
    cancelled: threading.Event = field(default_factory=threading.Event)
    finished: threading.Event = field(default_factory=threading.Event)
    session: Session | None = None

    def cancel(self) -> None:
        """Stop it: an unstarted one never runs, a running one is interrupted until it ends."""
        self.cancelled.set()
        threading.Thread(target=self._interrupt, daemon=True).start()

    def _interrupt(self) -> None:
        while not self.finished.wait(WAIT_SECONDS):
            if self.session is not None:
                self.session.cancel()


class Warehouse:
    """All namespaces of this emulator."""

    def __init__(self, folder: Path, memory: str = "1GB", workers: int = WORKERS) -> None:
        self.folder = folder
        self.memory = memory
        self._namespaces: dict[str, Namespace] = {}
        self._lock = threading.Lock()
        self._numbers = itertools.count(int(time.time()) % 10**8 * 10)
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="warehouse")

    def open(self, namespace: str) -> Namespace:
        """A namespace with its databases; opened when this process has not opened it yet."""
        with self._lock:
            if namespace not in self._namespaces:
                self._namespaces[namespace] = Namespace(self.folder / namespace, self.memory)
            return self._namespaces[namespace]

    def holds(self, namespace: str) -> bool:
        """Whether there is data of a namespace."""
        return (self.folder / namespace).is_dir()

    def drop(self, namespace: str) -> None:
        """Delete a namespace with all its data."""
        with self._lock:
            opened = self._namespaces.pop(namespace, None)
            if opened is not None:
                opened.close()
            shutil.rmtree(self.folder / namespace, ignore_errors=True)

    def close(self) -> None:
        """End the workers and let go of every file."""
        self._pool.shutdown(wait=True, cancel_futures=True)
        with self._lock:
            for namespace in self._namespaces.values():
                namespace.close()
            self._namespaces.clear()

    def start(self, work: Work) -> None:
        """Queue a piece of work; its listener hears how it goes."""
        self._pool.submit(self._run, work).add_done_callback(_log_mistake)

    def _run(self, work: Work) -> None:
        run = WorkRun(self, work, next(self._numbers))
        try:
            run.run()
        finally:
            work.finished.set()


def _log_mistake(future: Future[None]) -> None:
    error = None if future.cancelled() else future.exception()
    if error is not None:
        LOG.error("a mistake in the warehouse", exc_info=error)


class WorkRun:
    """One piece of work on its worker, from the queue to its end."""

    def __init__(self, warehouse: Warehouse, work: Work, number: int) -> None:
        self.warehouse = warehouse
        self.work = work
        self.number = number
        self.began = time.monotonic()
        self.held: threading.Lock | None = None
        self.at = 0
        self.changed: list[int] = []
        self.told = False

    def run(self) -> None:
        """Run it and tell its listener the end, whatever the end is."""
        work = self.work
        if work.cancelled.is_set():
            self._end(State.ABORTED, "")
            return
        work.listener.picked(threading.get_native_id())
        try:
            self._in_session()
        except SqlError as error:
            self._fail(error.text())
        except (CancelledError, duckdb.InterruptException):
            self._end(State.ABORTED, "")
        except (WarehouseError, duckdb.Error, OSError, RecursionError) as error:
            LOG.exception("a statement ended in an error of the warehouse")
            self._fail(f"ERROR: {error}")
        else:
            self._end(State.FINISHED, "")
        finally:
            if not self.told:
                # A mistake in the warehouse itself: whoever waits is told, and the log has it.
                self._fail(f"ERROR: internal error of the warehouse: {sys.exception()!r}")

    def _fail(self, text: str) -> None:
        if self.work.cancelled.is_set():
            self._end(State.ABORTED, "")
            return
        seconds = time.monotonic() - self.began
        if self.at < len(self.work.statements):
            part = Part(State.FAILED, seconds, text, query_number=self.number)
            self.work.listener.ended(self.at, part)
            self.at += 1
        self._end(State.FAILED, text)

    def _end(self, state: State, error: str) -> None:
        for index in range(self.at, len(self.work.statements)):
            self.work.listener.ended(index, Part(State.ABORTED))
        self.told = True
        self.work.listener.done(state, error, time.monotonic() - self.began)

    def _in_session(self) -> None:
        namespace = self.warehouse.open(self.work.namespace)
        session = namespace.session(self.work.database, self.work.objects, self.number)
        self.work.session = session
        try:
            self._run_all(namespace, session)
        finally:
            self.work.session = None
            # What is not committed is rolled back with its connection.
            session.close()
            if self.held is not None:
                self.held.release()

    def _run_all(self, namespace: Namespace, session: Session) -> None:
        statements = self._read()
        if any(statement is None or writes(statement) for statement in statements):
            self._wait_for_writers(namespace)
        if not self.work.batch and self._alone(namespace, statements[0]):
            return
        session.begin()
        for sql, statement in zip(self.work.statements, statements, strict=True):
            self._run_one(session, sql, statement)
        if self.work.cancelled.is_set():
            raise CancelledError
        if self.held is not None and self.work.id:
            session.note_commit(self.work.id, self.changed)
        session.commit()

    def _read(self) -> list[Statement | None]:
        """The statements of a batch; one that cannot be read fails when its turn comes."""
        statements: list[Statement | None] = []
        for sql in self.work.statements:
            try:
                statements.append(self._read_one(sql))
            except SqlError:
                if not self.work.batch:
                    raise
                statements.append(None)
        return statements

    @staticmethod
    def _read_one(sql: str) -> Statement:
        if len(split(sql)) > 1:
            raise SqlError("cannot insert multiple commands into a prepared statement")
        return read(sql)

    def _wait_for_writers(self, namespace: Namespace) -> None:
        lock = namespace.write_locks[self.work.database]
        while not lock.acquire(timeout=WAIT_SECONDS):
            if self.work.cancelled.is_set():
                raise CancelledError
        self.held = lock

    def _alone(self, namespace: Namespace, statement: Statement | None) -> bool:
        """Run what Redshift runs outside of a transaction only; whether it was such a statement."""
        if isinstance(statement, CreateDatabase):
            namespace.create_database(statement.name)
        elif isinstance(statement, Drop) and statement.kind == "database":
            for name in statement.names:
                namespace.drop_database(name[-1])
        else:
            return False
        self._note(Outcome(), 0.0)
        return True

    def _run_one(self, session: Session, sql: str, statement: Statement | None) -> None:
        if self.work.cancelled.is_set():
            raise CancelledError
        self.work.listener.started(self.at)
        began = time.monotonic()
        statement = statement or self._read_one(sql)
        if isinstance(statement, Transaction):
            self._transaction(session, statement)
            outcome = Outcome()
        else:
            self._check_batch(statement)
            outcome = session.run(statement)
        self._note(outcome, began)
        if isinstance(statement, Truncate):
            # Redshift commits a TRUNCATE and what came before it, whatever follows.
            session.commit()
            session.begin()

    def _check_batch(self, statement: Statement) -> None:
        if not self.work.batch:
            return
        name = ""
        if isinstance(statement, NoEffect) and statement.word == "vacuum":
            name = "VACUUM"
        elif isinstance(statement, CreateDatabase):
            name = "CREATE DATABASE"
        elif isinstance(statement, Drop) and statement.kind == "database":
            name = "DROP DATABASE"
        if name:
            raise SqlError(f"{name} cannot run inside a transaction block")

    @staticmethod
    def _transaction(session: Session, statement: Transaction) -> None:
        if statement.word == "commit":
            session.commit()
            session.begin()
        elif statement.word == "rollback":
            session.rollback()
            session.begin()

    def _note(self, outcome: Outcome, began: float) -> None:
        rows, size = outcome.rows_changed, 0
        columns: tuple[ResultColumn, ...] | None = None
        if outcome.rows is not None:
            rows, size = write_rows(self.work.results[self.at], outcome.rows)
            columns = tuple(outcome.columns)
        seconds = time.monotonic() - began if began else 0.0
        self.changed.append(rows)
        part = Part(State.FINISHED, seconds, "", rows, size, columns, self.number)
        self.work.listener.ended(self.at, part)
        self.at += 1
