"""Fills the warehouse from the lake: the files of this folder, in order, each one transaction.

Every file can be run again: tables are made when they are missing, rows are replaced. What COPY
must know of the processed files is taken from their contract, so that the two cannot drift apart;
columns that producers added follow those of the contract in the files, and so they do in staging.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.contracts import features
from pipeline.errors import LateError, SettingError, StatementFailedError
from pipeline.polling import polls

FILES = ("01_tables.sql", "02_load.sql", "03_marts.sql")
TABLES = (
    "dim_airline",
    "dim_airport",
    "dim_plane",
    "dim_date",
    "fact_flights",
    "mart_carrier_month",
    "mart_hour_weather",
    "mart_route",
)
COLUMN_TYPES = {
    features.TEXT: "VARCHAR(128)",
    features.WHOLE: "INTEGER",
    features.NUMBER: "DOUBLE PRECISION",
    features.FLAG: "BOOLEAN",
    features.DAY: "DATE",
    features.INSTANT: "TIMESTAMP",
}
ADDED_TYPES = {
    "string": "VARCHAR(65535)",
    "long": "BIGINT",
    "double": "DOUBLE PRECISION",
    "boolean": "BOOLEAN",
}
GOING_ON = {"SUBMITTED", "PICKED", "STARTED"}
SECONDS = 900.0

Row = list[dict[str, Any]]
"""Fields as the Data API has them."""

Progress = Callable[[str, int, int], None]
"""Takes what is done now, how many statements are done, and of how many."""


@dataclass(frozen=True)
class Warehouse:
    """Where the tables are, and what COPY reads with which role."""

    workgroup: str
    database: str
    lake_bucket: str
    copy_role: str
    added: tuple[str, ...] = ()
    """Types of the processed files' columns behind those of the contract, as Spark names them."""
    secret: str = ""
    """Secret of the user who owns the tables; each identity of IAM is a user of its own."""

    @property
    def named(self) -> dict[str, str]:
        """What every request to the Data API names."""
        given = {"WorkgroupName": self.workgroup, "Database": self.database}
        return given | ({"SecretArn": self.secret} if self.secret else {})


def statements(warehouse: Warehouse, file_name: str) -> list[str]:
    """The statements of a file, with bucket, role and staging columns in their places."""
    values = {
        "lake_bucket": plain(warehouse.lake_bucket),
        "copy_role": plain(warehouse.copy_role),
        "staging_columns": staging_columns(warehouse.added),
    }
    return statements_in(file_name, values)


def statements_in(file_name: str, values: Mapping[str, str]) -> list[str]:
    """The statements of a file, with values in the places that it names."""
    content = Path(__file__).with_name(file_name).read_text()
    content = re.sub(r"^\s*--.*\n", "", content, flags=re.MULTILINE).format_map(values)
    return [part.strip() for part in content.split(";\n") if part.strip()]


def plain(value: str) -> str:
    """A name that stands in a string of SQL, where no parameter may stand."""
    if not re.fullmatch(r"[\w.:/+=,@-]+", value):
        raise SettingError(f"{value!r} is neither a bucket's name nor a role's ARN.")
    return value


def staging_columns(added: Sequence[str]) -> str:
    """The columns of the processed files, in their order. COPY goes by position, so columns that
    nobody here knows need no name.
    """
    columns = [f"    {column.name}  {COLUMN_TYPES[column.type]}" for column in features.COLUMNS]
    columns += [f"    added_{place}  {ADDED_TYPES[kind]}" for place, kind in enumerate(added, 1)]
    return ",\n".join(columns)


def load(
    client: Any,
    warehouse: Warehouse,
    progress: Progress = lambda what, done, of: None,
    seconds: float = SECONDS,
) -> dict[str, int]:
    """Run everything; the rows of each table afterwards.

    `client` is one of the Redshift Data API.

    Raises:
        StatementFailedError: names the statement and Redshift's reason; its file changed nothing.
        LateError: a file is not through in time.
    """
    files = {name: statements(warehouse, name) for name in FILES}
    total, done = sum(len(batch) for batch in files.values()), 0
    for name, batch in files.items():
        progress(name, done, total)
        run(client, warehouse, name, batch, seconds)
        done += len(batch)
    progress("rows", total, total)
    return rows(client, warehouse, seconds)


def rows(client: Any, warehouse: Warehouse, seconds: float = SECONDS) -> dict[str, int]:
    """How many rows each table has."""
    counts = [f"SELECT '{table}' AS name, COUNT(*) AS many FROM {table}" for table in TABLES]
    found = ask(client, warehouse, " UNION ALL ".join(counts), seconds)
    counted = {row[0]["stringValue"]: int(row[1]["longValue"]) for row in found}
    return {table: counted[table] for table in TABLES}


def ask(client: Any, warehouse: Warehouse, sql: str, seconds: float = SECONDS) -> list[Row]:
    """The rows of one query.

    Raises:
        StatementFailedError: gives Redshift's reason.
        LateError: there is no answer in time.
    """
    id_ = client.execute_statement(**warehouse.named, Sql=sql)["Id"]
    found = _wait(client, id_, seconds)
    if found["Status"] != "FINISHED":
        raise StatementFailedError(f"The warehouse refuses {sql[:60]}: {_reason(found)}")
    pages = client.get_paginator("get_statement_result").paginate(Id=id_)
    return [row for page in pages for row in page["Records"]]


def run(client: Any, warehouse: Warehouse, name: str, batch: list[str], seconds: float) -> None:
    """Run the statements of a file as one transaction.

    Raises:
        StatementFailedError: names the statement and Redshift's reason; nothing has changed.
        LateError: it is not through in time.
    """
    id_ = client.batch_execute_statement(**warehouse.named, Sqls=batch, StatementName=name)["Id"]
    found = _wait(client, id_, seconds)
    if found["Status"] != "FINISHED":
        raise StatementFailedError(_sentence(name, batch, found))


def _wait(client: Any, id_: str, seconds: float) -> dict[str, Any]:
    for _ in polls(seconds, longest=1.0):
        found: dict[str, Any] = client.describe_statement(Id=id_)
        if found["Status"] not in GOING_ON:
            return found
    raise LateError(f"Statement {id_} is not through after {seconds:.0f} s.")


def _sentence(name: str, batch: list[str], found: dict[str, Any]) -> str:
    """Which statement failed, and why."""
    for number, part in enumerate(found.get("SubStatements", [])):
        if part["Status"] == "FAILED":
            what = " ".join(batch[number].split())[:100]
            return f"Statement {number + 1} of {name} ({what}) failed: {_reason(part)}"
    return f"{name} failed: {_reason(found)}"


def _reason(found: dict[str, Any]) -> str:
    return str(found.get("Error") or found["Status"].lower())
