"""UNLOAD: the rows of a query as objects in S3.

One slice computes here, so there is one file a partition, with the names that Redshift gives them.
"""

import csv
import gzip
import io
import json
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import duckdb

from emulation.compute.redshift_sql.copy_statements import Unload
from emulation.compute.redshift_sql.errors import NotEmulatedError, SqlError
from emulation.compute.warehouse.objects import ObjectStore, ObjectStoreError, place
from emulation.compute.warehouse.results import ResultColumn, converter

NOT_EMPTY = (
    "Specified unload destination on S3 is not empty. Consider using a different bucket / prefix, "
    "manually removing the target files in S3, or using the ALLOWOVERWRITE option."
)


class Unloading:
    """Runs one UNLOAD."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, objects: ObjectStore) -> None:
        self.connection = connection
        self.objects = objects

    def run(self, unload: Unload, sql: str, columns: list[ResultColumn]) -> int:
        """The rows that were written."""
        try:
            return self._run(unload, sql, columns)
        except ObjectStoreError as error:
            words = f"{error.message.rstrip('.')},Status {error.status},Error {error.code}"
            raise SqlError(f"S3ServiceException:{words}") from error

    def _run(self, unload: Unload, sql: str, columns: list[ResultColumn]) -> int:
        names = [column.name for column in columns]
        for name in unload.partition_by:
            if name not in names:
                raise SqlError(f'column "{name}" in PARTITION BY does not exist in the query')
        if unload.format == "parquet" and unload.flag("header"):
            raise SqlError("HEADER is not supported for UNLOAD to PARQUET")
        self._clear(unload)
        places = ", ".join(f"c{at}" for at in range(len(columns)))
        self.connection.execute(
            f"CREATE OR REPLACE TEMP TABLE _unloaded AS SELECT * FROM ({sql}) AS _u({places})"
        )
        try:
            return self._write_all(unload, columns)
        finally:
            self.connection.execute("DROP TABLE IF EXISTS _unloaded")

    def _clear(self, unload: Unload) -> None:
        bucket, prefix = place(unload.target)
        existing = self.objects.list(bucket, prefix)
        if unload.flag("cleanpath"):
            self.objects.delete(bucket, [one.key for one in existing])
        elif existing and not unload.flag("allowoverwrite"):
            raise SqlError(NOT_EMPTY)

    def _write_all(self, unload: Unload, columns: list[ResultColumn]) -> int:
        bucket, prefix = place(unload.target)
        written: list[dict[str, Any]] = []
        total = 0
        with tempfile.TemporaryDirectory(prefix="unload-") as folder:
            for number, (below, condition) in enumerate(self._partitions(unload, columns)):
                path = Path(folder) / str(number)
                rows = self._write(unload, columns, condition, path)
                key = f"{prefix}{below}{_file_name(unload)}"
                self.objects.upload(path, bucket, key)
                size = path.stat().st_size
                meta = {"content_length": size, "record_count": rows}
                written.append({"url": f"s3://{bucket}/{key}", "meta": meta})
                total += rows
            if unload.flag("manifest"):
                path = Path(folder) / "manifest"
                path.write_text(json.dumps({"entries": written}))
                self.objects.upload(path, bucket, f"{prefix}manifest")
        return total

    def _partitions(self, unload: Unload, columns: list[ResultColumn]) -> Iterator[tuple[str, str]]:
        """The folder and the condition of each partition."""
        if not unload.partition_by:
            yield "", "true"
            return
        names = [column.name for column in columns]
        casts = [f"CAST(c{names.index(name)} AS VARCHAR)" for name in unload.partition_by]
        texts = ", ".join(casts)
        sql = f"SELECT DISTINCT {texts} FROM _unloaded ORDER BY ALL"
        for values in self.connection.execute(sql).fetchall():
            pairs = list(zip(unload.partition_by, values, strict=True))
            below = "".join(f"{name}={_partition_value(value)}/" for name, value in pairs)
            conditions = [
                f"{cast} IS NOT DISTINCT FROM {_literal(value)}"
                for cast, value in zip(casts, values, strict=True)
            ]
            yield below, " AND ".join(conditions)

    def _write(
        self, unload: Unload, columns: list[ResultColumn], condition: str, path: Path
    ) -> int:
        kept = [
            (f"c{at}", column)
            for at, column in enumerate(columns)
            if unload.flag("include") or column.name not in unload.partition_by
        ]
        if unload.format == "parquet":
            listed = ", ".join(_parquet_column(*one) for one in kept)
            query = f"SELECT {listed} FROM _unloaded WHERE {condition}"
            sql = f"COPY ({query}) TO '{path}' (FORMAT parquet, COMPRESSION snappy)"
            return int(self.connection.execute(sql).fetchall()[0][0])
        listed = ", ".join(_text_column(*one) for one in kept)
        self.connection.execute(f"SELECT {listed} FROM _unloaded WHERE {condition}")
        return self._write_text(unload, [column for _, column in kept], path)

    def _write_text(self, unload: Unload, columns: list[ResultColumn], path: Path) -> int:
        opened: Any = gzip.open if unload.flag("gzip") else open
        if unload.flag("zstd"):
            raise NotEmulatedError("UNLOAD with ZSTD")
        converters = [converter(column) for column in columns]
        count = 0
        with opened(path, "wt", encoding="utf-8", newline="") as file:
            line = _writer(unload, file)
            if unload.flag("header"):
                line([column.name for column in columns])
            while batch := self.connection.fetchmany(5000):
                for row in batch:
                    line([convert(value) for convert, value in zip(converters, row, strict=True)])
                count += len(batch)
        return count


def _literal(value: str | None) -> str:
    return "NULL" if value is None else "'" + value.replace("'", "''") + "'"


def _partition_value(value: str | None) -> str:
    return "__HIVE_DEFAULT_PARTITION__" if value is None else quote(value, safe=" -_.~")


def _parquet_column(held: str, column: ResultColumn) -> str:
    quoted = f'"{column.name}"'
    if column.type.name == "super":
        return f"CAST(CAST({held} AS JSON) AS VARCHAR) AS {quoted}"
    return f"CAST({held} AS {column.type.duckdb()}) AS {quoted}"


def _text_column(held: str, column: ResultColumn) -> str:
    return f"CAST({held} AS VARCHAR)" if column.type.name == "timestamptz" else held


def _file_name(unload: Unload) -> str:
    name = "000" if unload.values.get("parallel") in {"off", "false"} else "0000_part_00"
    if unload.format == "parquet":
        return f"{name}.parquet"
    return f"{name}.gz" if unload.flag("gzip") else name


def _writer(unload: Unload, file: io.TextIOBase) -> Callable[[list[Any]], None]:
    null = unload.values.get("null", "")
    if unload.format == "csv":
        rows = csv.writer(file, delimiter=unload.values.get("delimiter", ","), lineterminator="\n")
        return lambda values: _ignore(rows.writerow([_shown(value, null) for value in values]))
    delimiter = unload.values.get("delimiter", "|")

    def line(values: list[Any]) -> None:
        fields = [_field(value, unload, delimiter, null) for value in values]
        file.write(delimiter.join(fields) + "\n")

    return line


def _ignore(_: object) -> None:
    return None


def _shown(value: Any, null: str) -> str:
    """UNLOAD writes a boolean as t or f."""
    if value is None:
        return null
    if isinstance(value, bool):
        return "t" if value else "f"
    return str(value)


def _field(value: Any, unload: Unload, delimiter: str, null: str) -> str:
    text = _shown(value, null)
    if value is not None and unload.flag("escape"):
        for special in ("\\", "\n", "\r", delimiter, '"', "'"):
            text = text.replace(special, f"\\{special}")
    return f'"{text}"' if unload.flag("addquotes") and value is not None else text
