"""SQL for the warehouse through the Data API: send, wait, read."""

from collections.abc import Iterator, Sequence
from typing import Any

from pipeline import aws
from pipeline.errors import LateError, StatementFailedError
from pipeline.orchestration.run import Run
from pipeline.polling import polls

GOING_ON = {"SUBMITTED", "PICKED", "STARTED"}

Answer = tuple[list[str], list[list[object]]]


def query(run: Run, sql: str) -> Answer:
    """Columns and rows of one statement; no columns when it has no result."""
    data = aws.client("redshift-data")
    statement = data.execute_statement(
        WorkgroupName=run.output("WarehouseWorkgroup"),
        Database=run.output("WarehouseDatabase"),
        Sql=sql,
    )["Id"]
    if not _wait(run, statement)["HasResultSet"]:
        return [], []
    pages = list(_pages(statement))
    columns = [column["label"] or column["name"] for column in pages[0]["ColumnMetadata"]]
    return columns, [list(map(_value, row)) for page in pages for row in page["Records"]]


def _wait(run: Run, statement: str) -> dict[str, Any]:
    for _ in polls(run.settings.stage_seconds, longest=1.0):
        found: dict[str, Any] = aws.client("redshift-data").describe_statement(Id=statement)
        if found["Status"] == "FINISHED":
            return found
        if found["Status"] not in GOING_ON:
            reason = found.get("Error") or found["Status"].lower()
            raise StatementFailedError(f"The warehouse refuses the statement: {reason}")
    raise LateError(f"Statement {statement} is not through after {run.settings.stage_seconds} s.")


def _pages(statement: str) -> Iterator[dict[str, Any]]:
    pages = aws.client("redshift-data").get_paginator("get_statement_result")
    yield from pages.paginate(Id=statement)


def _value(field: dict[str, Any]) -> object:
    """The one value of a field; an absent one is NULL."""
    return None if field.get("isNull") else next(iter(field.values()))


def scalar(answer: tuple[Sequence[str], Sequence[Sequence[object]]]) -> object:
    """The only value of an answer; None when there is no row."""
    _, rows = answer
    return rows[0][0] if rows else None
