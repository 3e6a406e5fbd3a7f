"""ALTER TABLE: each change in DuckDB's table and in the catalogue's record of it."""

from typing import Any

from emulation.compute.redshift_sql.errors import NotEmulatedError, SqlError
from emulation.compute.redshift_sql.table_changes import AlterTable
from emulation.compute.redshift_sql.translate import Relation
from emulation.compute.warehouse.catalogue import TEMPORARY
from emulation.compute.warehouse.definitions import Definitions, physical


class Alterations:
    """Changes the tables of one session's database."""

    def __init__(self, definitions: Definitions) -> None:
        self.definitions = definitions
        self.catalogue = definitions.catalogue
        self.connection = definitions.connection

    def alter(self, change: AlterTable) -> None:
        """One change of a table."""
        relation = self.definitions.relation(change.name, "any")
        if relation.definition is not None and change.action not in {"rename", "owner"}:
            raise SqlError(f'"{relation.name}" is not a table')
        if relation.schema == TEMPORARY:
            raise NotEmulatedError("ALTER TABLE of a temporary table")
        actions: dict[str, Any] = {
            "add column": self._add_column,
            "drop column": self._drop_column,
            "rename": self._rename,
            "rename column": self._rename_column,
            "type": self._change_type,
            "encode": self._encode,
            "distribution": self._distribute,
            "sort order": self._sort,
            "add key": self._add_key,
            "drop key": self._refuse_key,
            "owner": lambda change, relation: None,
        }
        actions[change.action](change, relation)

    def _add_column(self, change: AlterTable, relation: Relation) -> None:
        column = change.column
        assert column is not None
        if column.identity is not None:
            raise SqlError("cannot add an IDENTITY column")
        if column.name in relation.columns:
            raise SqlError(f'column "{column.name}" of relation "{relation.name}" already exists')
        if column.not_null and column.default is None:
            raise SqlError(
                "ALTER TABLE ADD COLUMN defined as NOT NULL must have a non-null default"
            )
        table = physical(relation.schema, relation.name)
        default = f" DEFAULT {self.definitions.default(column.default)}" if column.default else ""
        declared = f'"{column.name}" {column.type.duckdb()}{default}'
        self.connection.execute(f"ALTER TABLE {table} ADD COLUMN {declared}")
        if column.not_null:
            self.connection.execute(f'ALTER TABLE {table} ALTER "{column.name}" SET NOT NULL')
        after = len(relation.columns)
        self.catalogue.add_columns(relation.schema, relation.name, [column], after)

    def _drop_column(self, change: AlterTable, relation: Relation) -> None:
        self._require_column(change.column_name, relation)
        dependents = self.catalogue.dependents(relation.schema, relation.name)
        if dependents and not change.cascade:
            raise SqlError(
                f"cannot drop table {relation.name} column {change.column_name} because other "
                "objects depend on it",
                hint="Use DROP ... CASCADE to drop the dependent objects too.",
            )
        if dependents:
            raise NotEmulatedError("DROP COLUMN CASCADE of a column under a view")
        table = physical(relation.schema, relation.name)
        self.connection.execute(f'ALTER TABLE {table} DROP COLUMN "{change.column_name}"')
        self._update("delete from _rs.columns where", relation, change.column_name)

    def _rename(self, change: AlterTable, relation: Relation) -> None:
        if self.catalogue.resolve((relation.schema, change.new_name)) is not None:
            raise SqlError(f'Relation "{change.new_name}" already exists')
        if self.catalogue.dependents(relation.schema, relation.name):
            raise NotEmulatedError("RENAME of a table under a view")
        columns = self.catalogue.columns(relation.schema, relation.name)
        if any(column.identity for column in columns):
            raise NotEmulatedError("RENAME of a table with an IDENTITY column")
        if relation.definition is None:
            table = physical(relation.schema, relation.name)
            self.connection.execute(f'ALTER TABLE {table} RENAME TO "{change.new_name}"')
        for catalogue_table, column in RENAMED:
            self.connection.execute(
                f"update _rs.{catalogue_table} set {column} = ?"
                f" where schema_name = ? and {column} = ?",
                [change.new_name, relation.schema, relation.name],
            )

    def _rename_column(self, change: AlterTable, relation: Relation) -> None:
        self._require_column(change.column_name, relation)
        if self.catalogue.dependents(relation.schema, relation.name):
            raise NotEmulatedError("RENAME COLUMN of a table under a view")
        table = physical(relation.schema, relation.name)
        self.connection.execute(
            f'ALTER TABLE {table} RENAME COLUMN "{change.column_name}" TO "{change.new_name}"'
        )
        name = change.new_name.replace("'", "''")
        sql = f"update _rs.columns set column_name = '{name}' where"
        self._update(sql, relation, change.column_name)

    def _change_type(self, change: AlterTable, relation: Relation) -> None:
        """Redshift changes the length of VARCHAR only, which here is the catalogue's."""
        self._require_column(change.column_name, relation)
        old, new = relation.columns[change.column_name], change.new_type
        if new is None or old.name != "varchar" or new.name != "varchar":
            raise SqlError("target data type is not supported for ALTER COLUMN TYPE")
        sql = f'select max(strlen("{change.column_name}")) from '
        longest = self.catalogue.rows(sql + physical(relation.schema, relation.name))[0][0]
        if longest is not None and longest > new.length:
            raise SqlError("target column size should be different")
        values = f"length = {new.length}, display = '{new.display()}'"
        self._update(f"update _rs.columns set {values} where", relation, change.column_name)

    def _encode(self, change: AlterTable, relation: Relation) -> None:
        for column, encoding in change.encodings.items():
            self._require_column(column, relation)
            values = f"encoding = '{encoding}'"
            self._update(f"update _rs.columns set {values} where", relation, column)

    def _distribute(self, change: AlterTable, relation: Relation) -> None:
        if change.column_name:
            self._require_column(change.column_name, relation)
        self._update("update _rs.columns set distkey = false where", relation)
        if change.column_name:
            sql = "update _rs.columns set distkey = true where"
            self._update(sql, relation, change.column_name)
        self.connection.execute(
            "update _rs.tables set diststyle = ? where schema_name = ? and table_name = ?",
            [change.diststyle or "AUTO", relation.schema, relation.name],
        )

    def _sort(self, change: AlterTable, relation: Relation) -> None:
        self._update("update _rs.columns set sortkey = 0 where", relation)
        for position, name in enumerate(change.sortkeys, 1):
            self._require_column(name, relation)
            sql = f"update _rs.columns set sortkey = {position} where"
            self._update(sql, relation, name)

    def _add_key(self, change: AlterTable, relation: Relation) -> None:
        assert change.key is not None
        kind, columns = change.key
        for column in columns:
            self._require_column(column, relation)
        self.catalogue.add_key(relation.schema, relation.name, kind, columns)

    def _refuse_key(self, change: AlterTable, relation: Relation) -> None:
        raise NotEmulatedError("ALTER TABLE DROP CONSTRAINT")

    def _require_column(self, name: str, relation: Relation) -> None:
        if name not in relation.columns:
            raise SqlError(f'column "{name}" of relation "{relation.name}" does not exist')

    def _update(self, sql: str, relation: Relation, column: str | None = None) -> None:
        condition = " schema_name = ? and table_name = ?"
        values = [relation.schema, relation.name]
        if column is not None:
            condition, values = f"{condition} and column_name = ?", [*values, column]
        self.connection.execute(sql + condition, values)


RENAMED = (
    ("tables", "table_name"),
    ("columns", "table_name"),
    ("keys", "table_name"),
    ("views", "view_name"),
    ("dependencies", "view_name"),
)
