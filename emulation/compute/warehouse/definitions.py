"""CREATE, ALTER and DROP: what DuckDB makes and what the catalogue records, in one transaction."""

from dataclasses import replace

from sqlglot import exp

from emulation.compute.redshift_sql.column_types import ColumnType, from_duckdb
from emulation.compute.redshift_sql.dialect import parse
from emulation.compute.redshift_sql.errors import NotEmulatedError, SqlError
from emulation.compute.redshift_sql.statements import CreateSchema, CreateView, Drop, Truncate
from emulation.compute.redshift_sql.tables import Column, CreateTable
from emulation.compute.redshift_sql.translate import Relation, Translator
from emulation.compute.warehouse.catalogue import TEMPORARY, Catalogue

Name = tuple[str, ...]


class Definitions:
    """Shapes the tables of one session's database."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.connection = catalogue.connection

    def create_table(self, table: CreateTable) -> int:
        """A table; gives the rows that CREATE TABLE AS put into it."""
        schema = self._place(table.name, temporary=table.temporary)
        name = table.name[-1]
        if self.catalogue.columns(schema, name):
            if table.if_not_exists:
                return 0
            raise SqlError(f'Relation "{name}" already exists')
        if table.query is not None:
            return self._create_as(schema, table)
        if table.like is not None:
            self._copy_columns(table)
        if not table.columns:
            raise SqlError("tables must have at least one column")
        self._make(schema, name, table.columns)
        self.catalogue.add_table(schema, table)
        return 0

    def _place(self, name: Name, *, temporary: bool = False) -> str:
        if temporary:
            return TEMPORARY
        if len(name) == 1:
            return self.catalogue.target_schema()
        if len(name) == 3 and name[0] != self.catalogue.database:
            raise NotEmulatedError("a change in another database")
        schema = name[-2]
        if not self.catalogue.schema_exists(schema):
            raise SqlError(f'schema "{schema}" does not exist')
        return schema

    def _make(self, schema: str, name: str, columns: list[Column]) -> None:
        for column in columns:
            if column.identity is not None:
                self._make_sequence(schema, name, column)
        listed = ", ".join(self._declared(schema, name, column) for column in columns)
        kind = "TEMP TABLE" if schema == TEMPORARY else "TABLE"
        self.connection.execute(f"CREATE {kind} {physical(schema, name)} ({listed})")

    def _make_sequence(self, schema: str, name: str, column: Column) -> None:
        if column.identity is None:
            return
        first, step = column.identity
        if schema == TEMPORARY:
            raise NotEmulatedError("an IDENTITY column in a temporary table")
        self.connection.execute(
            f"CREATE SEQUENCE {sequence(schema, name, column.name)} START {first} INCREMENT {step}"
            f" {'MINVALUE' if step > 0 else 'MAXVALUE'} {first}"
        )

    def _declared(self, schema: str, name: str, column: Column) -> str:
        parts = [f'"{column.name}"', column.type.duckdb()]
        if column.identity is not None:
            place = sequence(schema, name, column.name).replace('"', '""').replace('""', '"')
            parts.append(f"DEFAULT nextval('{place}')")
        elif column.default is not None:
            parts.append(f"DEFAULT {self.default(column.default)}")
        if column.not_null:
            parts.append("NOT NULL")
        return " ".join(parts)

    def default(self, expression: str) -> str:
        """A column's default as DuckDB reads it."""
        tree = parse(f"select {expression}")
        assert isinstance(tree, exp.Query)
        Translator(self.catalogue).expression(tree)
        if any(tree.find_all(exp.Column)):
            raise SqlError("cannot use column references in default expression")
        return f"({tree.selects[0].unalias().sql(dialect='duckdb')})"

    def _copy_columns(self, table: CreateTable) -> None:
        source = self.relation(table.like or (), "table")
        columns = self.catalogue.columns(source.schema, source.name)
        if not table.like_defaults:
            columns = [replace(column, default=None) for column in columns]
        table.columns = [replace(column, identity=None) for column in columns]

    def _create_as(self, schema: str, table: CreateTable) -> int:
        tree = parse(table.query or "")
        if not isinstance(tree, exp.Query):
            raise SqlError("CREATE TABLE AS needs a query")
        columns, sql = self._bound(tree)
        columns = _renamed(columns, table.names)
        twice = {one.name for one in columns if [c.name for c in columns].count(one.name) > 1}
        if twice:
            raise SqlError(f'column "{sorted(twice)[0]}" specified more than once')
        for position, name in enumerate(table.sortkeys, 1):
            _named(columns, name).sortkey = position
        if table.distkey:
            _named(columns, table.distkey).distkey = True
        table.columns = columns
        self._make(schema, table.name[-1], columns)
        self.catalogue.add_table(schema, table)
        target = physical(schema, table.name[-1])
        return int(self.connection.execute(f"INSERT INTO {target} {sql}").fetchall()[0][0])

    def _bound(self, tree: exp.Expr) -> tuple[list[Column], str]:
        """The columns of a query, with the declared types of those that are plain copies."""
        translation = Translator(self.catalogue).query(tree)
        relation = self.connection.sql(translation.sql)
        columns = []
        for number, (name, type_) in enumerate(zip(relation.columns, relation.types, strict=True)):
            origins = translation.origins
            origin = origins[number] if len(origins) == len(relation.columns) else None
            columns.append(Column(name, self.declared(origin) or _stored(str(type_))))
        return columns, translation.sql

    def declared(self, origin: tuple[str, str, str] | None) -> ColumnType | None:
        """The declared type of a column."""
        if origin is None:
            return None
        schema = TEMPORARY if origin[0] == "temp" else origin[0]
        for column in self.catalogue.columns(schema, origin[1]):
            if column.name == origin[2]:
                return column.type
        return None

    def create_view(self, view: CreateView) -> None:
        """A view; a bound one is checked now, with its columns fixed."""
        schema, name = self._place(view.name), view.name[-1]
        existing = self.catalogue.resolve((schema, name))
        if existing is not None and not view.replace:
            raise SqlError(f'Relation "{name}" already exists')
        if existing is not None and existing.definition is None:
            raise SqlError(f'"{name}" is not a view')
        tree = parse(view.query)
        columns: list[Column] = []
        needs: set[tuple[str, str]] = set()
        if not view.late:
            columns, needs = self._bind_view(tree, view)
        elif not all(table.db for table in tree.find_all(exp.Table)):
            self._require_schemas(tree)
        self.catalogue.forget(schema, name)
        self.catalogue.add_view(schema, name, view.query, late=view.late)
        self.catalogue.add_columns(schema, name, columns)
        for need in needs:
            self.catalogue.add_dependency(schema, name, need)

    def _bind_view(
        self, tree: exp.Expr, view: CreateView
    ) -> tuple[list[Column], set[tuple[str, str]]]:
        translator = Translator(self.catalogue)
        translation = translator.query(tree)
        relation = self.connection.sql(translation.sql)
        origins = translation.origins
        exact = len(origins) == len(relation.columns)
        columns = [
            Column(name, (self.declared(origins[at]) if exact else None) or _stored(str(type_)))
            for at, (name, type_) in enumerate(zip(relation.columns, relation.types, strict=True))
        ]
        return _renamed(columns, view.names), translator.read

    def _require_schemas(self, tree: exp.Expr) -> None:
        common = {cte.alias for cte in tree.find_all(exp.CTE)}
        for table in tree.find_all(exp.Table):
            if not table.db and table.name not in common:
                raise SqlError(
                    "All the relation names inside should be qualified when creating VIEW "
                    "WITH NO SCHEMA BINDING."
                )

    def create_schema(self, schema: CreateSchema) -> None:
        """A schema."""
        if schema.name == "_rs" or schema.name.startswith("pg_"):
            raise SqlError(f'unacceptable schema name "{schema.name}"')
        if self.catalogue.schema_exists(schema.name):
            if schema.if_not_exists:
                return
            raise SqlError(f'Schema "{schema.name}" already exists')
        self.connection.execute(f'CREATE SCHEMA "{schema.name}"')
        self.connection.execute("insert into _rs.schemas values (?)", [schema.name])

    def drop(self, drop: Drop) -> None:
        """Tables, views or schemas; what depends on them goes too, or forbids it."""
        for name in drop.names:
            if drop.kind == "schema":
                self._drop_schema(name[-1], drop)
                continue
            relation = self.catalogue.resolve(name)
            if relation is None or relation.physical == "_rs":
                if drop.if_exists:
                    continue
                raise SqlError(f'{drop.kind.capitalize()} "{name[-1]}" does not exist')
            if (relation.definition is None) != (drop.kind == "table"):
                kind = "a view" if relation.definition is not None else "a table"
                raise SqlError(f'"{relation.name}" is {kind}')
            self._drop_relation(relation.schema, relation.name, drop.kind, cascade=drop.cascade)

    def _drop_relation(self, schema: str, name: str, kind: str, *, cascade: bool) -> None:
        for dependent in self.catalogue.dependents(schema, name):
            if not cascade:
                raise SqlError(
                    f"cannot drop {kind} {name} because other objects depend on it",
                    hint="Use DROP ... CASCADE to drop the dependent objects too.",
                )
            self._drop_relation(*dependent, "view", cascade=True)
        if kind == "table":
            columns = self.catalogue.columns(schema, name)
            self.connection.execute(f"DROP TABLE {physical(schema, name)}")
            for column in columns:
                if column.identity is not None:
                    place = sequence(schema, name, column.name)
                    self.connection.execute(f"DROP SEQUENCE {place}")
        self.catalogue.forget(schema, name)

    def _drop_schema(self, schema: str, drop: Drop) -> None:
        if not self.catalogue.schema_exists(schema):
            if drop.if_exists:
                return
            raise SqlError(f'Schema "{schema}" does not exist')
        held = self.catalogue.rows(
            "select table_name, 'table' from _rs.tables where schema_name = $1"
            " union all select view_name, 'view' from _rs.views where schema_name = $1",
            schema,
        )
        if held and not drop.cascade:
            raise SqlError(
                f"cannot drop schema {schema} because other objects depend on it",
                hint="Use DROP ... CASCADE to drop the dependent objects too.",
            )
        for name, kind in held:
            if self.catalogue.resolve((schema, name)) is not None:
                self._drop_relation(schema, name, kind, cascade=True)
        self.connection.execute(f'DROP SCHEMA "{schema}"')
        self.connection.execute("delete from _rs.schemas where schema_name = ?", [schema])

    def truncate(self, truncate: Truncate) -> None:
        """Every row of a table."""
        table = self.relation(truncate.name, "table")
        self.connection.execute(f"TRUNCATE {physical(table.schema, table.name)}")

    def relation(self, name: Name, kind: str) -> Relation:
        """A table that must be there."""
        relation = self.catalogue.resolve(name)
        if relation is None:
            raise SqlError(f'relation "{".".join(name)}" does not exist')
        if kind == "table" and relation.definition is not None:
            raise SqlError(f'"{relation.name}" is not a table')
        return relation


def physical(schema: str, name: str) -> str:
    """A table's name in DuckDB."""
    place = "temp" if schema == TEMPORARY else schema
    return f'"{place}"."{name}"'


def sequence(schema: str, name: str, column: str) -> str:
    """The name of an identity column's sequence."""
    return f'_rs."{schema}.{name}.{column}"'


def _stored(duckdb_type: str) -> ColumnType:
    if duckdb_type == "HUGEINT":
        return ColumnType("numeric", precision=38, scale=0)
    return from_duckdb(duckdb_type)


def _renamed(columns: list[Column], names: tuple[str, ...]) -> list[Column]:
    if not names:
        return columns
    if len(names) > len(columns):
        raise SqlError("CREATE specifies too many column names")
    rest = columns[len(names) :]
    return [*(replace(one, name=name) for one, name in zip(columns, names, strict=False)), *rest]


def _named(columns: list[Column], name: str) -> Column:
    for column in columns:
        if column.name == name:
            return column
    raise SqlError(f'column "{name}" named in key does not exist')
