"""UNLOAD: the rows of a query as objects in S3.

One slice computes here, so files are more than one a partition only by MAXFILESIZE; their names are
those that Redshift gives them.
"""

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import duckdb

from emulation.compute.redshift_sql.copy_statements import Unload
from emulation.compute.redshift_sql.errors import SqlError
from emulation.compute.warehouse.objects import ObjectStore, ObjectStoreError, place
from emulation.compute.warehouse.results import ResultColumn, converter
from emulation.compute.warehouse.unload_text import write_text

ROW_GROUP_ROWS = 122_880
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
        with tempfile.TemporaryDirectory(prefix="unload-") as name:
            folder = Path(name)
            for below, condition in self._partitions(unload, columns):
                for number, (path, rows) in enumerate(
                    self._write(unload, columns, condition, folder)
                ):
                    key = f"{prefix}{below}{_file_name(unload, number)}"
                    self.objects.upload(path, bucket, key)
                    meta = {"content_length": path.stat().st_size, "record_count": rows}
                    written.append({"url": f"s3://{bucket}/{key}", "meta": meta})
                    path.unlink()
            if unload.flag("manifest"):
                path = folder / "manifest"
                path.write_text(json.dumps({"entries": written}))
                self.objects.upload(path, bucket, f"{prefix}manifest")
        return sum(one["meta"]["record_count"] for one in written)

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
        self, unload: Unload, columns: list[ResultColumn], condition: str, folder: Path
    ) -> Iterator[tuple[Path, int]]:
        """The files of a partition, and the rows of each."""
        kept = [
            (f"c{at}", column)
            for at, column in enumerate(columns)
            if unload.flag("include") or column.name not in unload.partition_by
        ]
        if unload.format == "parquet":
            listed = ", ".join(_parquet_column(*one) for one in kept)
            query = f"SELECT {listed} FROM _unloaded WHERE {condition}"
            return self._write_parquet(query, unload.largest, folder / "parquet")
        listed = ", ".join(_text_column(*one) for one in kept)
        self.connection.execute(f"SELECT {listed} FROM _unloaded WHERE {condition}")
        shown = [column for _, column in kept]
        return write_text(unload, [column.name for column in shown], self._rows(shown), folder)

    def _write_parquet(self, query: str, largest: int, folder: Path) -> Iterator[tuple[Path, int]]:
        # The engine begins another file once one has grown to this.
        sizes = f"FILE_SIZE_BYTES {largest}, ROW_GROUP_SIZE {ROW_GROUP_ROWS}, OVERWRITE"
        options = f"FORMAT parquet, COMPRESSION snappy, {sizes}, RETURN_FILES"
        files = self.connection.execute(f"COPY ({query}) TO '{folder}' ({options})").fetchall()
        for path in files[0][1]:
            counted = f"SELECT num_rows FROM parquet_file_metadata('{path}')"
            yield Path(path), int(self.connection.execute(counted).fetchall()[0][0])

    def _rows(self, columns: list[ResultColumn]) -> Iterator[list[Any]]:
        converters = [converter(column) for column in columns]
        while batch := self.connection.fetchmany(5000):
            for row in batch:
                yield [convert(value) for convert, value in zip(converters, row, strict=True)]


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


def _file_name(unload: Unload, number: int) -> str:
    serial = unload.values.get("parallel") in {"off", "false"}
    name = f"{number:03}" if serial else f"0000_part_{number:02}"
    if unload.format == "parquet":
        return f"{name}.parquet"
    return f"{name}.gz" if unload.flag("gzip") else name
