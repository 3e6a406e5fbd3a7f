"""CREATE TABLE with Redshift's attributes, and the other statements that shape tables and schemas.

Keys are declared and not enforced, as on Redshift; distribution, sort order and encoding are kept
for the catalogue and change no result.
"""

from dataclasses import dataclass, field

from emulation.compute.redshift_sql.column_types import ColumnType, read_type
from emulation.compute.redshift_sql.errors import NotEmulatedError, SqlError
from emulation.compute.redshift_sql.tokens import Kind, Reader

Name = tuple[str, ...]


@dataclass(slots=True)
class Column:
    """A column as it is declared."""

    name: str
    type: ColumnType
    not_null: bool = False
    default: str | None = None
    identity: tuple[int, int] | None = None
    """First value and step."""
    generated_by_default: bool = False
    encoding: str = ""
    distkey: bool = False
    sortkey: int = 0


@dataclass(slots=True)
class CreateTable:
    """CREATE TABLE with a column list, `LIKE` or `AS`."""

    name: Name
    temporary: bool = False
    if_not_exists: bool = False
    columns: list[Column] = field(default_factory=list)
    like: Name | None = None
    like_defaults: bool = False
    diststyle: str = "AUTO"
    query: str | None = None
    names: tuple[str, ...] = ()
    """The columns' names of CREATE TABLE AS, when they are given."""
    keys: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    distkey: str | None = None
    sortkeys: tuple[str, ...] = ()


def read_create_table(reader: Reader) -> CreateTable:
    """What follows CREATE."""
    reader.accept("local")
    temporary = reader.accept("temporary") or reader.accept("temp")
    reader.expect("table")
    missing = reader.accept("if", "not", "exists")
    name = reader.qualified()
    if name[-1].startswith("#"):
        temporary, name = True, (name[-1][1:],)
    table = CreateTable(name, temporary=temporary, if_not_exists=missing)
    if reader.peek("("):
        _column_list(reader, table)
    _attributes(reader, table)
    if reader.accept("as"):
        table.query = reader.rest().rstrip().rstrip(";")
        if table.columns:
            raise reader.error()
    else:
        if table.names:
            raise reader.error()
        reader.end()
    _apply_attributes(table)
    return table


def _column_list(reader: Reader, table: CreateTable) -> None:
    following = reader.tokens[reader.at + 2].text
    if following in {",", ")"}:
        table.names = reader.names()
        return
    reader.expect("(")
    reader.several(lambda: _element(reader, table))
    reader.expect(")")


def _element(reader: Reader, table: CreateTable) -> None:
    if reader.accept("like"):
        table.like = reader.qualified()
        if reader.accept("including", "defaults"):
            table.like_defaults = True
        else:
            reader.accept("excluding", "defaults")
    elif not _table_key(reader, table):
        table.columns.append(read_column(reader, table))


def _table_key(reader: Reader, table: CreateTable) -> bool:
    if reader.accept("constraint"):
        reader.identifier()
    if reader.accept("primary", "key"):
        table.keys.append(("PRIMARY KEY", reader.names()))
    elif reader.peek("unique", "("):
        reader.take()
        table.keys.append(("UNIQUE", reader.names()))
    elif reader.accept("foreign", "key"):
        table.keys.append(("FOREIGN KEY", reader.names()))
        reader.expect("references")
        _references(reader)
    elif reader.peek("check"):
        raise SqlError("CHECK constraints are not supported")
    else:
        return False
    return True


def _references(reader: Reader) -> None:
    reader.qualified()
    if reader.peek("("):
        reader.names()


def read_column(reader: Reader, table: CreateTable) -> Column:
    """One column with its attributes and keys, in any order."""
    column = Column(reader.identifier(), read_type(reader))
    while not (reader.peek(",") or reader.peek(")")) and reader.token.kind is not Kind.END:
        if reader.peek(";"):
            break
        if not (_column_attribute(reader, column) or _column_key(reader, column, table)):
            raise reader.error()
    if column.identity is not None and column.type.name not in {"int4", "int8"}:
        raise SqlError(f'identity column "{column.name}" must be of type INT or BIGINT')
    return column


def _column_attribute(reader: Reader, column: Column) -> bool:
    if reader.accept("default"):
        column.default = _expression(reader)
    elif reader.accept("identity"):
        column.identity = _identity(reader)
    elif reader.accept("generated", "by", "default", "as", "identity"):
        column.identity = _identity(reader)
        column.generated_by_default = True
    elif reader.accept("encode"):
        column.encoding = reader.identifier()
    elif reader.accept("collate"):
        if reader.identifier() in {"case_insensitive", "ci"}:
            raise NotEmulatedError("COLLATE CASE_INSENSITIVE")
    elif reader.accept("not", "null"):
        column.not_null = True
    else:
        return reader.accept("null")
    return True


def _column_key(reader: Reader, column: Column, table: CreateTable) -> bool:
    if reader.accept("distkey"):
        table.distkey = column.name
    elif reader.accept("sortkey"):
        table.sortkeys = (column.name,)
    elif reader.accept("primary", "key"):
        column.not_null = True
        table.keys.append(("PRIMARY KEY", (column.name,)))
    elif reader.accept("unique"):
        table.keys.append(("UNIQUE", (column.name,)))
    elif reader.accept("references"):
        table.keys.append(("FOREIGN KEY", (column.name,)))
        _references(reader)
    else:
        return False
    return True


def _identity(reader: Reader) -> tuple[int, int]:
    values = [int(value) for value in reader.balanced().split(",")]
    first, step = values if len(values) == 2 else (values[0], 1)
    return first, step


ENDS_DEFAULT = {
    "identity", "generated", "encode", "distkey", "sortkey", "not", "primary", "unique",
    "references", "collate",
}  # fmt: skip


def _expression(reader: Reader) -> str:
    """The text of a default, up to the next attribute of the column."""
    start = reader.token.start
    end = start
    while not (reader.peek(",") or reader.peek(")") or reader.token.text in ENDS_DEFAULT):
        if reader.token.kind is Kind.END:
            break
        if reader.peek("("):
            reader.balanced()
        else:
            reader.take()
        if reader.peek("null") and end > start:
            break
        end = reader.tokens[reader.at - 1].end
    return reader.sql[start:end]


def _attributes(reader: Reader, table: CreateTable) -> None:
    while True:
        if reader.accept("diststyle"):
            table.diststyle = reader.identifier().upper()
        elif reader.accept("distkey"):
            table.distkey = reader.names()[0]
        elif reader.accept("sortkey", "auto"):
            table.sortkeys = ()
        elif _sortkey(reader, table) or reader.accept("encode", "auto"):
            continue
        elif reader.accept("backup"):
            reader.identifier()
        else:
            return


def _sortkey(reader: Reader, table: CreateTable) -> bool:
    for kind in ((), ("compound",), ("interleaved",)):
        if reader.accept(*kind, "sortkey"):
            table.sortkeys = reader.names()
            return True
    return False


def _apply_attributes(table: CreateTable) -> None:
    """Table attributes as the columns' own, checked as Redshift checks them."""
    _check_distribution(table)
    if table.query is not None or table.like is not None:
        return
    _mark_keys(table)


def _check_distribution(table: CreateTable) -> None:
    if table.diststyle not in {"AUTO", "EVEN", "ALL", "KEY"}:
        raise SqlError(f"invalid DISTSTYLE {table.diststyle}")
    if table.distkey and table.diststyle not in {"AUTO", "KEY"}:
        raise SqlError(f"DISTSTYLE {table.diststyle} cannot be specified with DISTKEY")
    if table.distkey:
        table.diststyle = "KEY"
    elif table.diststyle == "KEY":
        raise SqlError("DISTSTYLE KEY requires a DISTKEY column")


def _mark_keys(table: CreateTable) -> None:
    by_name = {column.name: column for column in table.columns}
    if len(by_name) < len(table.columns):
        names = [column.name for column in table.columns]
        twice = next(name for name in names if names.count(name) > 1)
        raise SqlError(f'column "{twice}" specified more than once')
    for name in {*table.sortkeys, *([table.distkey] if table.distkey else [])} - set(by_name):
        raise SqlError(f'column "{name}" named in key does not exist')
    for position, name in enumerate(table.sortkeys, 1):
        by_name[name].sortkey = position
    if table.distkey:
        by_name[table.distkey].distkey = True
    for kind, key in table.keys:
        _check_key(kind, key, by_name)


def _check_key(kind: str, names: tuple[str, ...], by_name: dict[str, Column]) -> None:
    for name in names:
        if name not in by_name:
            raise SqlError(f'column "{name}" named in key does not exist')
        if kind == "PRIMARY KEY":
            by_name[name].not_null = True
