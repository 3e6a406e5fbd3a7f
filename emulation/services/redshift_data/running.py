"""Statements at work: a statement's state is the worker's, told by the engine as it goes."""

import logging
import threading

from emulation.compute.warehouse import engine
from emulation.compute.warehouse.engine import State, Work
from emulation.services.redshift_data.columns import column_metadata
from emulation.services.redshift_data.s3_objects import GatewayObjects
from emulation.services.redshift_data.store import ACTIVE, Statement, load, now
from emulation.services.redshift_serverless.warehouse import warehouse

LOG = logging.getLogger(__name__)

LOCK = threading.RLock()
"""Held while a statement's record is changed or read."""

_WORK: dict[str, Work] = {}
"""What runs or waits, by statement. Never saved: it ends with this process."""

STOPPED = "ERROR: The warehouse stopped while the statement ran; its transaction was rolled back."


class Progress:
    """Writes what the engine tells into the statement's record."""

    def __init__(self, statement: Statement) -> None:
        self.statement = statement

    def picked(self, worker: int) -> None:
        """A worker has it."""
        with LOCK:
            self.statement.pid = worker
            self._is("PICKED")

    def started(self, index: int) -> None:
        """One of its parts runs."""
        with LOCK:
            self._is("STARTED")
            part = self.statement.parts[index]
            part.status, part.updated = "STARTED", now()

    def ended(self, index: int, part: engine.Part) -> None:
        """One of its parts has ended."""
        with LOCK:
            record = self.statement.parts[index]
            record.status, record.error, record.updated = str(part.state), part.error, now()
            record.duration_ns = int(part.seconds * 1e9)
            record.query_id = part.query_number
            if part.state is State.FINISHED:
                record.rows, record.size = part.rows, part.size
            if part.columns is not None:
                record.columns = [column_metadata(column) for column in part.columns]

    def done(self, state: State, error: str, seconds: float) -> None:
        """All has ended: on disk before anyone can read it."""
        with LOCK:
            self.statement.error = error
            self.statement.duration_ns = int(seconds * 1e9)
            self._is(str(state))
            self.statement.save()
            _WORK.pop(self.statement.id, None)

    def _is(self, status: str) -> None:
        self.statement.status = status
        self.statement.updated = now()


def start(statement: Statement, sqls: list[str]) -> None:
    """Queue a statement; its record is on disk before it runs."""
    statement.save()
    work = Work(
        statement.namespace_id,
        statement.database,
        sqls,
        [statement.result_path(index) for index in range(len(sqls))],
        GatewayObjects(statement.account, statement.region),
        Progress(statement),
        batch=statement.batch,
        id=statement.id,
    )
    _WORK[statement.id] = work
    warehouse().start(work)


def cancel(statement: Statement) -> None:
    """Ask for the end of a statement; its state follows."""
    work = _WORK.get(statement.id)
    if work is not None:
        work.cancel()


def recover() -> None:
    """Read the statements of former runs; end those that ended with the emulator."""
    for statement in load():
        if statement.status in ACTIVE:
            _end(statement)


def _end(statement: Statement) -> None:
    """A statement that ran: finished when its transaction is in the database, failed otherwise."""
    rows = None
    if warehouse().holds(statement.namespace_id):
        namespace = warehouse().open(statement.namespace_id)
        rows = namespace.committed(statement.database, statement.id)
    status = "FAILED" if rows is None else "FINISHED"
    for index, part in enumerate(statement.parts):
        part.status, part.updated = status, now()
        part.error = STOPPED if rows is None else ""
        if rows is not None and index < len(rows):
            part.rows, part.size = rows[index], 0
    statement.status, statement.updated = status, now()
    statement.error = STOPPED if rows is None else ""
    statement.save()
