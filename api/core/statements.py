"""One statement of the warehouse through the Data API, with parameters; its rows by column."""

import time
from collections.abc import Mapping
from typing import Any

from api.core.console.query import NAME
from api.core.deployment import Clients, Deployment
from api.errors import NotReadableError

GOING_ON = {"SUBMITTED", "PICKED", "STARTED"}
FIRST_POLL_SECONDS, LONGEST_POLL_SECONDS = 0.02, 0.5

Row = dict[str, Any]


def query(
    clients: Clients,
    deployment: Deployment,
    sql: str,
    parameters: Mapping[str, str],
    seconds: float,
) -> list[Row]:
    """The rows.

    Raises:
        NotReadableError: the statement failed, or takes longer; then it is cancelled.
    """
    data = clients("redshift-data")
    statement = data.execute_statement(
        WorkgroupName=deployment.outputs["WarehouseWorkgroup"],
        Database=deployment.outputs.get("WarehouseDatabase", "flights"),
        Sql=sql,
        Parameters=[{"name": name, "value": value} for name, value in parameters.items()],
        StatementName=NAME,
    )["Id"]
    _wait(data, statement, seconds)
    result = data.get_statement_result(Id=statement)
    names = [column["name"] for column in result["ColumnMetadata"]]
    return [dict(zip(names, map(_value, row), strict=True)) for row in result["Records"]]


def _wait(data: Any, statement: str, seconds: float) -> None:
    deadline, pause = time.monotonic() + seconds, FIRST_POLL_SECONDS
    while True:
        found = data.describe_statement(Id=statement)
        if found["Status"] == "FINISHED":
            return
        if found["Status"] not in GOING_ON:
            reason = found.get("Error") or found["Status"].lower()
            raise NotReadableError(f"the warehouse refuses the statement: {reason}")
        if time.monotonic() > deadline:
            data.cancel_statement(Id=statement)
            raise NotReadableError(f"the warehouse has not answered within {seconds:.0f} s")
        time.sleep(pause)
        pause = min(2 * pause, LONGEST_POLL_SECONDS)


def _value(field: dict[str, Any]) -> Any:
    return None if field.get("isNull") else next(iter(field.values()))
