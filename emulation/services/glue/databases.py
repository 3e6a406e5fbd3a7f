"""Databases of the Data Catalog."""

from typing import Any

from localstack.aws.api import RequestContext, handler

from emulation.services.glue.errors import (
    AlreadyExistsError,
    EntityNotFoundError,
    InvalidInputError,
)
from emulation.services.glue.paging import page
from emulation.services.glue.store import (
    LOCK,
    Database,
    GlueStore,
    Record,
    Scope,
    now,
    pick,
    scope_of,
)

MEMBERS = (
    "Description",
    "LocationUri",
    "Parameters",
    "CreateTableDefaultPermissions",
    "TargetDatabase",
)


class DatabaseOperations:
    """The operations on databases."""

    @handler("CreateDatabase", expand=False)
    def create_database(self, context: RequestContext, request: Any) -> dict[str, Any]:
        """Keep a new database."""
        scope, given = scope_of(context), request["DatabaseInput"]
        name = catalog_name(given["Name"])
        with LOCK:
            if name in scope.store.databases:
                raise AlreadyExistsError("Database already exists.")
            scope.store.databases[name] = Database(database_record(scope, name, given))
            scope.store.tags[scope.arn(f"database/{name}")] = dict(request.get("Tags") or {})
        return {}

    @handler("UpdateDatabase", expand=False)
    def update_database(self, context: RequestContext, request: Any) -> dict[str, Any]:
        """Replace what is said of a database; its tables stay."""
        scope, name = scope_of(context), request["Name"].lower()
        with LOCK:
            database = find_database(scope.store, name)
            created = pick(database.record, "CreateTime")
            given = database_record(scope, name, request["DatabaseInput"])
            database.record = {**given, **created}
        return {}

    @handler("DeleteDatabase", expand=False)
    def delete_database(self, context: RequestContext, request: Any) -> dict[str, Any]:
        """Forget a database with all its tables."""
        scope, name = scope_of(context), request["Name"].lower()
        with LOCK:
            find_database(scope.store, name)
            del scope.store.databases[name]
            scope.store.tags.pop(scope.arn(f"database/{name}"), None)
        return {}

    @handler("GetDatabase", expand=False)
    def get_database(self, context: RequestContext, request: Any) -> dict[str, Any]:
        """One database."""
        return {"Database": find_database(scope_of(context).store, request["Name"]).record}

    @handler("GetDatabases", expand=False)
    def get_databases(self, context: RequestContext, request: Any) -> dict[str, Any]:
        """All databases, by name."""
        databases = sorted(scope_of(context).store.databases.items())
        return page([database.record for _, database in databases], request, "DatabaseList")


def database_record(scope: Scope, name: str, given: Any) -> Record:
    """A database as the API answers it."""
    permissions = {
        "Principal": {"DataLakePrincipalIdentifier": "IAM_ALLOWED_PRINCIPALS"},
        "Permissions": ["ALL"],
    }
    return {
        "Name": name,
        "CreateTableDefaultPermissions": [permissions],
        **pick(given, *MEMBERS),
        "CreateTime": now(),
        "CatalogId": scope.account,
    }


def catalog_name(name: str) -> str:
    """A name as the catalog keeps it."""
    if not name.strip():
        raise InvalidInputError("Name cannot be null or empty.")
    return name.lower()


def find_database(store: GlueStore, name: str) -> Database:
    """A database by its name."""
    database = store.databases.get(name.lower())
    if database is None:
        raise EntityNotFoundError(f"Database {name} not found.")
    return database
