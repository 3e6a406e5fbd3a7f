"""ColumnMetadata: a column of a result or a table, as a driver describes it."""

from emulation.compute.redshift_sql.column_types import ColumnType
from emulation.compute.warehouse.results import ResultColumn
from emulation.services.redshift_data.store import Members

PRECISION = {
    "int2": 5, "int4": 10, "int8": 19, "float4": 8, "float8": 17, "bool": 1, "date": 13,
    "timestamp": 29, "timestamptz": 35, "time": 15, "super": 4194304,
}  # fmt: skip
SCALE = {"float4": 8, "float8": 17, "timestamp": 6, "timestamptz": 6, "time": 6}
SIGNED = {"int2", "int4", "int8", "float4", "float8", "numeric"}
TEXT = {"varchar", "bpchar", "super"}


def type_members(type_: ColumnType) -> Members:
    """What follows from a column's type."""
    precision = type_.precision or type_.length or PRECISION.get(type_.name, 0)
    return {
        "isCaseSensitive": type_.name in TEXT,
        "isCurrency": False,
        "isSigned": type_.name in SIGNED,
        "length": 0,
        "precision": precision,
        "scale": type_.scale if type_.name == "numeric" else SCALE.get(type_.name, 0),
        "typeName": type_.name,
    }


def column_metadata(column: ResultColumn) -> Members:
    """A column of a result."""
    return {
        **type_members(column.type),
        "label": column.name,
        "name": column.name,
        "nullable": int(column.nullable),
        "schemaName": column.schema,
        "tableName": column.table,
    }
