"""COPY: from objects in S3 into a table, all of them or none.

Parquet goes straight from DuckDB's reader, column by column in the file's order and with its types,
which Redshift does not convert. Text is read row by row (`text_rows.py`) and converted by DuckDB
(`text_load.py`), because its errors belong to rows and columns.
"""

import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from emulation.compute.redshift_sql.copy_statements import Copy
from emulation.compute.redshift_sql.errors import SqlError, detail_block
from emulation.compute.redshift_sql.tables import Column
from emulation.compute.redshift_sql.translate import Relation
from emulation.compute.warehouse.catalogue import Catalogue
from emulation.compute.warehouse.definitions import physical
from emulation.compute.warehouse.objects import ObjectStore, ObjectStoreError, place
from emulation.compute.warehouse.text_load import TextLoad

PROCESS = "padbmaster"


@dataclass(frozen=True, slots=True)
class Source:
    """One object to load."""

    bucket: str
    key: str

    @property
    def address(self) -> str:
        """As `s3://`."""
        return f"s3://{self.bucket}/{self.key}"


class Copying:
    """Runs one COPY inside the session's transaction."""

    def __init__(self, catalogue: Catalogue, objects: ObjectStore, query: int) -> None:
        self.catalogue = catalogue
        self.objects = objects
        self.query = query

    def run(self, copy: Copy) -> int:
        """The rows that were loaded."""
        relation = self._target(copy)
        columns = self._columns(copy, relation)
        sources = self._sources(copy)
        with tempfile.TemporaryDirectory(prefix="copy-") as folder:
            files = [self._download(source, Path(folder), n) for n, source in enumerate(sources)]
            if copy.format == "parquet":
                return self._parquet(
                    copy, relation, columns, list(zip(sources, files, strict=True))
                )
            load = TextLoad(self.catalogue, copy, relation, columns, self.query)
            load.paths_file = self._paths_file(copy)
            return load.run([(s.address, f) for s, f in zip(sources, files, strict=True)])

    def _target(self, copy: Copy) -> Relation:
        relation = self.catalogue.resolve(copy.table)
        if relation is None or relation.physical == "_rs":
            raise SqlError(f"Cannot COPY into nonexistent table {'.'.join(copy.table)}")
        if relation.definition is not None:
            raise SqlError(f'cannot copy to view "{relation.name}"')
        return relation

    def _columns(self, copy: Copy, relation: Relation) -> list[Column]:
        every = self.catalogue.columns(relation.schema, relation.name)
        by_name = {column.name: column for column in every}
        if not copy.columns:
            if copy.flag("explicit_ids"):
                return every
            kept = relation.identities - relation.generated_by_default
            return [column for column in every if column.name not in kept]
        for name in copy.columns:
            if name not in by_name:
                raise SqlError(f'column "{name}" of relation "{relation.name}" does not exist')
        return [by_name[name] for name in copy.columns]

    def fail(self, message: str, code: int = 8001, context: str = "") -> SqlError:
        """An error with the detail that Redshift's leader prints below it."""
        return SqlError(message, detail=detail_block(message, code, context, self.query, PROCESS))

    def _s3_failed(self, error: ObjectStoreError) -> SqlError:
        words = f"{error.message.rstrip('.')},Status {error.status},Error {error.code}"
        return self.fail(f"S3ServiceException:{words}")

    def _sources(self, copy: Copy) -> list[Source]:
        bucket, prefix = place(copy.source)
        if copy.flag("manifest"):
            return self._from_manifest(copy, bucket, prefix)
        try:
            found = self.objects.list(bucket, prefix)
        except ObjectStoreError as error:
            raise self._s3_failed(error) from error
        sources = [
            Source(bucket, one.key) for one in found if self._counts(copy, one.key, one.size)
        ]
        if not sources:
            raise self.fail(f"The specified S3 prefix '{prefix}' does not exist")
        return sources

    @staticmethod
    def _counts(copy: Copy, key: str, size: int) -> bool:
        """Columnar files are read as Spectrum reads them: hidden and empty ones are skipped."""
        name = key.rpartition("/")[2]
        if copy.format == "parquet" and (size == 0 or name.startswith((".", "_", "#"))):
            return False
        return not (size == 0 and key.endswith("/"))

    def _from_manifest(self, copy: Copy, bucket: str, key: str) -> list[Source]:
        try:
            manifest = json.loads(self.objects.read(bucket, key))
            entries = manifest["entries"]
        except ObjectStoreError as error:
            failed = self._s3_failed(error)
            raise self.fail(f"Problem reading manifest file - {failed.message}") from error
        except (ValueError, KeyError, TypeError) as error:
            raise self.fail(
                f"Manifest file is not in correct json format: {copy.source}"
            ) from error
        return [
            source for entry in entries if (source := self._manifest_entry(copy, entry)) is not None
        ]

    def _manifest_entry(self, copy: Copy, entry: dict[str, Any]) -> Source | None:
        source = Source(*place(entry["url"]))
        if copy.format == "parquet" and "content_length" not in entry.get("meta", {}):
            raise self.fail("File entry does not have 'meta' key.", 15003)
        try:
            there = {one.key for one in self.objects.list(source.bucket, source.key)}
        except ObjectStoreError as error:
            raise self._s3_failed(error) from error
        if source.key in there:
            return source
        if entry.get("mandatory", False):
            words = (
                "S3ServiceException:The specified key does not exist.,Status 404,Error NoSuchKey"
            )
            raise self.fail(words, context=f"S3 key being read : {source.address}")
        return None

    def _paths_file(self, copy: Copy) -> list[str] | None:
        """The expressions of a JSONPaths file, when the clause names one."""
        address = copy.values.get("json", "")
        if not address.startswith("s3://"):
            return None
        try:
            paths = json.loads(self.objects.read(*place(address)))["jsonpaths"]
        except ObjectStoreError as error:
            raise self._s3_failed(error) from error
        except (ValueError, KeyError, TypeError) as error:
            raise self.fail("Invalid JSONPath format: Member is not an object.") from error
        return [str(path) for path in paths]

    def _download(self, source: Source, folder: Path, number: int) -> Path:
        path = folder / str(number)
        try:
            self.objects.download(source.bucket, source.key, path)
        except ObjectStoreError as error:
            raise self._s3_failed(error) from error
        return path

    def _parquet(
        self,
        copy: Copy,
        relation: Relation,
        columns: list[Column],
        files: list[tuple[Source, Path]],
    ) -> int:
        values: list[str] = []
        for source, path in files:
            values = self._matched(copy, columns, source, path)
        filled = columns[: len(values)]
        names = ", ".join(f'"{column.name}"' for column in filled)
        paths = ", ".join(f"'{path}'" for _, path in files)
        done = self.catalogue.connection.execute(
            f"INSERT INTO {physical(relation.schema, relation.name)} ({names})"
            f" SELECT {', '.join(values)}"
            f" FROM read_parquet([{paths}], hive_partitioning = false) AS _f({names})"
        ).fetchall()
        return int(done[0][0])

    def _matched(
        self, copy: Copy, columns: Sequence[Column], source: Source, path: Path
    ) -> list[str]:
        """What to insert for each column of one file.

        Raises:
            SqlError: the file's columns are not the table's.
        """
        described = self._described(source, path)
        if len(described) > len(columns) or (
            len(described) < len(columns) and not copy.flag("fillrecord")
        ):
            raise self._spectrum(
                "Unmatched number of columns between table and file. "
                f"Table columns: {len(columns)}, Data columns: {len(described)}, "
                f"File name: {_https(source)}"
            )
        return [
            self._value(copy, column, name, type_, source)
            for column, (name, type_) in zip(columns, described, strict=False)
        ]

    def _described(self, source: Source, path: Path) -> list[tuple[str, str]]:
        with path.open("rb") as file:
            magic = file.read(4)
        if magic != b"PAR1":
            raise self._spectrum(
                f"File '{_https(source)}' has an invalid version number: {magic!r}"
            )
        sql = f"DESCRIBE SELECT * FROM read_parquet('{path}', hive_partitioning = false)"
        try:
            return [(row[0], row[1]) for row in self.catalogue.rows(sql)]
        except duckdb.Error as error:
            reason = str(error).splitlines()[0].replace(str(path), source.address)
            raise self._spectrum(f"File '{_https(source)}' is not valid: {reason}") from error

    def _value(self, copy: Copy, column: Column, name: str, type_: str, source: Source) -> str:
        quoted = f'"{column.name}"'
        kind = "DECIMAL" if type_.startswith("DECIMAL") else type_
        nested = type_.endswith("]") or type_.startswith(("STRUCT", "MAP"))
        if nested and column.type.name == "super" and copy.flag("serializetojson"):
            return f"CAST(to_json({quoted}) AS VARIANT)"
        if nested or kind not in PARQUET.get(column.type.name, set()):
            shown = column.type.display().upper()
            raise self._spectrum(
                f"File '{_https(source)}' has an incompatible Parquet schema for column "
                f"'{source.address}.{name}'. Column type: {shown}, Parquet schema:\n"
                f"optional {SCHEMA_TYPES.get(kind, kind.lower())} {name}"
            )
        if column.type.name in {"varchar", "bpchar"}:
            text = f"rtrim({quoted}, ' ')" if column.type.name == "bpchar" else quoted
            return f"rs_fit({text}, {column.type.length}, '{column.type.display()}')"
        return f"CAST({quoted} AS {column.type.duckdb()})"

    def _spectrum(self, context: str) -> SqlError:
        block = detail_block("Spectrum Scan Error", 15007, context, self.query, "worker_thread")
        return SqlError("Spectrum Scan Error", detail=block)


def _https(source: Source) -> str:
    return f"https://s3.amazonaws.com/{source.bucket}/{source.key}"


SMALL = {"TINYINT", "UTINYINT", "SMALLINT"}
PARQUET = {
    "int2": {*SMALL, "INTEGER"},
    "int4": {*SMALL, "USMALLINT", "INTEGER"},
    "int8": {"BIGINT", "UINTEGER"},
    "float4": {"FLOAT"},
    "float8": {"DOUBLE"},
    "numeric": {"DECIMAL"},
    "bool": {"BOOLEAN"},
    "varchar": {"VARCHAR"},
    "bpchar": {"VARCHAR"},
    "date": {"DATE"},
    "timestamp": {"TIMESTAMP", "TIMESTAMP_NS", "TIMESTAMP_MS", "TIMESTAMP WITH TIME ZONE"},
    "timestamptz": {"TIMESTAMP", "TIMESTAMP_NS", "TIMESTAMP WITH TIME ZONE"},
    "time": {"TIME"},
    "varbyte": {"BLOB"},
    "super": set(),
}
"""Which of a file's types a column takes: by physical type, without conversion."""

SCHEMA_TYPES = {
    "INTEGER": "int32",
    "SMALLINT": "int32",
    "TINYINT": "int32",
    "BIGINT": "int64",
    "TIMESTAMP": "int64",
    "VARCHAR": "byte_array",
    "BLOB": "byte_array",
    "DATE": "int32",
    "DECIMAL": "fixed_len_byte_array",
}
