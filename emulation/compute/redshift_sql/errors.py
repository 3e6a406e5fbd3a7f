"""What the warehouse answers when a statement fails, in Redshift's words.

    WarehouseError
      SqlError            the statement is wrong or cannot be done; the text is Redshift's
        SqlSyntaxError      with the place where the parser stopped
        NotEmulatedError    Redshift could do it, this warehouse cannot; names the construct
      CancelledError      someone cancelled the statement

DuckDB's errors become these in `translate`, in one place; nothing of DuckDB's leaves this package.
"""

import re
from collections.abc import Callable, Sequence

import duckdb


class WarehouseError(Exception):
    """Root."""


class SqlError(WarehouseError):
    """A statement failed. `hint` and `detail` are the lines that a driver prints below it."""

    def __init__(self, message: str, *, detail: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.detail = detail
        self.hint = hint

    def text(self) -> str:
        """As the Data API's `Error` shows it."""
        lines = [f"ERROR: {self.message}"]
        if self.detail:
            lines.append(f"  Detail: {self.detail}")
        if self.hint:
            lines.append(f"  Hint: {self.hint}")
        return "\n".join(lines)


class SqlSyntaxError(SqlError):
    """`offset` counts characters from 0; Redshift shows it from 1."""

    def __init__(self, message: str, offset: int | None = None) -> None:
        super().__init__(message)
        self.offset = offset

    def text(self) -> str:
        """With the position, when it is known."""
        if self.offset is None:
            return super().text()
        return f"{super().text()}\n  Position: {self.offset + 1}"


class NotEmulatedError(SqlError):
    """Named, so that the reader knows that the statement is right and the emulator is short."""

    def __init__(self, construct: str) -> None:
        super().__init__(f"{construct} is not emulated")


class CancelledError(WarehouseError):
    """Cancelled by request."""


def detail_block(error: str, code: int, context: str, query: int, process: str = "") -> str:
    """The framed detail that Redshift's leader node prints below its own errors."""
    rule = "-" * 47
    fields = [("error", error), ("code", code), ("context", context), ("query", query)]
    lines = [f"  {f'{name}:':<11}{value}" for name, value in fields]
    if process:
        lines.append(f"  process:   {process}")
    return "\n" + "\n".join([f"  {rule}", *lines, f"  {rule}"])


FUNCTION_HINT = (
    "No function matches the given name and argument types. "
    "You may need to add explicit type casts."
)

TYPE_NAMES = {
    "INT16": "smallint",
    "INT32": "integer",
    "INT64": "bigint",
    "DOUBLE": "double precision",
    "FLOAT": "real",
    "BOOL": "boolean",
    "STRING_LITERAL": '"unknown"',
    "INTEGER_LITERAL": "integer",
    "VARCHAR": "character varying",
    "INTEGER": "integer",
    "BIGINT": "bigint",
    "HUGEINT": "bigint",
    "SMALLINT": "smallint",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "TIMESTAMP": "timestamp without time zone",
}

Rendering = Callable[[re.Match[str], "Names"], SqlError]


class Names:
    """What the statement calls its tables, so that an error can say it as the user wrote it."""

    def __init__(self, tables: Sequence[str] = ()) -> None:
        self.tables = list(tables)

    def table(self, name: str) -> str:
        """The name with its schema, when the statement gave one."""
        plain = name.rsplit(".", 1)[-1].strip('"')
        found = [table for table in self.tables if table.rsplit(".", 1)[-1] == plain]
        return found[0] if found else plain

    def everything(self) -> str:
        """All of them, as Redshift lists them behind a missing column."""
        plain = [table.rsplit(".", 1)[-1] for table in self.tables]
        return f" in {', '.join(dict.fromkeys(plain))}" if plain else ""


def _bytes_of(duckdb_type: str) -> SqlError:
    width = {"INT16": 2, "INT32": 4, "INT64": 8}.get(duckdb_type)
    if width is None:
        return SqlError("Numeric data overflow (result precision)")
    return SqlError(f"Value out of range for {width} bytes.")


def _types(arguments: str) -> str:
    names = [argument.strip() for argument in re.sub(r"\([^)]*\)", "", arguments).split(",")]
    return ", ".join(TYPE_NAMES.get(name, name.lower()) for name in names if name)


def _no_operator(found: re.Match[str], names: Names) -> SqlError:
    name, types = found[1].strip('"').removeprefix("rs_"), _types(found[2])
    if re.fullmatch(r"\w+", name):
        return SqlError(f"function {name}({types}) does not exist", hint=FUNCTION_HINT)
    left, _comma, right = types.partition(", ")
    return SqlError(
        f"operator does not exist: {left} {name} {right}".rstrip(),
        hint="No operator matches the given name and argument type(s). "
        "You may need to add explicit type casts.",
    )


RENDERINGS: Sequence[tuple[str, Rendering]] = (
    (r"syntax error at end of input", lambda m, n: SqlSyntaxError("syntax error at end of input")),
    (r'syntax error at or near "(.*?)"', lambda m, n: SqlSyntaxError(m[0])),
    (
        r'(?:Table|View) with name "?([^\s"]+)"? does not exist',
        lambda m, n: SqlError(f'relation "{n.table(m[1])}" does not exist'),
    ),
    (
        r"Schema with name \"?([^\s\"!]+)\"? does not exist",
        lambda m, n: SqlError(f'schema "{m[1]}" does not exist'),
    ),
    (
        r'Schema with name "?([^\s"!]+)"? already exists',
        lambda m, n: SqlError(f'schema "{m[1]}" already exists'),
    ),
    (
        r'(?:Table|View) with name "?([^\s"!]+)"? already exists',
        lambda m, n: SqlError(f'Relation "{m[1]}" already exists'),
    ),
    (
        r'Column with name "?([^\s"!]+)"? already exists',
        lambda m, n: SqlError(f'column "{m[1]}" of relation already exists'),
    ),
    (
        r'Referenced column "(.*?)" (?:was )?not found',
        lambda m, n: SqlError(f'column "{m[1]}" does not exist{n.everything()}'),
    ),
    (
        r'Referenced table "(.*?)" not found',
        lambda m, n: SqlError(f'missing FROM-clause entry for table "{m[1]}"'),
    ),
    (
        r'Table "(.*?)" does not have a column (?:named|with name) "(.*?)"',
        lambda m, n: SqlError(f'column "{m[2]}" of relation "{m[1]}" does not exist'),
    ),
    (
        r'Ambiguous reference to column name "(.*?)"',
        lambda m, n: SqlError(f'column reference "{m[1]}" is ambiguous'),
    ),
    (
        r'column "(.*?)" must appear in the GROUP BY clause',
        lambda m, n: SqlError(
            f'column "{m[1]}" must appear in the GROUP BY clause '
            "or be used in an aggregate function"
        ),
    ),
    (
        r"WHERE clause cannot contain aggregates",
        lambda m, n: SqlError("aggregates not allowed in WHERE clause"),
    ),
    (
        r"aggregate function calls cannot be nested",
        lambda m, n: SqlError(
            "aggregate function calls may not have nested aggregate or window function"
        ),
    ),
    (
        r"(?:Scalar |Aggregate |Table )?Function with name \"?(\w+)\"? does not exist",
        lambda m, n: SqlError(f"function {m[1]} does not exist", hint=FUNCTION_HINT),
    ),
    (
        r"No function matches the given name and argument types '(.*?)\((.*)\)'",
        _no_operator,
    ),
    (r'for the function call "(.*?)\((.*?)\)"', _no_operator),
    (
        r"Could not convert string '(.*?)' to (\w+)",
        lambda m, n: SqlError(
            f'invalid input syntax for {TYPE_NAMES.get(m[2], m[2].lower())}: "{m[1]}"'
        ),
    ),
    (
        r'date(?:/time)? field value out of range: "(.*?)"',
        lambda m, n: SqlError(f'date/time field value out of range: "{m[1]}"'),
    ),
    (
        r"Date out of range: (\S+)",
        lambda m, n: SqlError(f'date/time field value out of range: "{m[1]}"'),
    ),
    (
        r'invalid (date|timestamp|time) field format: "(.*?)"',
        lambda m, n: SqlError(f'invalid input syntax for type {m[1]}: "{m[2]}"'),
    ),
    (r"Division by zero", lambda m, n: SqlError("Divide by zero")),
    (r"NOT NULL constraint failed: \S*?(\w+)$", lambda m, n: _null_value(m[1])),
    (
        r'table "(\w+)" has (\d+) columns? but (\d+) values were supplied',
        lambda m, n: SqlError(
            "INSERT has more expressions than target columns"
            if int(m[3]) > int(m[2])
            else "INSERT has more target columns than expressions"
        ),
    ),
    (
        r"More than one row returned by a subquery",
        lambda m, n: SqlError("single-row subquery returns more than one row"),
    ),
    (r"out of range for the destination type (\w+)", lambda m, n: _bytes_of(m[1])),
    (r"Overflow in \w+ of (\w+)", lambda m, n: _bytes_of(m[1])),
    (
        r"[Cc]onflict",
        lambda m, n: SqlError("1023", detail="Serializable isolation violation on table"),
    ),
    (
        r"UNION|INTERSECT|EXCEPT.*number of (?:result )?columns",
        lambda m, n: SqlError("each UNION query must have the same number of columns"),
    ),
)
"""The first pattern that is found in DuckDB's message decides what Redshift would have said."""


def _null_value(column: str) -> SqlError:
    message = f"Cannot insert a NULL value into column {column}"
    return SqlError(message)


def translate(error: duckdb.Error, names: Names | None = None) -> WarehouseError:
    """DuckDB's error as Redshift's."""
    if isinstance(error, duckdb.InterruptException):
        return CancelledError()
    first = str(error).partition("\n\nLINE ")[0]
    raised = re.search(r"REDSHIFT:(.*?)$", first, re.MULTILINE)
    if raised:
        return SqlError(raised[1].strip())
    for pattern, rendering in RENDERINGS:
        found = re.search(pattern, first, re.MULTILINE)
        if found:
            return rendering(found, names or Names())
    message = re.sub(r"^[A-Z][A-Za-z ]+ Error: ", "", first.splitlines()[0])
    return SqlError(message)
