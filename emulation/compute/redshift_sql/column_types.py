"""Redshift's column types: as a statement writes them, as the catalogue keeps them, as DuckDB
stores them.
"""

import re
from dataclasses import dataclass

from emulation.compute.redshift_sql.errors import NotEmulatedError, SqlError
from emulation.compute.redshift_sql.tokens import Kind, Reader

MAX_VARCHAR = 65535
MAX_CHAR = 4096


@dataclass(frozen=True, slots=True)
class ColumnType:
    """A type by the name that `pg_type` gives it; lengths count bytes, as Redshift's do."""

    name: str
    length: int = 0
    precision: int = 0
    scale: int = 0

    def duckdb(self) -> str:
        """The type that holds it; lengths are kept by what is written, not by the type."""
        if self.name == "numeric":
            return f"DECIMAL({self.precision},{self.scale})"
        return DUCKDB[self.name]

    def display(self) -> str:
        """As the catalogue views and error messages write it."""
        if self.name == "numeric":
            return f"numeric({self.precision},{self.scale})"
        if self.name in {"varchar", "bpchar", "varbyte"}:
            return f"{DISPLAY[self.name]}({self.length})"
        return DISPLAY[self.name]


DUCKDB = {
    "int2": "SMALLINT",
    "int4": "INTEGER",
    "int8": "BIGINT",
    "float4": "FLOAT",
    "float8": "DOUBLE",
    "bool": "BOOLEAN",
    "varchar": "VARCHAR",
    "bpchar": "VARCHAR",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "timestamptz": "TIMESTAMPTZ",
    "time": "TIME",
    "varbyte": "BLOB",
    "super": "VARIANT",
}

DISPLAY = {
    "int2": "smallint",
    "int4": "integer",
    "int8": "bigint",
    "float4": "real",
    "float8": "double precision",
    "bool": "boolean",
    "varchar": "character varying",
    "bpchar": "character",
    "date": "date",
    "timestamp": "timestamp without time zone",
    "timestamptz": "timestamp with time zone",
    "time": "time without time zone",
    "varbyte": "binary varying",
    "super": "super",
}

NAMES = {
    "smallint": "int2",
    "int2": "int2",
    "integer": "int4",
    "int": "int4",
    "int4": "int4",
    "bigint": "int8",
    "int8": "int8",
    "real": "float4",
    "float4": "float4",
    "double precision": "float8",
    "float8": "float8",
    "float": "float8",
    "boolean": "bool",
    "bool": "bool",
    "character varying": "varchar",
    "varchar": "varchar",
    "nvarchar": "varchar",
    "text": "varchar",
    "character": "bpchar",
    "char": "bpchar",
    "nchar": "bpchar",
    "bpchar": "bpchar",
    "decimal": "numeric",
    "numeric": "numeric",
    "date": "date",
    "timestamp": "timestamp",
    "timestamp without time zone": "timestamp",
    "datetime": "timestamp",
    "timestamptz": "timestamptz",
    "timestamp with time zone": "timestamptz",
    "time": "time",
    "time without time zone": "time",
    "varbyte": "varbyte",
    "varbinary": "varbyte",
    "binary varying": "varbyte",
    "super": "super",
}

REFUSED = {"geometry", "geography", "hllsketch", "timetz", "interval", "oid"}

PHRASES = (
    ("double", "precision"),
    ("character", "varying"),
    ("binary", "varying"),
    ("timestamp", "without", "time", "zone"),
    ("timestamp", "with", "time", "zone"),
    ("time", "without", "time", "zone"),
)


def read_type(reader: Reader) -> ColumnType:
    """The type that comes next in a column list."""
    for phrase in PHRASES:
        if reader.accept(*phrase):
            name = " ".join(phrase)
            break
    else:
        token = reader.token
        name = reader.identifier()
        if name in REFUSED:
            raise NotEmulatedError(f"type {name.upper()}")
        if name not in NAMES:
            if token.kind is Kind.WORD:
                raise SqlError(f'type "{name}" does not exist')
            raise reader.error()
    return made(NAMES[name], _arguments(reader), default=name)


def _arguments(reader: Reader) -> list[str]:
    if not reader.peek("("):
        return []
    return [argument.strip().lower() for argument in reader.balanced().split(",")]


def made(name: str, arguments: list[str], default: str = "") -> ColumnType:
    """A type with its arguments, or with the ones that Redshift takes when none are given."""
    if name == "numeric":
        precision, scale = [*map(int, arguments), *(18, 0)[len(arguments) :]]
        if not 1 <= precision <= 38 or not 0 <= scale <= min(precision, 37):
            raise SqlError(f"DECIMAL precision {precision} must be between 1 and 38")
        return ColumnType(name, precision=precision, scale=scale)
    if name in {"varchar", "bpchar", "varbyte"}:
        return ColumnType(name, length=_length(name, arguments, default))
    return ColumnType(name)


def _length(name: str, arguments: list[str], default: str) -> int:
    most = {"varchar": MAX_VARCHAR, "bpchar": MAX_CHAR, "varbyte": 1024000}[name]
    if not arguments:
        if name == "varbyte":
            return 64000
        return 1 if name == "bpchar" and default in {"char", "character", "nchar"} else 256
    length = most if arguments[0] == "max" else int(arguments[0])
    if not 1 <= length <= most:
        shown = "varchar" if name == "varchar" else "char"
        raise SqlError(f"length for type {shown} cannot exceed {most}")
    return length


def from_duckdb(name: str) -> ColumnType:
    """The Redshift type of an expression's DuckDB type."""
    decimal = re.fullmatch(r"DECIMAL\((\d+),\s*(\d+)\)", name)
    if decimal:
        return ColumnType("numeric", precision=int(decimal[1]), scale=int(decimal[2]))
    if name == "VARCHAR" or name.startswith("ENUM") or name in {"NULL", '"NULL"', "JSON", '"json"'}:
        return ColumnType("varchar", length=256 if name == "VARCHAR" else MAX_VARCHAR)
    nested = name.endswith("]") or name.startswith(("STRUCT", "MAP"))
    if name not in FROM_DUCKDB and not nested:
        raise NotEmulatedError(f"a result of type {name}")
    return ColumnType(FROM_DUCKDB.get(name, "super"))


FROM_DUCKDB = {
    "BOOLEAN": "bool",
    "TINYINT": "int2",
    "UTINYINT": "int2",
    "SMALLINT": "int2",
    "USMALLINT": "int4",
    "INTEGER": "int4",
    "UINTEGER": "int8",
    "BIGINT": "int8",
    "HUGEINT": "int8",
    "FLOAT": "float4",
    "DOUBLE": "float8",
    "DATE": "date",
    "TIMESTAMP": "timestamp",
    "TIMESTAMP_S": "timestamp",
    "TIMESTAMP_MS": "timestamp",
    "TIMESTAMP_NS": "timestamp",
    "TIMESTAMP WITH TIME ZONE": "timestamptz",
    "TIME": "time",
    "BLOB": "varbyte",
    "VARIANT": "super",
}
