"""ALTER TABLE, and which of its forms are computed."""

from dataclasses import dataclass, field

from emulation.compute.redshift_sql.column_types import ColumnType, read_type
from emulation.compute.redshift_sql.errors import NotEmulatedError
from emulation.compute.redshift_sql.tables import Column, CreateTable, read_column
from emulation.compute.redshift_sql.tokens import Kind, Reader

Name = tuple[str, ...]


@dataclass(slots=True)
class AlterTable:
    """One change of one table; `action` says which of the other fields count."""

    name: Name
    action: str
    column: Column | None = None
    column_name: str = ""
    new_name: str = ""
    new_type: ColumnType | None = None
    cascade: bool = False
    sortkeys: tuple[str, ...] = ()
    diststyle: str = ""
    key: tuple[str, tuple[str, ...]] | None = None
    encodings: dict[str, str] = field(default_factory=dict)


def read_alter(sql: str) -> AlterTable:
    """ALTER TABLE; other ALTER statements are refused."""
    reader = Reader(sql)
    reader.expect("alter")
    if not reader.accept("table"):
        kind = reader.token.text.upper()
        raise NotEmulatedError(f"ALTER {kind}") if kind else reader.error()
    name = reader.qualified()
    change = AlterTable(name, "")
    for read in (_add, _drop, _rename, _alter, _owner):
        if read(reader, change):
            reader.end()
            return change
    if reader.token.text in {"append", "set", "row"}:
        raise NotEmulatedError(f"ALTER TABLE {reader.token.text.upper()}")
    raise reader.error()


def _add(reader: Reader, change: AlterTable) -> bool:
    if not reader.accept("add"):
        return False
    table = CreateTable(change.name)
    if reader.accept("constraint"):
        reader.identifier()
    for kind in (("primary", "key"), ("unique",), ("foreign", "key")):
        if reader.accept(*kind):
            change.action = "add key"
            change.key = (" ".join(kind).upper(), reader.names())
            if kind == ("foreign", "key"):
                reader.expect("references")
                reader.qualified()
                if reader.peek("("):
                    reader.names()
            return True
    reader.accept("column")
    change.action = "add column"
    change.column = read_column(reader, table)
    return True


def _drop(reader: Reader, change: AlterTable) -> bool:
    if not reader.accept("drop"):
        return False
    if reader.accept("constraint"):
        change.action = "drop key"
    else:
        reader.accept("column")
        change.action = "drop column"
    change.column_name = reader.identifier()
    change.cascade = reader.accept("cascade")
    reader.accept("restrict")
    return True


def _rename(reader: Reader, change: AlterTable) -> bool:
    if not reader.accept("rename"):
        return False
    change.action = "rename"
    if not reader.accept("to"):
        reader.accept("column")
        change.action = "rename column"
        change.column_name = reader.identifier()
        reader.expect("to")
    change.new_name = reader.identifier()
    return True


def _alter(reader: Reader, change: AlterTable) -> bool:
    if not reader.accept("alter"):
        return False
    if reader.accept("column"):
        change.column_name = reader.identifier()
        if reader.accept("type"):
            change.action, change.new_type = "type", read_type(reader)
        else:
            reader.expect("encode")
            change.action = "encode"
            change.encodings = {change.column_name: reader.identifier()}
    elif reader.accept("encode", "auto"):
        change.action = "encode"
    else:
        _keys(reader, change)
    return True


def _keys(reader: Reader, change: AlterTable) -> None:
    change.action = "distribution"
    while reader.token.kind is not Kind.END and not reader.peek(";"):
        if reader.accept("diststyle"):
            change.diststyle = reader.identifier().upper()
        elif reader.accept("distkey"):
            change.column_name = reader.identifier()
            change.diststyle = "KEY"
        elif reader.accept("sortkey", "auto") or reader.accept("sortkey", "none"):
            change.sortkeys = ()
            change.action = "sort order"
        elif reader.accept("compound", "sortkey") or reader.accept("sortkey"):
            change.sortkeys = reader.names()
            change.action = "sort order"
        else:
            reader.accept("alter")
            if reader.token.text not in {"diststyle", "distkey", "sortkey", "compound"}:
                raise reader.error()


def _owner(reader: Reader, change: AlterTable) -> bool:
    if not reader.accept("owner", "to"):
        return False
    reader.identifier()
    change.action = "owner"
    return True
