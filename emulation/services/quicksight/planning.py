"""From a data set's tables to one query, and where that query runs.

Tables of one database make a query that its engine runs. Tables of several places are first copied
beside each other, which only an import into SPICE may do.
"""

import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from emulation.compute.visuals import files, spice
from emulation.compute.visuals.compiler import ParameterValue
from emulation.compute.visuals.errors import DataError
from emulation.compute.visuals.logical_tables import plan, with_parameters
from emulation.compute.visuals.parameters import TYPES as PARAMETER_TYPES
from emulation.compute.visuals.parameters import converted
from emulation.compute.visuals.relation import Relation, typed
from emulation.compute.visuals.values import INPUT_TYPES, Type, quoted
from emulation.services.quicksight import data_sources
from emulation.services.quicksight.connections import NoConnectionError, manifest_of, place_of
from emulation.services.quicksight.copies import copy_path
from emulation.services.quicksight.store import DATA_SETS, Members, Shelf
from emulation.services.quicksight.warehouses import COPIES, Place, session_at, translated
from emulation.services.redshift_data.s3_objects import GatewayObjects
from emulation.services.scope import Scope

Values = Mapping[str, ParameterValue]


class SourceError(DataError):
    """A source that cannot be read: AWS's type of an ingestion's error and a sentence."""

    def __init__(self, type_: str, message: str) -> None:
        super().__init__(message)
        self.type = type_


def input_columns(table: Members) -> dict[str, Type]:
    """The declared columns of a physical table."""
    listed = table.get("InputColumns") or table.get("Columns") or []
    return {one["Name"]: INPUT_TYPES[one["Type"]] for one in listed}


def outline(scope: Scope, data_set: Members) -> Relation:
    """A data set's columns, without looking at its sources.

    Raises:
        VisualError: its tables do not fit together.
    """

    def physical(name: str) -> Relation:
        if name not in data_set["PhysicalTableMap"]:
            raise DataError(f"Physical table {name} does not exist.")
        ((_, table),) = data_set["PhysicalTableMap"][name].items()
        return Relation("SELECT 1", input_columns(table))

    def parent(arn: str) -> Relation:
        return outline(scope, parent_of(scope, arn))

    return _combined(data_set, physical, parent)


def _combined(
    data_set: Members, physical: Callable[[str], Relation], parent: Callable[[str], Relation]
) -> Relation:
    logical = data_set.get("LogicalTableMap")
    if logical:
        return plan(logical, physical, parent)
    names = list(data_set["PhysicalTableMap"])
    if len(names) != 1:
        raise DataError("A data set of several physical tables needs a LogicalTableMap.")
    return physical(names[0])


def parent_of(scope: Scope, arn: str) -> Members:
    """The data set of an ARN.

    Raises:
        DataError: it is not there.
    """
    prefix = scope.arn("quicksight", "dataset/")
    found = Shelf(scope, DATA_SETS).get(arn.removeprefix(prefix))
    if found is None:
        raise DataError(f"Data set {arn} does not exist.")
    return found


def parameter_defaults(data_set: Members) -> dict[str, ParameterValue]:
    """A data set's own parameters."""
    found: dict[str, ParameterValue] = {}
    for one in data_set.get("DatasetParameters") or []:
        ((kind, given),) = one.items()
        type_ = PARAMETER_TYPES[kind.replace("DatasetParameter", "ParameterDeclaration")]
        static = (given.get("DefaultValues") or {}).get("StaticValues") or []
        values = [converted(type_, value) for value in static]
        many = given["ValueType"] == "MULTI_VALUED"
        found[given["Name"]] = values if many else (values or [None])[0]
    return found


@dataclass
class Planner:
    """Plans a data set's query; `folder` is where sources may be copied to."""

    scope: Scope
    folder: Path | None = None
    _copied: int = 0
    _counted: list[tuple[str, str]] = field(default_factory=list)
    """Queries of all rows of files and of those that fit."""

    def planned(self, data_set: Members, values: Values | None = None) -> tuple[Place, Relation]:
        """Where a data set's query runs, and the query.

        Raises:
            VisualError: a source cannot be read, or the tables do not fit together.
        """
        given = {**parameter_defaults(data_set), **(values or {})}
        tables = {
            name: self._physical(table, given)
            for name, table in data_set["PhysicalTableMap"].items()
        }
        parents = {arn: self._parent(arn) for arn in _parents(data_set)}
        every = [*tables.values(), *parents.values()]
        places = {place for place, _ in every}
        if len(places) > 1:
            tables = {name: self._copy(*table) for name, table in tables.items()}
            parents = {arn: self._copy(*table) for arn, table in parents.items()}
            places = {COPIES}
        relation = _combined(data_set, lambda name: tables[name][1], lambda arn: parents[arn][1])
        return places.pop(), relation

    def relation(self, data_set: Members, values: Values | None = None) -> tuple[Place, Relation]:
        """Where a data set's data is, be it a copy or the source, and its query there.

        Raises:
            VisualError: it cannot be read.
        """
        if data_set["ImportMode"] == "SPICE":
            path = copy_path(self.scope, data_set)
            return COPIES, spice.copy_of(path, outline(self.scope, data_set))
        return self.planned(data_set, values)

    def _parent(self, arn: str) -> tuple[Place, Relation]:
        return self.relation(parent_of(self.scope, arn))

    def _physical(self, table: Members, values: Values) -> tuple[Place, Relation]:
        ((kind, given),) = table.items()
        source = data_sources.of_arn(self.scope, given["DataSourceArn"])
        if source is None:
            message = f"Data source {given['DataSourceArn']} does not exist."
            raise SourceError("DATA_SOURCE_NOT_FOUND", message)
        columns = input_columns(given)
        if kind == "S3Source":
            return COPIES, self._files(source, given, columns)
        try:
            place = place_of(self.scope, source)
        except NoConnectionError as error:
            raise SourceError("CONNECTION_FAILURE", error.message) from error
        sql = translated(self.scope, place, source_sql(kind, given, columns, values))
        return place, typed(sql, columns)

    def _copy(self, place: Place, relation: Relation) -> tuple[Place, Relation]:
        if place == COPIES:
            return place, relation
        path = self._path("parquet")
        with session_at(self.scope, place) as session:
            spice.write(session.connection, relation.sql, path)
        return COPIES, spice.copy_of(path, relation)

    def _path(self, ending: str) -> Path:
        if self.folder is None:
            raise DataError("Tables of several places can only be imported into SPICE.")
        self._copied += 1
        return self.folder / f"{self._copied}.{ending}"

    def _files(self, source: Members, given: Members, columns: dict[str, Type]) -> Relation:
        try:
            found, manifest = manifest_of(self.scope, source)
        except NoConnectionError as error:
            raise SourceError("S3_MANIFEST_ERROR", error.message) from error
        objects = GatewayObjects(self.scope.account, self.scope.region)
        paths = []
        for bucket, key in found:
            path = self._path(key.rpartition("/")[2][-40:] or "file")
            objects.download(bucket, key, path)
            paths.append(path)
        settings = {**_manifest_settings(manifest), **(given.get("UploadSettings") or {})}
        every = files.texts(paths, columns, settings)
        fitting = files.converted(every, columns)
        self._counted.append((every, fitting.sql))
        return fitting

    def rows_dropped(self, connection: duckdb.DuckDBPyConnection) -> int:
        """How many rows of files did not fit their columns."""
        return sum(
            connection.execute(
                f"SELECT (SELECT count(*) FROM ({every})) - (SELECT count(*) FROM ({fitting}))"
            ).fetchall()[0][0]
            for every, fitting in self._counted
        )


def source_sql(kind: str, given: Members, columns: Mapping[str, Type], values: Values) -> str:
    """A physical table's query in Redshift's SQL."""
    if kind == "CustomSql":
        return with_parameters(given["SqlQuery"], values)
    if kind != "RelationalTable":
        raise NotImplementedError(f"quicksight physical tables of kind {kind} are not emulated")
    listed = ", ".join(quoted(name) for name in columns)
    schema = f"{quoted(given['Schema'])}." if given.get("Schema") else ""
    return f"SELECT {listed} FROM {schema}{quoted(given['Name'])}"


def _manifest_settings(manifest: Members) -> Members:
    """A manifest's settings, spelled as the API's."""
    names = {
        "format": "Format", "delimiter": "Delimiter", "containsHeader": "ContainsHeader",
    }  # fmt: skip
    found = {names[name]: value for name, value in manifest.items() if name in names}
    if qualifier := manifest.get("textqualifier"):
        found["TextQualifier"] = "SINGLE_QUOTE" if qualifier == "'" else "DOUBLE_QUOTE"
    return found


def _parents(data_set: Members) -> list[str]:
    tables: Any = (data_set.get("LogicalTableMap") or {}).values()
    return [one["Source"]["DataSetArn"] for one in tables if one["Source"].get("DataSetArn")]


def staging(stack: ExitStack) -> Path:
    """A folder for copies of sources, until the work is done."""
    return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="quicksight-")))
