"""The rows of a finished statement, page by page, from its file."""

import csv
import io

from localstack.aws.api import RequestContext, handler

from emulation.compute.warehouse.result_files import read_page
from emulation.compute.warehouse.results import Row, Value
from emulation.services.paging import read_token, token
from emulation.services.redshift_data.errors import invalid_token, no_result, validation_exception
from emulation.services.redshift_data.statements import existing
from emulation.services.redshift_data.store import Members, Statement

PAGE_BYTES = 1_000_000


class ResultOperations:
    """Read results."""

    @handler("GetStatementResult", expand=False)
    def get_statement_result(self, context: RequestContext, request: Members) -> Members:
        """A page of typed fields."""
        rows, answer = _page(context, request, "JSON")
        return answer | {"Records": [[field(value) for value in row] for row in rows]}

    @handler("GetStatementResultV2", expand=False)
    def get_statement_result_v2(self, context: RequestContext, request: Members) -> Members:
        """A page of CSV."""
        rows, answer = _page(context, request, "CSV")
        text = io.StringIO()
        csv.writer(text).writerows([[shown(value) for value in row] for row in rows])
        return answer | {"Records": [{"CSVRecords": text.getvalue()}], "ResultFormat": "CSV"}


def field(value: Value) -> Members:
    """A value by its type."""
    if value is None:
        return {"isNull": True}
    if isinstance(value, bool):
        return {"booleanValue": value}
    if isinstance(value, int):
        return {"longValue": value}
    return {"doubleValue": value} if isinstance(value, float) else {"stringValue": value}


def shown(value: Value) -> str:
    """A value in CSV."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _page(context: RequestContext, request: Members, wanted: str) -> tuple[list[Row], Members]:
    statement, part = existing(context, request["Id"])
    if part is None and not statement.batch:
        part = statement.parts[0]
    if part is None or statement.status != "FINISHED" or part.columns is None:
        raise no_result()
    _check_format(statement, wanted)
    path = statement.result_path(statement.parts.index(part))
    start = read_token(request.get("NextToken"), invalid_token())
    if start > path.stat().st_size:
        raise invalid_token()
    rows, following = read_page(path, start, PAGE_BYTES)
    more = {"NextToken": token(following)} if following is not None else {}
    return rows, {"ColumnMetadata": part.columns, "TotalNumRows": part.rows, **more}


def _check_format(statement: Statement, wanted: str) -> None:
    if statement.result_format != wanted:
        operation = "GetStatementResultV2" if wanted == "JSON" else "GetStatementResult"
        raise validation_exception(
            f"The result format of the statement is {statement.result_format}. Use {operation}."
        )
