"""A data set's logical tables as one query: joins, and the transforms of each in their order."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from emulation.compute.visuals.compiled import Level
from emulation.compute.visuals.compiler import Compiler, ParameterValue
from emulation.compute.visuals.date_formats import directives
from emulation.compute.visuals.errors import Mismatch, MissingColumn, NotDrawn, VisualError
from emulation.compute.visuals.relation import Relation
from emulation.compute.visuals.values import SQL_TYPES, Type, literal, quoted

Members = Mapping[str, Any]
JOINS = {"INNER": "INNER", "LEFT": "LEFT", "RIGHT": "RIGHT", "OUTER": "FULL OUTER"}
PLACEHOLDER = re.compile(r"<<\s*\$([\w]+)\s*>>")


def with_parameters(sql: str, values: Mapping[str, ParameterValue]) -> str:
    """A custom query with the data set's parameters (`<<$Name>>`) in their places.

    Raises:
        Mismatch: one that the data set does not have.
    """

    def put(found: re.Match[str]) -> str:
        if found[1] not in values:
            raise Mismatch(f"Data set parameter {found[1]} is not declared.")
        value = values[found[1]]
        several = value if isinstance(value, list) else [value]
        return ", ".join(literal(one) for one in several)

    return PLACEHOLDER.sub(put, sql)


def plan(
    logical: Members, physical: Callable[[str], Relation], parent: Callable[[str], Relation]
) -> Relation:
    """The query of the whole data set; `physical` knows physical tables, `parent` data sets by ARN.

    Raises:
        VisualError: says which table is wrong and how.
    """
    tables = _Tables(logical, physical, parent)
    return tables.table(root(logical))


def root(logical: Members) -> str:
    """The logical table that no other is made of.

    Raises:
        Mismatch: there is not exactly one.
    """
    used = set()
    for table in logical.values():
        join = table["Source"].get("JoinInstruction") or {}
        used |= {join.get("LeftOperand"), join.get("RightOperand")}
    left = [name for name in logical if name not in used]
    if len(left) != 1:
        raise Mismatch("A data set must have exactly one logical table that is its result.")
    return left[0]


class _Tables:
    """Builds logical tables, each from those below it."""

    def __init__(
        self, logical: Members, physical: Callable[[str], Relation], parent: Callable[..., Relation]
    ) -> None:
        self._logical = logical
        self._physical = physical
        self._parent = parent
        self._inside: list[str] = []

    def table(self, name: str) -> Relation:
        """One logical table with its transforms."""
        if name not in self._logical:
            raise Mismatch(f"Logical table {name} does not exist.")
        if name in self._inside:
            raise Mismatch(f"Logical table {name} is made of itself.")
        self._inside.append(name)
        table = self._logical[name]
        found = self._source(table["Source"])
        for operation in table.get("DataTransforms") or []:
            found = transformed(found, operation)
        self._inside.pop()
        return found

    def _source(self, source: Members) -> Relation:
        if join := source.get("JoinInstruction"):
            return self._joined(join)
        if arn := source.get("DataSetArn"):
            return self._parent(arn)
        return self._physical(source["PhysicalTableId"])

    def _joined(self, join: Members) -> Relation:
        left = self.table(join["LeftOperand"])
        right = self.table(join["RightOperand"])
        alias = self._logical[join["RightOperand"]]["Alias"]
        # A name that both sides have carries the right table's alias there.
        names = {
            name: f"{name}[{alias}]" if name in left.columns else name for name in right.columns
        }
        renamed = ", ".join(f"{quoted(old)} AS {quoted(new)}" for old, new in names.items())
        columns = {**left.columns, **{names[name]: right.columns[name] for name in names}}
        condition = Compiler(columns).expression(join["OnClause"])
        if condition.type is not Type.TRUTH:
            raise Mismatch(f"{join['OnClause']} is no condition.")
        listed = ", ".join(quoted(name) for name in columns)
        sql = (
            f"SELECT {listed} FROM ({left.sql}) AS _left {JOINS[join['Type']]} JOIN "
            f"(SELECT {renamed} FROM ({right.sql}) AS _right) AS _right ON {condition.sql}"
        )
        return Relation(sql, columns)


def transformed(table: Relation, operation: Members) -> Relation:
    """A table after one transform.

    Raises:
        VisualError: it does not fit the table, or is not computed here.
    """
    ((kind, given),) = operation.items()
    if kind not in TRANSFORMS:
        raise NotDrawn(f"Transform {kind}")
    return TRANSFORMS[kind](table, given)


def _project(table: Relation, given: Members) -> Relation:
    columns = {name: _type(table, name) for name in given["ProjectedColumns"]}
    listed = ", ".join(quoted(name) for name in columns)
    return Relation(f"SELECT {listed} FROM ({table.sql}) AS _t", columns)


def _filter(table: Relation, given: Members) -> Relation:
    if "ConditionExpression" not in given:
        raise NotDrawn("FilterOperation without ConditionExpression")
    condition = Compiler(table.columns).expression(given["ConditionExpression"])
    if condition.type is not Type.TRUTH or condition.level > Level.ROW:
        raise Mismatch(f"{given['ConditionExpression']} is no condition on rows.")
    return Relation(f"SELECT * FROM ({table.sql}) AS _t WHERE {condition.sql}", table.columns)


def _create(table: Relation, given: Members) -> Relation:
    made = {}
    for column in given["Columns"]:
        name = column["ColumnName"]
        try:
            made[name] = Compiler(table.columns).expression(column["Expression"])
        except NotDrawn as error:
            raise NotDrawn(f"Calculated column {name}: {error.what}") from error
        except VisualError as error:
            raise Mismatch(f"Calculated column {name}: {error}") from error
        if made[name].level > Level.ROW:
            raise Mismatch(f"Calculated column {name}: a data set computes row by row here.")
    kept = [quoted(name) for name in table.columns if name not in made]
    new = [
        f"CAST({value.sql} AS {SQL_TYPES[_stored(value.type)]}) AS {quoted(name)}"
        for name, value in made.items()
    ]
    columns = {**table.columns, **{name: _stored(value.type) for name, value in made.items()}}
    ordered = {name: columns[name] for name in table.columns if name not in made}
    sql = f"SELECT {', '.join([*kept, *new])} FROM ({table.sql}) AS _t"
    return Relation(sql, {**ordered, **{name: columns[name] for name in made}})


def _stored(kind: Type) -> Type:
    return {Type.TRUTH: Type.INTEGER, Type.NOTHING: Type.STRING}.get(kind, kind)


def _rename(table: Relation, given: Members) -> Relation:
    old, new = given["ColumnName"], given["NewColumnName"]
    _type(table, old)
    listed = ", ".join(
        f"{quoted(name)} AS {quoted(new)}" if name == old else quoted(name)
        for name in table.columns
    )
    columns = {new if name == old else name: kind for name, kind in table.columns.items()}
    return Relation(f"SELECT {listed} FROM ({table.sql}) AS _t", columns)


def _cast(table: Relation, given: Members) -> Relation:
    name, wanted = given["ColumnName"], Type(given["NewColumnType"])
    sql = cast(quoted(name), _type(table, name), wanted, given.get("Format"))
    listed = ", ".join(
        f"{sql} AS {quoted(one)}" if one == name else quoted(one) for one in table.columns
    )
    columns = {one: wanted if one == name else kind for one, kind in table.columns.items()}
    return Relation(f"SELECT {listed} FROM ({table.sql}) AS _t", columns)


def cast(sql: str, kind: Type, wanted: Type, pattern: str | None) -> str:
    """A value of another type; nothing where it cannot be converted."""
    if pattern and wanted is Type.DATETIME and kind is Type.STRING:
        return f"CAST(try_strptime({sql}, {literal(directives(pattern))}) AS TIMESTAMP)"
    if pattern and wanted is Type.STRING and kind is Type.DATETIME:
        return f"strftime({sql}, {literal(directives(pattern))})"
    if wanted is Type.DATETIME and kind in {Type.INTEGER, Type.DECIMAL}:
        return f"CAST(to_timestamp({sql}) AS TIMESTAMP)"
    if wanted is Type.INTEGER and kind is Type.DECIMAL:
        return f"TRY_CAST(trunc({sql}) AS BIGINT)"
    return f"TRY_CAST({sql} AS {SQL_TYPES[wanted]})"


def _type(table: Relation, name: str) -> Type:
    if name not in table.columns:
        raise MissingColumn(name)
    return table.columns[name]


def _tagged(table: Relation, given: Members) -> Relation:
    _type(table, given["ColumnName"])
    return table


TRANSFORMS: dict[str, Callable[[Relation, Members], Relation]] = {
    "ProjectOperation": _project,
    "FilterOperation": _filter,
    "CreateColumnsOperation": _create,
    "RenameColumnOperation": _rename,
    "CastColumnTypeOperation": _cast,
    "TagColumnOperation": _tagged,
    "UntagColumnOperation": _tagged,
}
