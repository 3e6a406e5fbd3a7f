"""Run, describe, list and cancel statements."""

import re
import uuid
from datetime import UTC, datetime

from localstack.aws.api import RequestContext, handler

from emulation.compute.redshift_sql.errors import SqlSyntaxError
from emulation.compute.redshift_sql.parameters import bind, placeholders
from emulation.services.paging import page
from emulation.services.redshift_data import running
from emulation.services.redshift_data.errors import (
    ID_PATTERN,
    invalid_token,
    malformed_id,
    no_statement,
    too_many_statements,
    validation_exception,
)
from emulation.services.redshift_data.store import (
    ACTIVE,
    DataStore,
    Members,
    Part,
    Statement,
    drop_old,
    store_of,
)
from emulation.services.redshift_data.targets import Target, target_of

MOST_ACTIVE = 500
MOST_BYTES = 100_000


def moment(seconds: float) -> datetime:
    """A time as the API gives it."""
    return datetime.fromtimestamp(seconds, UTC)


def existing(context: RequestContext, id_: str) -> tuple[Statement, Part | None]:
    """A statement, and the part that a suffix names."""
    if not re.fullmatch(ID_PATTERN.strip("^$"), id_):
        raise malformed_id()
    plain, _, suffix = id_.partition(":")
    statement = store_of(context).statements.get(plain)
    if statement is None or (suffix and not 1 <= int(suffix) <= len(statement.parts)):
        raise no_statement()
    return statement, statement.parts[int(suffix) - 1] if suffix else None


class StatementOperations:
    """The life of a statement."""

    @handler("ExecuteStatement", expand=False)
    def execute_statement(self, context: RequestContext, request: Members) -> Members:
        """Queue one statement."""
        values = {one["name"]: one["value"] for one in request.get("Parameters") or []}
        sql = bound(request["Sql"], values)
        return _submit(context, request, [request["Sql"]], [sql], batch=False)

    @handler("BatchExecuteStatement", expand=False)
    def batch_execute_statement(self, context: RequestContext, request: Members) -> Members:
        """Queue statements that run in one transaction."""
        if request.get("Parameters"):
            raise NotImplementedError(
                "redshift-data.BatchExecuteStatement with Parameters is not emulated"
            )
        return _submit(context, request, request["Sqls"], request["Sqls"], batch=True)

    @handler("DescribeStatement", expand=False)
    def describe_statement(self, context: RequestContext, request: Members) -> Members:
        """Where a statement is and what it did."""
        statement, part = existing(context, request["Id"])
        with running.LOCK:
            if part is not None:
                index = statement.parts.index(part)
                return _described_part(statement, index) | statement.target
            return _described(statement)

    @handler("ListStatements", expand=False)
    def list_statements(self, context: RequestContext, request: Members) -> Members:
        """The statements of the last day, the newest first."""
        store = store_of(context)
        with running.LOCK:
            drop_old(store)
            found = [one for one in reversed(store.statements.values()) if _listed(one, request)]
            some, more = page(request, found, invalid_token())
            return {"Statements": [_summary(one) for one in some], **more}

    @handler("CancelStatement", expand=False)
    def cancel_statement(self, context: RequestContext, request: Members) -> Members:
        """Stop a statement; its state follows when it has stopped."""
        statement, part = existing(context, request["Id"])
        if part is not None:
            raise validation_exception("A sub-statement of a batch can't be cancelled.")
        with running.LOCK:
            if statement.status not in ACTIVE:
                raise validation_exception(
                    f"Could not cancel a query that is already in {statement.status} state "
                    f"with ID: {statement.id}"
                )
            running.cancel(statement)
        return {"Status": True}


def bound(sql: str, values: dict[str, str]) -> str:
    """The text with its parameters in place."""
    if not values:
        return sql
    try:
        named = {name for _, _, name in placeholders(sql)}
    except SqlSyntaxError:
        # What is wrong with the text is the statement's failure, not the request's.
        return sql
    unused = sorted(set(values) - named)
    if unused:
        raise validation_exception(
            f"Parameters list contains unused parameters. Unused parameters: {unused}"
        )
    missing = sorted(named - set(values))
    if missing:
        raise validation_exception(f"Cannot find parameter: {missing[0]} in the parameters list.")
    return bind(sql, values)


def _submit(
    context: RequestContext, request: Members, given: list[str], sqls: list[str], *, batch: bool
) -> Members:
    target = target_of(context, request)
    if request.get("WithEvent"):
        raise NotImplementedError("redshift-data statements with WithEvent are not emulated")
    if any(len(sql.encode()) > MOST_BYTES for sql in given):
        raise validation_exception("Query string exceeds the maximum length of 100 KB.")
    store = store_of(context)
    with running.LOCK:
        drop_old(store)
        statement = _by_token(store, request.get("ClientToken"))
        if statement is None:
            if sum(one.status in ACTIVE for one in store.statements.values()) >= MOST_ACTIVE:
                raise too_many_statements()
            statement = _new(context, request, target, given, batch=batch)
            store.statements[statement.id] = statement
            running.start(statement, sqls)
        answer = {name: value for name, value in statement.target.items() if name != "SecretArn"}
        return answer | {"Id": statement.id, "CreatedAt": moment(statement.created)}


def _by_token(store: DataStore, token: str | None) -> Statement | None:
    """The statement that was submitted with the same token."""
    if not token:
        return None
    same = (one for one in store.statements.values() if one.client_token == token)
    return next(same, None)


def _new(
    context: RequestContext, request: Members, target: Target, sqls: list[str], *, batch: bool
) -> Statement:
    return Statement(
        str(uuid.uuid4()),
        context.account_id,
        context.region,
        target.namespace_id,
        target.database,
        target.members,
        [Part(sql) for sql in sqls],
        batch,
        request.get("StatementName") or "",
        list(request.get("Parameters") or []),
        request.get("ResultFormat") or "JSON",
        request.get("ClientToken") or "",
    )


def _described(statement: Statement) -> Members:
    answer: Members = {
        **statement.target,
        "Id": statement.id,
        "Status": statement.status,
        "CreatedAt": moment(statement.created),
        "UpdatedAt": moment(statement.updated),
        "Duration": statement.duration_ns,
        "RedshiftPid": statement.pid,
        "ResultFormat": statement.result_format,
        "HasResultSet": any(part.columns is not None for part in statement.parts),
    }
    if statement.error:
        answer["Error"] = statement.error
    if statement.parameters:
        answer["QueryParameters"] = statement.parameters
    if statement.batch:
        numbers = range(len(statement.parts))
        answer["SubStatements"] = [_described_part(statement, number) for number in numbers]
        return answer | {"RedshiftQueryId": 0, "ResultRows": -1, "ResultSize": -1}
    part = statement.parts[0]
    return answer | {
        "QueryString": part.sql,
        "RedshiftQueryId": part.query_id,
        "ResultRows": part.rows,
        "ResultSize": part.size,
    }


def _described_part(statement: Statement, index: int) -> Members:
    part = statement.parts[index]
    answer = {
        "Id": f"{statement.id}:{index + 1}",
        "Status": part.status,
        "CreatedAt": moment(part.created),
        "UpdatedAt": moment(part.updated),
        "Duration": part.duration_ns,
        "QueryString": part.sql,
        "RedshiftQueryId": part.query_id,
        "ResultRows": part.rows,
        "ResultSize": part.size,
        "HasResultSet": part.columns is not None,
    }
    return answer | ({"Error": part.error} if part.error else {})


def _listed(statement: Statement, request: Members) -> bool:
    wanted = request.get("Status") or "ALL"
    return (
        wanted in {"ALL", statement.status}
        and statement.name.startswith(request.get("StatementName") or "")
        and request.get("Database") in {None, statement.database}
        and request.get("WorkgroupName") in {None, statement.target.get("WorkgroupName")}
        and not request.get("ClusterIdentifier")
    )


def _summary(statement: Statement) -> Members:
    sqls = [part.sql for part in statement.parts]
    answer: Members = {
        "Id": statement.id,
        "Status": statement.status,
        "CreatedAt": moment(statement.created),
        "UpdatedAt": moment(statement.updated),
        "IsBatchStatement": statement.batch,
        "ResultFormat": statement.result_format,
        "QueryString": sqls[0],
        "QueryStrings": sqls if statement.batch else [],
    }
    optional = {
        "StatementName": statement.name,
        "QueryParameters": statement.parameters,
        "SecretArn": statement.target.get("SecretArn"),
    }
    return answer | {name: value for name, value in optional.items() if value}
