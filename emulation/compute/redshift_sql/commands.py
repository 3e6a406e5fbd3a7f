"""Commands of a session: maintenance, permissions, options. Most of them change nothing here."""

from dataclasses import dataclass

from emulation.compute.redshift_sql.errors import NotEmulatedError, SqlError
from emulation.compute.redshift_sql.tokens import Kind, Reader

Name = tuple[str, ...]


@dataclass(slots=True)
class NoEffect:
    """A command whose work DuckDB needs not or has not: it changes nothing that a query can see."""

    word: str
    tables: list[Name]


@dataclass(slots=True)
class SetOption:
    """SET or RESET of a session's option."""

    name: str
    values: tuple[str, ...]


@dataclass(slots=True)
class Show:
    """SHOW of a session's option."""

    name: str


def read_maintenance(sql: str) -> NoEffect:
    """VACUUM and ANALYZE: DuckDB keeps order and statistics itself."""
    reader = Reader(sql)
    word = reader.take().text
    for option in (
        "verbose",
        "full",
        "sort",
        "delete",
        "only",
        "reindex",
        "recluster",
        "compression",
    ):
        if option == "compression" and reader.peek(option):
            raise NotEmulatedError("ANALYZE COMPRESSION")
        reader.accept(option)
    tables = [reader.qualified()] if reader.token.kind in {Kind.WORD, Kind.NAME} else []
    if reader.peek("("):
        reader.names()
    for rest in (("to",), ("boost",), ("predicate", "columns"), ("all", "columns")):
        if reader.accept(*rest) and rest == ("to",):
            reader.number()
            reader.accept("percent")
    reader.end()
    return NoEffect(word, tables)


def read_permission(sql: str) -> NoEffect:
    """GRANT and REVOKE: the one user of the warehouse owns everything."""
    reader = Reader(sql)
    word = reader.take().text
    if reader.is_a(Kind.END):
        raise reader.error()
    tables = []
    while not reader.is_a(Kind.END):
        if reader.accept("on"):
            plain = reader.accept("table") or not reader.peek(reader.token.text, "")
            objects = {"schema", "database", "all", "function", "procedure", "language", "model"}
            if plain and reader.token.text not in objects:
                tables = reader.several(reader.qualified)
                continue
        reader.take()
    return NoEffect(word, tables)


def read_comment(sql: str) -> NoEffect:
    reader = Reader(sql)
    reader.expect("comment", "on")
    kind = reader.identifier()
    name = reader.qualified()
    reader.expect("is")
    if not reader.accept("null"):
        reader.string()
    reader.end()
    return NoEffect("comment", [name] if kind == "table" else [])


def read_lock(sql: str) -> NoEffect:
    """LOCK: who writes to a database already has it for himself."""
    reader = Reader(sql)
    reader.expect("lock")
    reader.accept("table")
    tables = reader.several(reader.qualified)
    reader.end()
    return NoEffect("lock", tables)


OPTIONS = {
    "search_path", "query_group", "statement_timeout", "datestyle", "timezone", "autocommit",
    "wlm_query_slot_count", "enable_result_cache_for_session", "analyze_threshold_percent",
    "extra_float_digits", "client_encoding", "enable_case_sensitive_identifier",
    "describe_field_name_in_uppercase", "json_serialization_enable", "application_name",
}  # fmt: skip


def read_set(sql: str) -> SetOption:
    reader = Reader(sql)
    reader.expect("set")
    reader.accept("session") or reader.accept("local")
    name = reader.identifier()
    if name in {"seed"}:
        raise NotEmulatedError("SET SEED")
    if name not in OPTIONS:
        raise SqlError(f'unrecognized configuration parameter "{name}"')
    if not (reader.accept("to") or reader.accept("=")):
        raise reader.error()
    values = reader.several(reader.take)
    reader.end()
    return SetOption(name, tuple(value.text for value in values))


def read_reset(sql: str) -> SetOption:
    reader = Reader(sql)
    reader.expect("reset")
    name = reader.identifier()
    reader.end()
    return SetOption(name, ())


def read_show(sql: str) -> Show:
    reader = Reader(sql)
    reader.expect("show")
    if reader.token.text in {
        "databases",
        "schemas",
        "tables",
        "columns",
        "table",
        "view",
        "grants",
    }:
        raise NotEmulatedError(f"SHOW {reader.token.text.upper()}")
    name = reader.identifier()
    reader.end()
    return Show(name)
