"""Tables of the Data Catalog, and the versions that updates leave behind."""

import re
from typing import Any

from localstack.aws.api import RequestContext, handler

from emulation.services.glue.databases import catalog_name, find_database
from emulation.services.glue.errors import (
    AlreadyExistsError,
    EntityNotFoundError,
    VersionMismatchError,
)
from emulation.services.glue.paging import page
from emulation.services.glue.store import (
    LOCK,
    GlueStore,
    Record,
    Scope,
    Table,
    now,
    pick,
    scope_of,
)

MEMBERS = (
    "Description", "Owner", "LastAccessTime", "LastAnalyzedTime", "Retention", "StorageDescriptor",
    "PartitionKeys", "ViewOriginalText", "ViewExpandedText", "TableType", "Parameters",
    "TargetTable",
)  # fmt: skip


class TableOperations:
    """The operations on tables."""

    @handler("CreateTable", expand=False)
    def create_table(self, context: RequestContext, request: Any) -> dict[str, Any]:
        """Keep a new table."""
        if request.get("OpenTableFormatInput"):
            raise NotImplementedError("glue.CreateTable of an Iceberg table is not emulated")
        create(scope_of(context), request["DatabaseName"], request["TableInput"])
        return {}

    @handler("UpdateTable", expand=False)
    def update_table(self, context: RequestContext, request: Any) -> dict[str, Any]:
        """Replace a table's definition and keep the old one as a version."""
        scope, given = scope_of(context), request["TableInput"]
        with LOCK:
            table = find_table(scope.store, request["DatabaseName"], given["Name"])
            version = request.get("VersionId")
            if version and version != table.record["VersionId"]:
                raise VersionMismatchError(f"Table version {version} is not the current one.")
            replace(table, given, archive=not request.get("SkipArchive"))
        return {}

    @handler("DeleteTable", expand=False)
    def delete_table(self, context: RequestContext, request: Any) -> dict[str, Any]:
        """Forget a table with its partitions and versions."""
        delete(scope_of(context).store, request["DatabaseName"], request["Name"])
        return {}

    @handler("BatchDeleteTable", expand=False)
    def batch_delete_table(self, context: RequestContext, request: Any) -> dict[str, Any]:
        """Forget several tables; each that is not there is answered for."""
        store, database, errors = scope_of(context).store, request["DatabaseName"], []
        find_database(store, database)
        for name in request["TablesToDelete"]:
            try:
                delete(store, database, name)
            except EntityNotFoundError as error:
                detail = {"ErrorCode": error.code, "ErrorMessage": error.message}
                errors.append({"TableName": name, "ErrorDetail": detail})
        return {"Errors": errors}

    @handler("GetTable", expand=False)
    def get_table(self, context: RequestContext, request: Any) -> dict[str, Any]:
        """One table."""
        store = scope_of(context).store
        return {"Table": find_table(store, request["DatabaseName"], request["Name"]).record}

    @handler("GetTables", expand=False)
    def get_tables(self, context: RequestContext, request: Any) -> dict[str, Any]:
        """The tables of a database, by name, or those whose names match."""
        database = find_database(scope_of(context).store, request["DatabaseName"])
        expression = request.get("Expression")
        tables = [
            table.record
            for name, table in sorted(database.tables.items())
            if not expression or matches(name, expression)
        ]
        return page(tables, request, "TableList")

    @handler("GetTableVersion", expand=False)
    def get_table_version(self, context: RequestContext, request: Any) -> dict[str, Any]:
        """One version of a table; the current one, when none is named."""
        table = find_table(scope_of(context).store, request["DatabaseName"], request["TableName"])
        wanted = request.get("VersionId") or table.record["VersionId"]
        for version in versions(table):
            if version["VersionId"] == wanted:
                return {"TableVersion": version}
        raise EntityNotFoundError(f"Table version {wanted} not found.")

    @handler("GetTableVersions", expand=False)
    def get_table_versions(self, context: RequestContext, request: Any) -> dict[str, Any]:
        """All versions of a table, the latest first."""
        table = find_table(scope_of(context).store, request["DatabaseName"], request["TableName"])
        return page(versions(table), request, "TableVersions")


def create(scope: Scope, database_name: str, given: Any) -> Table:
    """Add a table to a database."""
    with LOCK:
        database = find_database(scope.store, database_name)
        name = catalog_name(given["Name"])
        if name in database.tables:
            raise AlreadyExistsError("Table already exists.")
        moment = now()
        fixed = {
            "Name": name,
            "DatabaseName": database.record["Name"],
            "CreateTime": moment,
            "UpdateTime": moment,
            "CreatedBy": f"arn:aws:iam::{scope.account}:root",
            "IsRegisteredWithLakeFormation": False,
            "CatalogId": scope.account,
            "VersionId": "0",
        }
        table = Table({"Retention": 0, **pick(given, *MEMBERS), **fixed})
        database.tables[name] = table
    return table


def replace(table: Table, given: Any, *, archive: bool = True) -> None:
    """Give a table a new definition."""
    old = table.record
    fixed = pick(old, "Name", "DatabaseName", "CreateTime", "CreatedBy", "CatalogId", "VersionId")
    if archive:
        table.versions.append(old)
        fixed["VersionId"] = str(int(old["VersionId"]) + 1)
    table.record = {
        "Retention": 0,
        "IsRegisteredWithLakeFormation": False,
        **pick(given, *MEMBERS),
        **fixed,
        "UpdateTime": now(),
    }


def delete(store: GlueStore, database: str, name: str) -> None:
    """Take a table out of its database."""
    with LOCK:
        find_table(store, database, name)
        del find_database(store, database).tables[name.lower()]


def find_table(store: GlueStore, database: str, name: str) -> Table:
    """A table by its database and name."""
    table = find_database(store, database).tables.get(name.lower())
    if table is None:
        raise EntityNotFoundError(f"Table {name} not found.")
    return table


def versions(table: Table) -> list[Record]:
    """The table's versions as the API answers them, the current one first."""
    records = [table.record, *reversed(table.versions)]
    return [{"Table": record, "VersionId": record["VersionId"]} for record in records]


def matches(name: str, expression: str) -> bool:
    """Whether a name matches, read as a regular expression or as Hive does, where `*` is any text
    and `|` is or.
    """
    hive = expression.replace("*", ".*")
    return any(matches_pattern(name, pattern) for pattern in (expression, hive))


def matches_pattern(name: str, pattern: str) -> bool:
    """Whether the whole name matches; a pattern that is none matches nothing."""
    try:
        return re.fullmatch(pattern, name, re.IGNORECASE) is not None
    except re.error:
        return False
