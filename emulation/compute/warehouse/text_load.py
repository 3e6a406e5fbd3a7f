"""Rows of text into a table: each field converted to its column's type, each failure recorded.

A batch of rows becomes a table of texts; DuckDB converts it column by column with casts that give
nothing where a text is wrong, so that all errors of a row are known before a row goes in.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]

from emulation.compute.redshift_sql.copy_statements import Copy
from emulation.compute.redshift_sql.errors import SqlError
from emulation.compute.redshift_sql.formats import date_pattern
from emulation.compute.redshift_sql.tables import Column
from emulation.compute.redshift_sql.translate import Relation
from emulation.compute.warehouse.catalogue import Catalogue
from emulation.compute.warehouse.definitions import physical
from emulation.compute.warehouse.text_rows import TextRow, read_rows

BATCH_ROWS = 100_000
TRUE = "'t','true','y','yes','1'"
FALSE = "'f','false','n','no','0'"


@dataclass(frozen=True, slots=True)
class LoadError:
    """One refused row."""

    file: str
    row: TextRow
    code: int
    reason: str
    column: Column | None = None
    value: str | None = None


class TextLoad:
    """One COPY of text."""

    def __init__(
        self,
        catalogue: Catalogue,
        copy: Copy,
        relation: Relation,
        columns: list[Column],
        query: int,
    ) -> None:
        self.catalogue = catalogue
        self.copy = copy
        self.relation = relation
        self.columns = columns
        self.query = query
        self.paths_file: list[str] | None = None
        self.errors: list[LoadError] = []
        self.allowed = int(copy.values.get("maxerror", "0"))

    def run(self, files: Sequence[tuple[str, Path]]) -> int:
        """Load every file; the rows that went in."""
        loaded = 0
        try:
            for address, path in files:
                rows = self._good_rows(address, path)
                while batch := list(islice(rows, BATCH_ROWS)):
                    loaded += self._load(address, batch)
                    self._give_up_when_too_many()
            self._give_up_when_too_many()
        finally:
            self._record_errors()
        return loaded

    def _give_up_when_too_many(self) -> None:
        if self.errors and len(self.errors) >= self.allowed:
            raise SqlError(
                f"Load into table '{self.relation.name}' failed.  "
                "Check 'sys_load_error_detail' system table for details."
            )

    def _good_rows(self, address: str, path: Path) -> Iterator[TextRow]:
        names = [column.name for column in self.columns]
        try:
            for row in read_rows(path, self.copy, names, self.paths_file):
                problem = row.problem or self._width_problem(row)
                if problem is None:
                    yield row
                else:
                    self.errors.append(LoadError(address, row, *problem))
        except UnicodeDecodeError as error:
            row = TextRow(0, "", [])
            reason = f"String contains invalid or unsupported UTF8 codepoints. {error.reason}"
            self.errors.append(LoadError(address, row, 1224, reason))
        except (OSError, EOFError) as error:
            raise SqlError(
                f"File is not in the compression format of the command: {error}"
            ) from error

    def _width_problem(self, row: TextRow) -> tuple[int, str] | None:
        missing = len(self.columns) - len(row.fields)
        if missing < 0:
            return 1202, "Extra column(s) found"
        if missing > 0 and not self.copy.flag("fillrecord"):
            return 1214, "Delimiter not found"
        row.fields.extend([None] * missing)
        return None

    def _load(self, address: str, rows: list[TextRow]) -> int:
        connection = self.catalogue.connection
        staged = {
            f"c{at}": pa.array([row.fields[at] for row in rows], pa.string())
            for at in range(len(self.columns))
        }
        staged["n"] = pa.array(range(len(rows)), pa.int64())
        connection.register("_staged", pa.table(staged))
        try:
            connection.execute(f"CREATE OR REPLACE TEMP TABLE _converted AS {self._conversion()}")
            refused = self._refused(address, rows)
            self.errors += refused
            self._give_up_when_too_many()
            return self._insert()
        finally:
            connection.unregister("_staged")
            if not self.errors or len(self.errors) < self.allowed:
                connection.execute("DROP TABLE IF EXISTS _converted")

    def _conversion(self) -> str:
        listed = []
        for at, column in enumerate(self.columns):
            cleaned = self._cleaned(f"c{at}", column)
            listed.append(f"{cleaned} AS r{at}")
        values = [
            f"{self._converted(f'r{at}', column)} AS v{at}"
            for at, column in enumerate(self.columns)
        ]
        return (
            f"SELECT *, {', '.join(values)} FROM (SELECT n, {', '.join(listed)} FROM _staged) AS _c"
        )

    def _cleaned(self, field: str, column: Column) -> str:
        """A field's text, or nothing where the statement says that it means nothing."""
        null = self.copy.values.get("null", "\\N").replace("'", "''")
        text = f"CASE WHEN {field} = '{null}' THEN NULL ELSE {field} END"
        is_text = column.type.name in {"varchar", "bpchar"}
        if is_text and self.copy.flag("blanksasnull"):
            text = f"CASE WHEN trim({text}) = '' AND {text} <> '' THEN NULL ELSE {text} END"
        if self.copy.flag("emptyasnull") or not is_text:
            text = f"nullif({text if is_text else f'trim({text})'}, '')"
        if is_text and self.copy.flag("trimblanks"):
            text = f"rtrim({text}, ' ')"
        replacement = self.copy.values.get("acceptinvchars")
        if replacement is not None and is_text:
            text = f"replace({text}, '\ufffd', '{replacement.replace(chr(39), chr(39) * 2)}')"
        return text

    def _converted(self, field: str, column: Column) -> str:
        name = column.type.name
        if name in {"varchar", "bpchar"}:
            most = column.type.length
            if name == "bpchar":
                field = f"rtrim({field}, ' ')"
            if self.copy.flag("truncatecolumns"):
                return f"rs_cut({field}, {most})"
            short = f"CASE WHEN strlen({field}) <= {most} THEN {field}"
            return (
                f"{short} WHEN strlen(rtrim({field}, ' ')) <= {most} THEN rtrim({field}, ' ') END"
            )
        if name == "bool":
            low = f"lower({field})"
            return f"CASE WHEN {low} IN ({TRUE}) THEN true WHEN {low} IN ({FALSE}) THEN false END"
        if name == "date":
            return self._time(field, "DATE", self.copy.values.get("dateformat", ""))
        if name in {"timestamp", "timestamptz"}:
            return self._time(field, column.type.duckdb(), self.copy.values.get("timeformat", ""))
        if name == "super":
            return f"CAST(TRY_CAST({field} AS JSON) AS VARIANT)"
        if name in {"int2", "int4", "int8"}:
            whole = f"CASE WHEN regexp_full_match({field}, '[+-]?[0-9]+') THEN {field} END"
            return f"TRY_CAST({whole} AS {column.type.duckdb()})"
        return f"TRY_CAST({field} AS {column.type.duckdb()})"

    def _time(self, field: str, type_: str, pattern: str) -> str:
        if pattern.lower() in {"epochsecs", "epochmillisecs"}:
            unit = "1000" if pattern.lower() == "epochsecs" else "1"
            return f"CAST(epoch_ms(TRY_CAST({field} AS BIGINT) * {unit}) AS {type_})"
        if pattern and pattern.lower() != "auto":
            format_ = _copy_pattern(pattern).replace("'", "''")
            return f"CAST(try_strptime({field}, '{format_}') AS {type_})"
        casted = f"TRY_CAST({field} AS {type_})"
        if pattern.lower() != "auto":
            return casted
        more = ", ".join(f"'{one}'" for one in AUTO_FORMATS)
        return f"coalesce({casted}, CAST(try_strptime({field}, [{more}]) AS {type_}))"

    def _refused(self, address: str, rows: list[TextRow]) -> list[LoadError]:
        """The rows with a field that its column does not take, each with its first such field."""
        tests = [self._test(at, column) for at, column in enumerate(self.columns)]
        bad = " OR ".join(f"({test})" for test in tests)
        first = " ".join(f"WHEN {test} THEN {at}" for at, test in enumerate(tests))
        found = self.catalogue.rows(
            f"SELECT n, CASE {first} END FROM _converted WHERE {bad} ORDER BY n"
        )
        if found:
            keys = ", ".join(str(n) for n, _ in found)
            self.catalogue.connection.execute(f"DELETE FROM _converted WHERE n IN ({keys})")
        return [self._error(address, rows[n], at) for n, at in found]

    @staticmethod
    def _test(at: int, column: Column) -> str:
        wrong = f"(r{at} IS NOT NULL AND v{at} IS NULL)"
        return (
            f"({wrong} OR r{at} IS NULL)" if column.not_null and column.default is None else wrong
        )

    def _error(self, address: str, row: TextRow, at: int) -> LoadError:
        column, value = self.columns[at], row.fields[at]
        code, reason = _reason(column, value)
        return LoadError(address, row, code, reason, column, value)

    def _insert(self) -> int:
        names = ", ".join(f'"{column.name}"' for column in self.columns)
        values = ", ".join(f"v{at}" for at in range(len(self.columns)))
        target = physical(self.relation.schema, self.relation.name)
        done = self.catalogue.connection.execute(
            f"INSERT INTO {target} ({names}) SELECT {values} FROM _converted ORDER BY n"
        ).fetchall()
        return int(done[0][0])

    def _record_errors(self) -> None:
        """Outside of the transaction: they stay when it is rolled back."""
        if not self.errors:
            return
        records: list[list[Any]] = [
            [
                self.catalogue.database, self.query, error.file, error.row.line,
                error.column.name if error.column else "",
                error.column.type.name if error.column else "",
                str(error.column.type.length or "") if error.column else "",
                error.row.raw[:1024], (error.value or "")[:1024], error.code, error.reason,
            ]
            for error in sorted(self.errors, key=lambda one: one.row.line)[:1000]
        ]  # fmt: skip
        cursor = self.catalogue.connection.cursor()
        cursor.executemany(
            "insert into rs_system.main.load_errors values"
            " (?, ?, current_timestamp::timestamp, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            records,
        )
        cursor.close()


AUTO_FORMATS = (
    "%m/%d/%Y", "%m/%d/%Y %H:%M:%S", "%Y/%m/%d", "%Y%m%d", "%d %b %Y", "%b %d %Y", "%m-%d-%Y",
    "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S.%f", "%Y-%m-%dT%H:%M:%SZ",
)  # fmt: skip


def _copy_pattern(pattern: str) -> str:
    """In COPY's formats HH is the hour of the day."""
    return date_pattern(pattern.replace("HH24", "HH").replace("HH", "HH24"))


def _reason(column: Column, value: str | None) -> tuple[int, str]:
    name = column.type.name
    if value is None or value == "":
        return 1213, "Missing data for not-null field"
    if name in {"varchar", "bpchar"}:
        return 1204, "String length exceeds DDL length"
    if name in {"int2", "int4", "int8"}:
        if value.strip().lstrip("+-").isdigit():
            return 1207, f"Overflow for {column.type.display()}"
        at = next((n for n, c in enumerate(value.strip()) if not (c.isdigit() or c in "+-")), 0)
        shown = {"int2": "Short", "int4": "Integer", "int8": "Long"}[name]
        return 1207, f"Invalid digit, Value '{value[at : at + 1]}', Pos {at}, Type: {shown}"
    if name == "date":
        return 1205, "Invalid Date Format - length must be 10 or more"
    if name.startswith("timestamp"):
        return 1206, "Invalid timestamp format or value [YYYY-MM-DD HH24:MI:SS]"
    if name == "bool":
        return 1210, "Unknown boolean format"
    return 1207, f"Invalid value for type {column.type.display()}"
