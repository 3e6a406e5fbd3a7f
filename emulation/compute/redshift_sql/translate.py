"""A query or a data change from Redshift's text to DuckDB's, against a catalogue of what exists."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from sqlglot import ErrorLevel, exp
from sqlglot.errors import UnsupportedError

from emulation.compute.redshift_sql import rewrites, shape
from emulation.compute.redshift_sql.column_types import ColumnType
from emulation.compute.redshift_sql.dialect import parse
from emulation.compute.redshift_sql.errors import NotEmulatedError, SqlError
from emulation.compute.redshift_sql.inference import Inferred, infer

Name = tuple[str, ...]


@dataclass(slots=True)
class Relation:
    """A table or view that a name means."""

    schema: str
    name: str
    columns: dict[str, ColumnType]
    identities: frozenset[str] = frozenset()
    generated_by_default: frozenset[str] = frozenset()
    definition: str | None = None
    """A view's query, in Redshift's text."""
    names: tuple[str, ...] = ()
    physical: str = ""
    """The schema that holds it in DuckDB when it is another one."""


class Catalogue(Protocol):
    """What a translation asks."""

    def resolve(self, name: Name) -> Relation | None:
        """What a name means now; none when nothing has it."""


@dataclass(slots=True)
class Translation:
    """DuckDB's text, the names for error messages, and where plain output columns come from."""

    sql: str
    tables: list[str] = field(default_factory=list)
    origins: list[tuple[str, str, str] | None] = field(default_factory=list)


MAX_VIEW_DEPTH = 32


class Translator:
    """Translates one statement."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.tables: list[str] = []
        self.columns: dict[tuple[str, str], dict[str, ColumnType]] = {}
        self.read: set[tuple[str, str]] = set()

    def query(self, tree: exp.Expr) -> Translation:
        """A query."""
        known = self._prepare(tree)
        rewrites.numbers(tree, known)
        return Translation(text(tree), self.tables, known.origins)

    def expression(self, tree: exp.Expr) -> str:
        """A change, or a part of one."""
        known = self._prepare(tree)
        rewrites.numbers(tree, known)
        return text(tree)

    def _prepare(self, tree: exp.Expr) -> Inferred:
        rewrites.fold(tree)
        shape.check(tree)
        self.resolve(tree)
        rewrites.name_units(tree)
        rewrites.decode(tree)
        shape.name_columns(tree)
        known = infer(tree, self.columns)
        rewrites.apply(tree)
        return known

    def resolve(self, tree: exp.Expr, depth: int = 0) -> None:
        """Give every table its schema; put the queries of views in their place."""
        if depth > MAX_VIEW_DEPTH:
            raise SqlError("infinite recursion detected in rules for relation")
        common = {cte.alias for cte in tree.find_all(exp.CTE)}
        for table in list(tree.find_all(exp.Table)):
            if not isinstance(table.this, exp.Identifier):
                raise NotEmulatedError("a function in FROM")
            if not table.db and table.name in common:
                continue
            relation = self.relation(table)
            if relation.definition is None:
                continue
            if table.parent is not None and isinstance(table.parent, exp.Insert | exp.Delete):
                raise SqlError(f'cannot change view "{table.name}"')
            self._expand(table, relation, depth)

    def relation(self, table: exp.Table) -> Relation:
        """What a table node means; the node is given its place."""
        name = tuple(part.name for part in table.parts)
        shown = ".".join(name)
        relation = self.catalogue.resolve(name)
        if relation is None:
            raise SqlError(f'relation "{shown}" does not exist')
        self.tables.append(shown)
        self.read.add((relation.schema, relation.name))
        self._alias(table)
        table.set("this", exp.to_identifier(relation.name, quoted=True))
        table.set("db", exp.to_identifier(relation.physical or relation.schema, quoted=True))
        if len(name) < 3:
            table.set("catalog", None)
        if relation.columns and relation.definition is None:
            key = (relation.physical or relation.schema, relation.name)
            self.columns[key] = relation.columns
        return relation

    @staticmethod
    def _alias(table: exp.Table) -> None:
        """The name that columns are qualified with, before the table gets DuckDB's."""
        if not table.alias and isinstance(table.parent, exp.From | exp.Join):
            table.set("alias", exp.TableAlias(this=exp.to_identifier(table.name, quoted=True)))

    def _expand(self, table: exp.Table, relation: Relation, depth: int) -> None:
        inner = parse(relation.definition or "")
        rewrites.fold(inner)
        shape.check(inner)
        rewrites.name_units(inner)
        rewrites.decode(inner)
        shape.name_columns(inner)
        self.resolve(inner, depth + 1)
        alias = table.alias or relation.name
        query: exp.Expr = exp.Subquery(this=inner)
        if relation.names:
            query.set("alias", _alias("_v", relation.names))
            columns = [exp.column(name, quoted=True) for name in relation.names]
            query = exp.Subquery(this=exp.select(*columns).from_(query))
        given = table.args.get("alias")
        query.set("alias", given.copy() if given else _alias(alias, ()))
        joins = table.args.get("joins")
        if joins:
            query.set("joins", joins)
        table.replace(query)


def _alias(name: str, columns: tuple[str, ...]) -> exp.TableAlias:
    return exp.TableAlias(
        this=exp.to_identifier(name, quoted=True),
        columns=[exp.to_identifier(column, quoted=True) for column in columns],
    )


def text(tree: exp.Expr) -> str:
    """DuckDB's text of a tree.

    Raises:
        NotEmulatedError: DuckDB has no way to write it.
    """
    try:
        return tree.sql(dialect="duckdb", unsupported_level=ErrorLevel.RAISE)
    except UnsupportedError as error:
        raise NotEmulatedError(str(error).partition("\n")[0]) from error


CountColumns = Callable[[str], int]
"""How many columns a query has, asked of DuckDB."""


def change(tree: exp.Expr, catalogue: Catalogue, count: CountColumns) -> Translation:
    """An INSERT, UPDATE, DELETE or MERGE."""
    translator = Translator(catalogue)
    rewrites.fold(tree)
    if isinstance(tree, exp.Insert):
        return Translation(_insert(tree, translator, count), translator.tables)
    if isinstance(tree, exp.Delete):
        _name_deleted(tree)
    if isinstance(tree, exp.Update):
        _fit_assignments(tree.expressions, _target(tree.this, catalogue))
    if isinstance(tree, exp.Merge):
        _fit_merge(tree, _target(tree.this, catalogue))
    return Translation(translator.expression(tree), translator.tables)


def _name_deleted(tree: exp.Delete) -> None:
    """`DELETE t` means `DELETE FROM t`."""
    tables = tree.args.get("tables")
    if tables and not tree.this:
        tree.set("this", tables[0])
        tree.set("tables", None)


def _target(table: exp.Expr, catalogue: Catalogue) -> Relation:
    if not isinstance(table, exp.Table):
        raise NotEmulatedError("a change of something that is not a table")
    name = tuple(part.name for part in table.parts)
    relation = catalogue.resolve(name)
    if relation is None:
        raise SqlError(f'relation "{".".join(name)}" does not exist')
    if relation.definition is not None:
        raise SqlError(f'cannot change view "{relation.name}"')
    return relation


def _fit_assignments(assignments: list[exp.Expr], target: Relation) -> None:
    for assignment in assignments:
        if not isinstance(assignment, exp.EQ) or not isinstance(assignment.this, exp.Column):
            raise NotEmulatedError("an assignment to several columns at once")
        column = assignment.this.name
        type_ = _column_type(target, column)
        assignment.set("this", exp.column(column, quoted=True))
        if not _is_default(assignment.expression):
            assignment.set("expression", rewrites.fitted(assignment.expression, type_))


def _column_type(target: Relation, column: str) -> ColumnType:
    if column not in target.columns:
        raise SqlError(f'column "{column}" of relation "{target.name}" does not exist')
    return target.columns[column]


def _is_default(value: exp.Expr) -> bool:
    return isinstance(value, exp.Var | exp.Column) and value.name.lower() == "default"


def _fit_merge(tree: exp.Merge, target: Relation) -> None:
    for when in tree.args["whens"].expressions:
        then = when.args["then"]
        if isinstance(then, exp.Update):
            _fit_assignments(then.expressions, target)
        elif isinstance(then, exp.Insert):
            _fit_merge_insert(then, target)
        elif str(then.name).upper() != "DELETE":
            raise NotEmulatedError("this form of MERGE")


def _fit_merge_insert(then: exp.Insert, target: Relation) -> None:
    """Without a column list sqlglot reads VALUES as a function's name."""
    if not then.expression:
        values = then.this.expressions[0].expressions
        columns = list(target.columns)[: len(values)]
    else:
        columns = [column.name for column in then.this.expressions]
        values = then.expression.expressions
    if len(values) > len(columns):
        raise SqlError("INSERT has more expressions than target columns")
    fitted = [
        rewrites.fitted(value, _column_type(target, column))
        for column, value in zip(columns, values, strict=True)
    ]
    then.set("this", exp.Tuple(expressions=[exp.column(name, quoted=True) for name in columns]))
    then.set("expression", exp.Tuple(expressions=fitted))


def _insert(tree: exp.Insert, translator: Translator, count: CountColumns) -> str:
    place = tree.this.this if isinstance(tree.this, exp.Schema) else tree.this
    target = _target(place, translator.catalogue)
    translator.tables.append(target.name)
    table = f'"{target.physical or target.schema}"."{target.name}"'
    if tree.args.get("default"):
        return f"INSERT INTO {table} DEFAULT VALUES"
    columns = _insert_columns(tree, target)
    source = tree.expression
    if tree.args.get("with_") is not None:
        source.set("with_", tree.args["with_"])
    if isinstance(source, exp.Values):
        return _insert_values(tree.this, source, columns, target, translator)
    if isinstance(source, exp.Subquery):
        source = source.unnest()
    inner = translator.query(source).sql
    given = count(inner)
    if given > len(columns):
        raise SqlError("INSERT has more expressions than target columns")
    if given < len(columns) and isinstance(tree.this, exp.Schema):
        raise SqlError("INSERT has more target columns than expressions")
    columns = columns[:given]
    names = ", ".join(f'"{column}"' for column in columns)
    values = [
        text(rewrites.fitted(exp.column(column, quoted=True), target.columns[column]))
        for column in columns
    ]
    return f"INSERT INTO {table} ({names}) SELECT {', '.join(values)} FROM ({inner}) AS _s({names})"


def _insert_columns(tree: exp.Insert, target: Relation) -> list[str]:
    if not isinstance(tree.this, exp.Schema):
        return [name for name in target.columns if name not in target.identities]
    columns = [column.name for column in tree.this.expressions]
    for column in columns:
        _column_type(target, column)
        if column in target.identities - target.generated_by_default:
            raise SqlError(f"cannot set an identity column to a value: {column}")
    return columns


def _insert_values(
    place: exp.Expr,
    source: exp.Values,
    columns: list[str],
    target: Relation,
    translator: Translator,
) -> str:
    widths = {len(row.expressions) for row in source.expressions}
    if len(widths) != 1:
        raise SqlError("VALUES lists must all be the same length")
    width = widths.pop()
    if width > len(columns):
        raise SqlError("INSERT has more expressions than target columns")
    if width < len(columns) and isinstance(place, exp.Schema):
        raise SqlError("INSERT has more target columns than expressions")
    columns = columns[:width]
    table = f'"{target.physical or target.schema}"."{target.name}"'
    for row in source.expressions:
        for column, value in zip(columns, list(row.expressions), strict=True):
            if not _is_default(value):
                value.replace(rewrites.fitted(value.copy(), target.columns[column]))
            else:
                value.replace(exp.Var(this="DEFAULT"))
    names = ", ".join(f'"{column}"' for column in columns)
    rows = translator.expression(source)
    return f"INSERT INTO {table} ({names}) {rows}"
