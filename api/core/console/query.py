"""Statements to the warehouse by the Redshift Data API: bounded in rows, in time and in number."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from api.core.console.statement import checked
from api.core.deployment import Clients, Deployment
from api.errors import NotReadableError

ROWS = 200
SECONDS = 45.0
OFF = "The query box is switched off: API_QUERY_BOX (PIPELINE_QUERY_BOX=on of `deploy`) opens it."
POLL_SECONDS = 0.15
AT_ONCE = 3
NAME = "api-console"
"""Statements of this name write nothing: the rows need not be counted again after them."""


class TooManyError(NotReadableError):
    """Others are asking the warehouse at this moment."""


class TooSlowError(NotReadableError):
    """The warehouse was still at work when the time was over."""


class SwitchedOffError(NotReadableError):
    """Whoever runs this API has not switched the query box on."""


class NoWarehouseError(NotReadableError):
    """There is no warehouse to ask."""


@dataclass(frozen=True, slots=True)
class Table:
    """A result, cut at a number of rows."""

    columns: tuple[dict[str, str], ...] = ()
    rows: list[list[Any]] = field(default_factory=list)
    total: int = 0
    seconds: float = 0.0


class Queries:
    """Asks the warehouse."""

    def __init__(
        self, clients: Clients, deployment: Callable[[], Deployment], *, switched_on: bool
    ) -> None:
        self._switched_on = switched_on
        self._clients = clients
        self._deployment = deployment
        self._places = threading.BoundedSemaphore(AT_ONCE)

    @property
    def off(self) -> str:
        """Why nothing is asked here; empty where it is."""
        return "" if self._switched_on else OFF

    def ask(self, sql: str) -> Table:
        """The result of one statement that only reads.

        Raises:
            SwitchedOffError: nothing is asked here.
            RefusedStatementError: it is something else.
            NotReadableError: the warehouse refuses it, or does not answer in time.
        """
        if self.off:
            raise SwitchedOffError(self.off)
        statement = checked(sql)
        if not self._places.acquire(blocking=False):
            raise TooManyError(f"{AT_ONCE} queries are at work: wait for one to end.")
        try:
            return self._table(statement)
        finally:
            self._places.release()

    def _table(self, sql: str) -> Table:
        outputs = self._deployment().outputs
        if "WarehouseWorkgroup" not in outputs:
            raise NoWarehouseError("The warehouse is not deployed.")
        data = self._clients("redshift-data")
        began = time.monotonic()
        started = data.execute_statement(
            WorkgroupName=outputs["WarehouseWorkgroup"],
            Database=outputs.get("WarehouseDatabase", "flights"),
            Sql=sql,
            StatementName=NAME,
        )
        described = _ended(data, started["Id"])
        seconds = time.monotonic() - began
        if not described.get("HasResultSet", True):
            return Table(seconds=seconds)
        return _result(data, started["Id"], seconds)


def _ended(data: Any, statement: str) -> dict[str, Any]:
    deadline = time.monotonic() + SECONDS
    while True:
        described: dict[str, Any] = data.describe_statement(Id=statement)
        if described["Status"] == "FINISHED":
            return described
        if described["Status"] in {"FAILED", "ABORTED"}:
            raise NotReadableError(described.get("Error") or "The warehouse gave up.")
        if time.monotonic() > deadline:
            data.cancel_statement(Id=statement)
            raise TooSlowError(f"Cancelled: no answer within {SECONDS:.0f} s.")
        time.sleep(POLL_SECONDS)


def _result(data: Any, statement: str, seconds: float) -> Table:
    rows: list[list[Any]] = []
    page = data.get_statement_result(Id=statement)
    columns = tuple(
        {"name": column.get("label") or column["name"], "type": column.get("typeName", "")}
        for column in page.get("ColumnMetadata", ())
    )
    total = page.get("TotalNumRows", len(page["Records"]))
    for record in _records(data, statement, page):
        if len(rows) == ROWS:
            break
        rows.append([_value(cell) for cell in record])
    return Table(columns, rows, max(total, len(rows)), seconds)


def _records(data: Any, statement: str, page: dict[str, Any]) -> Iterator[list[dict[str, Any]]]:
    while True:
        yield from page["Records"]
        if "NextToken" not in page:
            return
        page = data.get_statement_result(Id=statement, NextToken=page["NextToken"])


def _value(cell: dict[str, Any]) -> Any:
    """A cell is an object with one key: the type, or `isNull`."""
    kind, value = next(iter(cell.items()))
    return None if kind == "isNull" else value
