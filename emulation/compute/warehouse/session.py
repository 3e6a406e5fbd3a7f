"""One session: a connection with Redshift's settings that runs Redshift's statements."""

from collections.abc import Iterator, Sequence
from typing import Any

import duckdb

from emulation.compute.redshift_sql.column_types import ColumnType, from_duckdb
from emulation.compute.redshift_sql.commands import NoEffect, SetOption, Show
from emulation.compute.redshift_sql.copy_statements import Copy, Unload
from emulation.compute.redshift_sql.dialect import parse
from emulation.compute.redshift_sql.errors import Names as ErrorNames
from emulation.compute.redshift_sql.errors import NotEmulatedError, SqlError, translate
from emulation.compute.redshift_sql.statements import (
    Change,
    CreateSchema,
    CreateView,
    Drop,
    Query,
    Statement,
    Truncate,
)
from emulation.compute.redshift_sql.table_changes import AlterTable
from emulation.compute.redshift_sql.tables import CreateTable
from emulation.compute.redshift_sql.translate import Translation, Translator
from emulation.compute.redshift_sql.translate import change as translate_change
from emulation.compute.warehouse.alterations import Alterations
from emulation.compute.warehouse.catalogue import TEMPORARY, Catalogue
from emulation.compute.warehouse.copying import Copying
from emulation.compute.warehouse.definitions import Definitions
from emulation.compute.warehouse.objects import ObjectStore
from emulation.compute.warehouse.results import Outcome, ResultColumn, Row, converter
from emulation.compute.warehouse.unloading import Unloading

SETTINGS = (
    "SET integer_division = true",
    "SET preserve_identifier_case = 'lowercase'",
    "SET timezone = 'UTC'",
    "SET error_on_division_by_zero = true",
    "SET python_enable_replacements = false",
)
FETCH_ROWS = 5000
WRITES = (Change, CreateTable, CreateView, CreateSchema, Drop, AlterTable, Truncate, Copy)


def writes(statement: Statement) -> bool:
    """Whether a statement changes a database, and so waits for who changes it now."""
    return isinstance(statement, WRITES)


class Session:
    """Runs statements; a transaction is open from `begin` to `commit` or `rollback`."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        database: str,
        objects: ObjectStore,
        query_number: int,
    ) -> None:
        self.connection = connection
        self.database = database
        self.objects = objects
        self.query_number = query_number
        for setting in SETTINGS:
            connection.execute(setting)
        connection.execute(f"""SET search_path = '"{database}".public,rs_system.main'""")
        self.catalogue = Catalogue(connection, database)
        self.definitions = Definitions(self.catalogue)
        self.options: dict[str, str] = {}
        self._names = ErrorNames()

    def begin(self) -> None:
        """Open a transaction."""
        self.connection.execute("BEGIN TRANSACTION")

    def commit(self) -> None:
        """Keep what the transaction did."""
        try:
            self.connection.execute("COMMIT")
        except duckdb.Error as error:
            raise translate(error) from error

    def note_commit(self, work: str, rows: Sequence[int]) -> None:
        """Leave a mark in the database that is there if and only if the work is."""
        self.connection.execute(
            "insert into _rs.committed values (?, ?, current_timestamp::timestamp)",
            [work, list(rows)],
        )

    def rollback(self) -> None:
        """Undo what the transaction did."""
        self.connection.execute("ROLLBACK")

    def cancel(self) -> None:
        """Interrupt what runs now; called from another thread."""
        self.connection.interrupt()

    def close(self) -> None:
        """End the session."""
        self.connection.close()

    def run(self, statement: Statement) -> Outcome:
        """One statement, inside the open transaction.

        Raises:
            SqlError: in Redshift's words.
            CancelledError: it was interrupted.
        """
        self._names = ErrorNames()
        try:
            return self._run(statement)
        except duckdb.Error as error:
            raise translate(error, self._names) from error

    def _run(self, statement: Statement) -> Outcome:
        match statement:
            case Query():
                return self._query(statement)
            case Change():
                return self._change(statement)
            case Copy():
                copying = Copying(self.catalogue, self.objects, self.query_number)
                copying.run(statement)
                # The Data API shows no rows for a COPY.
                return Outcome()
            case Unload():
                return self._unload(statement)
            case CreateTable():
                return Outcome(self.definitions.create_table(statement))
            case Show():
                return self._show(statement)
        self._define(statement)
        return Outcome()

    def _define(self, statement: Statement) -> None:
        match statement:
            case CreateView():
                self.definitions.create_view(statement)
            case CreateSchema():
                self.definitions.create_schema(statement)
            case Drop():
                self.definitions.drop(statement)
            case AlterTable():
                Alterations(self.definitions).alter(statement)
            case Truncate():
                self.definitions.truncate(statement)
            case SetOption():
                self._set(statement)
            case NoEffect():
                for name in statement.tables:
                    self.definitions.relation(name, "any")
            case _:
                raise NotEmulatedError(f"{type(statement).__name__} here")

    def _query(self, query: Query) -> Outcome:
        translator = Translator(self.catalogue)
        self._names = ErrorNames(translator.tables)
        translation = translator.query(query.tree)
        self._names = ErrorNames(translation.tables)
        return self._result(translation)

    def _result(self, translation: Translation) -> Outcome:
        relation = self.connection.sql(translation.sql)
        columns = self._columns(translation, relation.columns, [str(t) for t in relation.types])
        sql = translation.sql
        if any(column.type.name == "timestamptz" for column in columns):
            # DuckDB gives these to Python only through a package that is not installed.
            listed = [
                f"CAST(#{at} AS VARCHAR)" if column.type.name == "timestamptz" else f"#{at}"
                for at, column in enumerate(columns, 1)
            ]
            sql = f"SELECT {', '.join(listed)} FROM ({sql}) AS _r"
        self.connection.execute(sql)
        return Outcome(columns=columns, rows=self._rows(columns))

    def _columns(
        self, translation: Translation, names: Sequence[str], types: Sequence[str]
    ) -> list[ResultColumn]:
        origins: list[Any] = list(translation.origins)
        if len(origins) != len(names):
            origins = [None] * len(names)
        return [
            self._column(name, type_, origin)
            for name, type_, origin in zip(names, types, origins, strict=True)
        ]

    def _column(self, name: str, type_: str, origin: tuple[str, str, str] | None) -> ResultColumn:
        if origin is None:
            return ResultColumn(name, from_duckdb(type_))
        schema = TEMPORARY if origin[0] == "temp" else origin[0]
        for column in self.catalogue.columns(schema, origin[1]):
            if column.name == origin[2]:
                nullable = not column.not_null
                return ResultColumn(name, column.type, origin[0], origin[1], nullable=nullable)
        return ResultColumn(name, from_duckdb(type_))

    def _rows(self, columns: list[ResultColumn]) -> Iterator[Row]:
        converters = [converter(column) for column in columns]
        try:
            while batch := self.connection.fetchmany(FETCH_ROWS):
                for row in batch:
                    yield [convert(value) for convert, value in zip(converters, row, strict=True)]
        except duckdb.Error as error:
            raise translate(error, self._names) from error

    def _change(self, statement: Change) -> Outcome:
        translation = translate_change(statement.tree, self.catalogue, self._count_columns)
        self._names = ErrorNames(translation.tables)
        done = self.connection.execute(translation.sql).fetchall()
        return Outcome(int(done[0][0]) if done else 0)

    def _count_columns(self, sql: str) -> int:
        return len(self.connection.sql(sql).columns)

    def _unload(self, unload: Unload) -> Outcome:
        translation = Translator(self.catalogue).query(parse(unload.query))
        unloading = Unloading(self.connection, self.objects)
        relation = self.connection.sql(translation.sql)
        columns = self._columns(translation, relation.columns, [str(t) for t in relation.types])
        return Outcome(unloading.run(unload, translation.sql, columns))

    def _set(self, option: SetOption) -> None:
        if option.name == "search_path":
            path = [part.strip().lower() for value in option.values for part in value.split(",")]
            self.catalogue.path = tuple(path) or ("$user", "public")
        elif option.name == "enable_case_sensitive_identifier":
            if option.values and option.values[0] not in {"false", "off", "0"}:
                raise NotEmulatedError("enable_case_sensitive_identifier")
        elif option.name == "timezone" and option.values and option.values[0].upper() != "UTC":
            raise NotEmulatedError("a session time zone other than UTC")
        self.options[option.name] = ", ".join(option.values)

    def _show(self, show: Show) -> Outcome:
        values = {
            "search_path": ", ".join(self.catalogue.path),
            "timezone": "UTC",
            "server_version": "8.0.2",
            **self.options,
        }
        if show.name not in values:
            raise SqlError(f'unrecognized configuration parameter "{show.name}"')
        column = ResultColumn(show.name, ColumnType("varchar", length=256))
        row: Row = [values[show.name]]
        return Outcome(columns=[column], rows=iter([row]))
