"""What a statement is: its first word decides who reads it, or by what name it is refused."""

from dataclasses import dataclass

from sqlglot import exp

from emulation.compute.redshift_sql import commands
from emulation.compute.redshift_sql.commands import NoEffect, SetOption, Show
from emulation.compute.redshift_sql.copy_statements import Copy, Unload, read_copy, read_unload
from emulation.compute.redshift_sql.dialect import parse
from emulation.compute.redshift_sql.errors import NotEmulatedError
from emulation.compute.redshift_sql.table_changes import AlterTable, read_alter
from emulation.compute.redshift_sql.tables import CreateTable, read_create_table
from emulation.compute.redshift_sql.tokens import Kind, Reader

Name = tuple[str, ...]


@dataclass(slots=True)
class Query:
    """SELECT, with or without WITH, and set operations."""

    tree: exp.Expr


@dataclass(slots=True)
class Change:
    """INSERT, UPDATE, DELETE, MERGE."""

    tree: exp.Expr


@dataclass(slots=True)
class CreateView:
    """CREATE VIEW; without schema binding its tables are looked up when it is read."""

    name: Name
    query: str
    names: tuple[str, ...] = ()
    replace: bool = False
    late: bool = False


@dataclass(slots=True)
class CreateSchema:
    """CREATE SCHEMA."""

    name: str
    if_not_exists: bool


@dataclass(slots=True)
class CreateDatabase:
    """CREATE DATABASE."""

    name: str


@dataclass(slots=True)
class Drop:
    """DROP TABLE, VIEW, SCHEMA or DATABASE."""

    kind: str
    names: list[Name]
    if_exists: bool
    cascade: bool


@dataclass(slots=True)
class Truncate:
    """TRUNCATE, which commits the transaction that it stands in."""

    name: Name


@dataclass(slots=True)
class Transaction:
    """BEGIN, COMMIT or ROLLBACK in one of its spellings."""

    word: str


Statement = (
    Query
    | Change
    | CreateTable
    | CreateView
    | CreateSchema
    | CreateDatabase
    | Drop
    | AlterTable
    | Truncate
    | Transaction
    | NoEffect
    | SetOption
    | Show
    | Copy
    | Unload
)


def read(sql: str) -> Statement:
    """One statement.

    Raises:
        SqlSyntaxError: it is not Redshift's SQL.
        NotEmulatedError: it is, and this warehouse does not compute it.
    """
    reader = Reader(sql)
    word = reader.token.text if reader.token.kind is Kind.WORD else ""
    if word in READERS:
        return READERS[word](sql)
    if word in TRANSACTIONS:
        return Transaction(TRANSACTIONS[word])
    if word in REFUSED:
        raise NotEmulatedError(REFUSED[word])
    tree = parse(sql)
    if isinstance(tree, exp.Query):
        return _query(tree, sql)
    return Change(tree)


def _query(tree: exp.Query, sql: str) -> Statement:
    into = tree.args.get("into")
    if into is None:
        return Query(tree)
    tree.set("into", None)
    table = into.this
    temporary = bool(into.args.get("temporary")) or table.name.startswith("#")
    name = tuple(part.name.lower().lstrip("#") for part in table.parts)
    return CreateTable(name, temporary=temporary, query=tree.sql("redshift"))


TRANSACTIONS = {
    "begin": "begin",
    "start": "begin",
    "commit": "commit",
    "end": "commit",
    "rollback": "rollback",
    "abort": "rollback",
}

REFUSED = {
    "call": "CALL",
    "explain": "EXPLAIN",
    "declare": "DECLARE",
    "fetch": "FETCH",
    "close": "CLOSE",
    "prepare": "PREPARE",
    "execute": "EXECUTE",
    "deallocate": "DEALLOCATE",
    "cancel": "CANCEL",
    "refresh": "REFRESH MATERIALIZED VIEW",
    "attach": "ATTACH",
    "detach": "DETACH",
    "use": "USE",
}


def _read_create(sql: str) -> Statement:
    reader = Reader(sql)
    reader.expect("create")
    replace = reader.accept("or", "replace")
    if reader.accept("view"):
        return _read_view(reader, replace=replace)
    if reader.accept("schema"):
        missing = reader.accept("if", "not", "exists")
        return _read_schema(reader, missing=missing)
    if reader.accept("database"):
        name = reader.identifier()
        return CreateDatabase(name)
    if any(reader.peek(*words) for words in TABLE_WORDS) and not replace:
        return read_create_table(reader)
    if reader.token.text in REFUSED_OBJECTS:
        raise NotEmulatedError(f"CREATE {reader.token.text.upper()}")
    raise reader.error()


TABLE_WORDS = (("table",), ("temp",), ("temporary",), ("local",))
REFUSED_OBJECTS = {
    "external", "function", "procedure", "materialized", "model", "user", "group", "role",
    "library", "datashare", "masking", "rls", "identity",
}  # fmt: skip


def _read_view(reader: Reader, *, replace: bool) -> CreateView:
    name = reader.qualified()
    names = reader.names() if reader.peek("(") else ()
    reader.expect("as")
    start = reader.token.start
    late = False
    end = len(reader.sql)
    while reader.token.kind is not Kind.END:
        if reader.peek("with", "no", "schema", "binding"):
            late, end = True, reader.token.start
            reader.accept("with", "no", "schema", "binding")
            reader.end()
        else:
            reader.take()
    return CreateView(name, reader.sql[start:end].rstrip().rstrip(";"), names, replace, late)


def _read_schema(reader: Reader, *, missing: bool) -> CreateSchema:
    name = reader.identifier()
    while reader.token.kind is not Kind.END and not reader.peek(";"):
        if reader.accept("authorization"):
            reader.identifier()
        elif reader.accept("quota"):
            raise NotEmulatedError("CREATE SCHEMA with QUOTA")
        else:
            raise reader.error()
    return CreateSchema(name, missing)


def _read_drop(sql: str) -> Drop:
    reader = Reader(sql)
    reader.expect("drop")
    kind = reader.token.text
    if kind in REFUSED_OBJECTS:
        raise NotEmulatedError(f"DROP {kind.upper()}")
    if kind not in {"table", "view", "schema", "database"}:
        raise reader.error()
    reader.take()
    if_exists = reader.accept("if", "exists")
    names = [_temporary_or_not(name) for name in reader.several(reader.qualified)]
    cascade = reader.accept("cascade")
    if not cascade:
        reader.accept("restrict")
    reader.end()
    return Drop(kind, names, if_exists, cascade)


def _temporary_or_not(name: Name) -> Name:
    return (*name[:-1], name[-1].lstrip("#"))


def _read_truncate(sql: str) -> Truncate:
    reader = Reader(sql)
    reader.expect("truncate")
    reader.accept("table")
    name = reader.qualified()
    reader.end()
    return Truncate(_temporary_or_not(name))


READERS = {
    "create": _read_create,
    "drop": _read_drop,
    "alter": read_alter,
    "truncate": _read_truncate,
    "copy": read_copy,
    "unload": read_unload,
    "vacuum": commands.read_maintenance,
    "analyze": commands.read_maintenance,
    "analyse": commands.read_maintenance,
    "grant": commands.read_permission,
    "revoke": commands.read_permission,
    "comment": commands.read_comment,
    "lock": commands.read_lock,
    "set": commands.read_set,
    "reset": commands.read_reset,
    "show": commands.read_show,
}
