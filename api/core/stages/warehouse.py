"""The warehouse: its tables and their rows, counted by the warehouse itself.

Counting is a query, and a query wakes a paused workgroup on AWS. So rows are counted only when a
statement has run since the last count (which the Data API tells without the warehouse), or after a
long while, for statements of roles that are not shown to us.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from api.core.deployment import Clients, Deployment
from api.core.stages.stage import Figure, Stage, State, absent
from api.errors import NotReadableError

COUNT_NAME = "api-row-counts"
READING_NAMES = {COUNT_NAME, "api-console"}
"""Statements of this API, which change no row."""
SYSTEM_SCHEMAS = ("pg_", "information_schema", "sys")
POLL_SECONDS = 0.2
COUNT_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Counted:
    """Rows by table, and what was known when they were counted."""

    rows: dict[str, int]
    statement: str | None
    at: float


class Warehouse:
    """Reads the warehouse and remembers its last count."""

    def __init__(
        self,
        clients: Clients,
        recount_seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clients = clients
        self._recount_seconds = recount_seconds
        self._clock = clock
        self._counted: Counted | None = None

    def read(self, deployment: Deployment) -> Stage:
        """The stage."""
        workgroup = deployment.outputs.get("WarehouseWorkgroup")
        if workgroup is None:
            return absent("The warehouse")
        target = {
            "WorkgroupName": workgroup,
            "Database": deployment.outputs.get("WarehouseDatabase", "flights"),
        }
        rows = self._rows(target)
        return Stage(
            state=State.DONE if any(rows.values()) else State.IDLE,
            resource=f"{workgroup}/{target['Database']}",
            summary=_summary(rows),
            figures=(
                Figure("rows", "rows", sum(rows.values()) if rows else None),
                Figure("tables", "tables", len(rows)),
            ),
            entries=tuple({"table": table, "rows": count} for table, count in rows.items()),
        )

    def _rows(self, target: dict[str, str]) -> dict[str, int]:
        statement, last = self._newest_statement(), self._counted
        if last is not None:
            recent = self._clock() - last.at < self._recount_seconds
            if recent and statement is not None and statement == last.statement:
                return last.rows
        rows = self._count(target)
        self._counted = Counted(rows, statement, self._clock())
        return rows

    def _newest_statement(self) -> str | None:
        """The newest statement that is none of our own; None when it cannot be told."""
        try:
            listed = self._clients("redshift-data").list_statements(MaxResults=50)["Statements"]
        except ClientError:
            return None
        others = [item["Id"] for item in listed if item.get("StatementName") not in READING_NAMES]
        return others[0] if others else None

    def _count(self, target: dict[str, str]) -> dict[str, int]:
        tables = self._tables(target)
        if not tables:
            return {}
        sql = " union all ".join(
            f"select {_literal(f'{schema}.{table}')} as name, count(*) as counted "
            f"from {_quoted(schema)}.{_quoted(table)}"
            for schema, table in tables
        )
        records = self._query(sql, target)
        counts = {name["stringValue"]: int(counted["longValue"]) for name, counted in records}
        return dict(sorted(counts.items()))

    def _tables(self, target: dict[str, str]) -> list[tuple[str, str]]:
        listed = self._clients("redshift-data").list_tables(**target, MaxResults=1000)["Tables"]
        return [
            (table["schema"], table["name"])
            for table in listed
            if table.get("type", "TABLE") == "TABLE"
            and not table["schema"].startswith(SYSTEM_SCHEMAS)
        ]

    def _query(self, sql: str, target: dict[str, str]) -> list[list[dict[str, Any]]]:
        data = self._clients("redshift-data")
        started = data.execute_statement(**target, Sql=sql, StatementName=COUNT_NAME)
        deadline = time.monotonic() + COUNT_SECONDS
        while True:
            state = data.describe_statement(Id=started["Id"])
            if state["Status"] == "FINISHED":
                records: list[list[dict[str, Any]]] = data.get_statement_result(Id=started["Id"])[
                    "Records"
                ]
                return records
            if state["Status"] in {"FAILED", "ABORTED"}:
                raise NotReadableError(f"counting the rows failed: {state.get('Error')}")
            if time.monotonic() > deadline:
                raise NotReadableError(f"counting the rows took more than {COUNT_SECONDS:.0f} s")
            time.sleep(POLL_SECONDS)


def _summary(rows: dict[str, int]) -> str:
    if not rows:
        return "has no tables yet"
    return f"{len(rows)} tables" if any(rows.values()) else f"{len(rows)} tables, all empty"


def _quoted(name: str) -> str:
    escaped = name.replace('"', '""')
    return f'"{escaped}"'


def _literal(text: str) -> str:
    escaped = text.replace("'", "''")
    return f"'{escaped}'"
