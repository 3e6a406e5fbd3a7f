"""What a database holds in Redshift's terms: beside the data, in the same file and transaction.

DuckDB knows no distribution keys, text lengths, identity columns or late-binding views. They stand
in tables of the hidden schema `_rs`; that DuckDB has a table and that the catalogue names it is one
commit.
"""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import duckdb

from emulation.compute.redshift_sql.column_types import ColumnType
from emulation.compute.redshift_sql.tables import Column, CreateTable
from emulation.compute.redshift_sql.translate import Relation

Name = tuple[str, ...]

HIDDEN = "_rs"
SYSTEM = "rs_system"
TEMPORARY = "pg_temp"

TABLES = """
create schema if not exists _rs;
create table if not exists _rs.schemas (schema_name varchar);
create table if not exists _rs.tables (
  schema_name varchar, table_name varchar, diststyle varchar,
  created timestamp default current_timestamp::timestamp);
create table if not exists _rs.columns (
  schema_name varchar, table_name varchar, column_name varchar, position integer,
  type_name varchar, length integer, precision integer, scale integer, display varchar,
  not_null boolean, default_text varchar, identity varchar, by_default boolean,
  encoding varchar, distkey boolean, sortkey integer);
create table if not exists _rs.keys (
  schema_name varchar, table_name varchar, kind varchar, columns varchar[]);
create table if not exists _rs.views (
  schema_name varchar, view_name varchar, definition varchar, late boolean,
  created timestamp default current_timestamp::timestamp);
create table if not exists _rs.dependencies (
  schema_name varchar, view_name varchar, on_schema varchar, on_name varchar);
create table if not exists _rs.committed (work varchar, rows bigint[], noted timestamp);
delete from _rs.committed where noted < current_timestamp::timestamp - interval 2 day;
"""

SYSTEM_TABLES = """
create table rs_system.main.load_errors (
  database_name varchar, query bigint, starttime timestamp, filename varchar, line_number bigint,
  colname varchar, type varchar, col_length varchar, raw_line varchar, raw_field_value varchar,
  err_code integer, err_reason varchar);
create table rs_system.main.queries (
  database_name varchar, query bigint, starttime timestamp, endtime timestamp, querytxt varchar,
  aborted integer, pid integer, status varchar, error varchar, rows bigint);
"""


def statements_of(file_name: str) -> list[str]:
    """The statements of a file beside this module."""
    content = Path(__file__).with_name(file_name).read_text()
    content = re.sub(r"^--.*\n", "", content, flags=re.MULTILINE)
    return [part.strip() for part in content.split(";\n") if part.strip()]


def system_view_names() -> frozenset[str]:
    """The views that every database has."""
    return frozenset(part.split()[4] for part in statements_of("views.sql"))


SYSTEM_VIEWS = system_view_names()
INFORMATION_SCHEMA = {name[3:]: name for name in SYSTEM_VIEWS if name.startswith("is_")}


def prepare(connection: duckdb.DuckDBPyConnection, database: str) -> None:
    """Make the hidden schema of a database that has just been opened, and its views anew."""
    connection.execute(f'USE "{database}"')
    for statement in TABLES.split(";\n"):
        if statement.strip():
            connection.execute(statement)
    connection.execute("create schema if not exists public")
    connection.execute(
        "insert into _rs.schemas select 'public' where 'public' not in (from _rs.schemas)"
    )
    for statement in statements_of("views.sql"):
        view = statement.replace("create or replace view ", "create or replace view _rs.", 1)
        connection.execute(view.replace("{database}", database))


class Catalogue:
    """The catalogue of one session's database, seen from inside its transaction."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, database: str) -> None:
        self.connection = connection
        self.database = database
        self.path: tuple[str, ...] = ("$user", "public")
        self.temporary: dict[str, list[Column]] = {}
        """Columns of the session's own tables, which no other session sees."""

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """The rows of a query on the catalogue."""
        return self.connection.execute(sql, list(values)).fetchall()

    def resolve(self, name: Name) -> Relation | None:
        """What a name means now."""
        if len(name) > 3 or (len(name) == 3 and name[0] != self.database):
            return None
        *place, plain = name[-2:]
        for schema in self._schemas(place[0] if place else None):
            relation = self._table(schema, plain) or self._view(schema, plain)
            if relation is not None:
                return relation
        return self._system(place[0] if place else "", plain)

    def _schemas(self, place: str | None) -> Sequence[str]:
        return (place,) if place is not None else (TEMPORARY, *self.path)

    def _system(self, place: str, name: str) -> Relation | None:
        if place == "information_schema":
            name = INFORMATION_SCHEMA.get(name, "")
        if name not in SYSTEM_VIEWS or place not in {"", "pg_catalog", "information_schema"}:
            return None
        return Relation(place or "pg_catalog", name, {}, physical=HIDDEN)

    def _table(self, schema: str, name: str) -> Relation | None:
        columns = self.columns(schema, name)
        if not columns or self._is_view(schema, name):
            return None
        identities = {column.name for column in columns if column.identity}
        free = {column.name for column in columns if column.generated_by_default}
        return Relation(
            schema,
            name,
            {column.name: column.type for column in columns},
            frozenset(identities),
            frozenset(free),
            physical="temp" if schema == TEMPORARY else "",
        )

    def _is_view(self, schema: str, name: str) -> bool:
        sql = "select 1 from _rs.views where schema_name = ? and view_name = ?"
        return bool(self.rows(sql, schema, name))

    def _view(self, schema: str, name: str) -> Relation | None:
        sql = "select definition, late from _rs.views where schema_name = ? and view_name = ?"
        for definition, _late in self.rows(sql, schema, name):
            columns = self.columns(schema, name)
            types = {column.name: column.type for column in columns}
            return Relation(schema, name, types, definition=definition, names=tuple(types))
        return None

    def columns(self, schema: str, name: str) -> list[Column]:
        """The columns of a table or bound view; empty when there is none."""
        if schema == TEMPORARY:
            return self.temporary.get(name, [])
        found = self.rows(
            "select column_name, type_name, length, precision, scale, not_null, default_text,"
            " identity, by_default, encoding, distkey, sortkey from _rs.columns"
            " where schema_name = ? and table_name = ? order by position",
            schema,
            name,
        )
        return [_column(row) for row in found]

    def schema_exists(self, name: str) -> bool:
        """Whether a schema is there."""
        return bool(self.rows("select 1 from _rs.schemas where schema_name = ?", name))

    def target_schema(self) -> str:
        """Where a name without a schema is made."""
        return next((name for name in self.path if self.schema_exists(name)), "public")

    def add_table(self, schema: str, table: CreateTable) -> None:
        """Record a table with its columns and keys."""
        name = table.name[-1]
        if schema == TEMPORARY:
            self.temporary[name] = table.columns
            return
        self.connection.execute(
            "insert into _rs.tables (schema_name, table_name, diststyle) values (?, ?, ?)",
            [schema, name, table.diststyle],
        )
        self.add_columns(schema, name, table.columns)
        for kind, columns in table.keys:
            self.add_key(schema, name, kind, columns)

    def add_key(self, schema: str, name: str, kind: str, columns: Iterable[str]) -> None:
        """Record a key, which nobody enforces."""
        self.connection.execute(
            "insert into _rs.keys values (?, ?, ?, ?)", [schema, name, kind, list(columns)]
        )

    def add_columns(
        self, schema: str, name: str, columns: Sequence[Column], after: int = 0
    ) -> None:
        """Record columns behind the ones that are there."""
        rows = [
            [
                schema, name, column.name, position, column.type.name, column.type.length,
                column.type.precision, column.type.scale, column.type.display(), column.not_null,
                column.default, _identity_text(column), column.generated_by_default,
                column.encoding, column.distkey, column.sortkey,
            ]
            for position, column in enumerate(columns, after + 1)
        ]  # fmt: skip
        marks = ", ".join("?" * 16)
        if rows:
            self.connection.executemany(f"insert into _rs.columns values ({marks})", rows)

    def add_view(self, schema: str, name: str, definition: str, *, late: bool) -> None:
        """Record a view."""
        self.connection.execute(
            "insert into _rs.views (schema_name, view_name, definition, late) values (?, ?, ?, ?)",
            [schema, name, definition, late],
        )

    def add_dependency(self, schema: str, view: str, on: tuple[str, str]) -> None:
        """Record that a view needs a table or view."""
        self.connection.execute(
            "insert into _rs.dependencies values (?, ?, ?, ?)", [schema, view, *on]
        )

    def dependents(self, schema: str, name: str) -> list[tuple[str, str]]:
        """The bound views that need a table or view."""
        sql = (
            "select distinct schema_name, view_name from _rs.dependencies"
            " where on_schema = ? and on_name = ?"
        )
        return [(row[0], row[1]) for row in self.rows(sql, schema, name)]

    def forget(self, schema: str, name: str) -> None:
        """Drop every record of a table or view."""
        if schema == TEMPORARY:
            self.temporary.pop(name, None)
            return
        for table in ("tables", "columns", "keys"):
            self.connection.execute(
                f"delete from _rs.{table} where schema_name = ? and table_name = ?", [schema, name]
            )
        for table in ("views", "dependencies"):
            self.connection.execute(
                f"delete from _rs.{table} where schema_name = ? and view_name = ?", [schema, name]
            )


def _identity_text(column: Column) -> str | None:
    return None if column.identity is None else f"{column.identity[0]},{column.identity[1]}"


def _column(row: tuple[Any, ...]) -> Column:
    name, type_name, length, precision, scale, not_null, default, identity, *rest = row
    by_default, encoding, distkey, sortkey = rest
    first, _, step = (identity or "").partition(",")
    return Column(
        name,
        ColumnType(type_name, length, precision, scale),
        not_null=not_null,
        default=default,
        identity=(int(first), int(step)) if identity else None,
        generated_by_default=by_default,
        encoding=encoding,
        distkey=distkey,
        sortkey=sortkey,
    )
