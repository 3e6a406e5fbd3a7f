"""What a database holds: databases, schemas, tables and columns."""

import re
from collections.abc import Callable

from localstack.aws.api import RequestContext, handler

from emulation.compute.redshift_sql.errors import SqlError
from emulation.compute.warehouse.catalogue import SYSTEM_VIEWS, Catalogue
from emulation.services.paging import page
from emulation.services.redshift_data.columns import type_members
from emulation.services.redshift_data.errors import invalid_token, validation_exception
from emulation.services.redshift_data.s3_objects import GatewayObjects
from emulation.services.redshift_data.store import Members
from emulation.services.redshift_data.targets import target_of
from emulation.services.redshift_serverless.warehouse import warehouse

SYSTEM_SCHEMAS = ("information_schema", "pg_catalog")


def matches(pattern: str | None) -> Callable[[str], bool]:
    """Whether a name fits a pattern of LIKE; every name fits none."""
    if not pattern:
        return lambda name: True
    parts = [{"%": ".*", "_": "."}.get(one, re.escape(one)) for one in pattern]
    return lambda name: re.fullmatch("".join(parts), name) is not None


def asked[Answer](
    context: RequestContext, request: Members, question: Callable[[Catalogue], Answer]
) -> Answer:
    """A question to the catalogue of the database that a request names."""
    target = target_of(context, request)
    namespace = warehouse().open(target.namespace_id)
    objects = GatewayObjects(context.account_id, context.region)
    try:
        session = namespace.session(target.database, objects, 0)
    except SqlError as error:
        raise validation_exception(error.text()) from error
    try:
        return question(session.catalogue)
    finally:
        session.close()


class MetadataOperations:
    """Look around without SQL; unlike on AWS, without a statement behind it."""

    @handler("ListDatabases", expand=False)
    def list_databases(self, context: RequestContext, request: Members) -> Members:
        """The databases of the namespace."""
        target = target_of(context, request)
        asked(context, request, lambda catalogue: None)
        some, more = page(
            request, warehouse().open(target.namespace_id).databases(), invalid_token()
        )
        return {"Databases": some, **more}

    @handler("ListSchemas", expand=False)
    def list_schemas(self, context: RequestContext, request: Members) -> Members:
        """The schemas of a database."""
        own = asked(
            context,
            request,
            lambda catalogue: catalogue.rows("select schema_name from _rs.schemas"),
        )
        fits = matches(request.get("SchemaPattern"))
        names = sorted(name for name in (*SYSTEM_SCHEMAS, *(row[0] for row in own)) if fits(name))
        some, more = page(request, names, invalid_token())
        return {"Schemas": some, **more}

    @handler("ListTables", expand=False)
    def list_tables(self, context: RequestContext, request: Members) -> Members:
        """The tables and views of a database, its system views among them."""
        sql = "select schema_name, table_name, table_type from _rs.svv_all_relations"
        own = asked(context, request, lambda catalogue: catalogue.rows(sql))
        system = [("pg_catalog", name, "SYSTEM VIEW") for name in SYSTEM_VIEWS if name[:3] != "is_"]
        in_schema = matches(request.get("SchemaPattern"))
        in_table = matches(request.get("TablePattern"))
        tables = sorted(row for row in (*own, *system) if in_schema(row[0]) and in_table(row[1]))
        some, more = page(request, tables, invalid_token())
        listed = [{"schema": schema, "name": name, "type": kind} for schema, name, kind in some]
        return {"Tables": listed, **more}

    @handler("DescribeTable", expand=False)
    def describe_table(self, context: RequestContext, request: Members) -> Members:
        """The columns of a table."""
        if not request.get("Table"):
            raise NotImplementedError("redshift-data.DescribeTable without Table is not emulated")
        schema, table = request.get("Schema"), request["Table"].lower()

        def columns(catalogue: Catalogue) -> list[Members]:
            name = (schema.lower(), table) if schema else (table,)
            relation = catalogue.resolve(name)
            if relation is None or relation.physical == "_rs":
                return []
            return [
                {
                    **type_members(column.type),
                    "label": column.name,
                    "name": column.name,
                    "nullable": int(not column.not_null),
                    "schemaName": relation.schema,
                    "tableName": relation.name,
                    **({"columnDefault": column.default} if column.default else {}),
                }
                for column in catalogue.columns(relation.schema, relation.name)
            ]

        some, more = page(request, asked(context, request, columns), invalid_token())
        return {"TableName": request["Table"], "ColumnList": list(some), **more}
