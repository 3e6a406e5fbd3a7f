"""Arrow's types in Glue's words: of Parquet's schema, and of JSON that Arrow has parsed."""

from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]

from emulation.compute.crawling.kinds import INT_RANGE, UNKNOWN, Array, Map, Struct

PLAIN = {
    "int8": "tinyint",
    "uint8": "smallint",
    "int16": "smallint",
    "uint16": "int",
    "int32": "int",
    "uint32": "bigint",
    "int64": "bigint",
    "uint64": "bigint",
    "halffloat": "float",
    "float": "float",
    "double": "double",
    "bool": "boolean",
    "string": "string",
    "large_string": "string",
    "string_view": "string",
    "binary": "binary",
    "large_binary": "binary",
    "date32[day]": "date",
    "date64[ms]": "date",
    "null": UNKNOWN,
}


def of_type(kind: pa.DataType) -> Any:
    """A column's type, as a Parquet file declares it."""
    if pa.types.is_dictionary(kind):
        return of_type(kind.value_type)
    if pa.types.is_struct(kind):
        return Struct(tuple((field.name, of_type(field.type)) for field in kind))
    if pa.types.is_map(kind):
        return Map(of_type(kind.key_type), of_type(kind.item_type))
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return Array(of_type(kind.value_type))
    return scalar(kind)


def scalar(kind: pa.DataType) -> str:
    """A type without parts."""
    if pa.types.is_timestamp(kind):
        return "timestamp"
    if pa.types.is_decimal(kind):
        return f"decimal({kind.precision},{kind.scale})"
    if pa.types.is_fixed_size_binary(kind):
        return "binary"
    return PLAIN.get(str(kind), "string")


def of_json_column(column: Any) -> Any:
    """The type of a column of parsed JSON: what Arrow takes for a time is text to Glue, and small
    whole numbers are `int`.
    """
    kind = column.type
    if pa.types.is_struct(kind):
        members = (pc.struct_field(column, [index]) for index in range(kind.num_fields))
        names = (field.name for field in kind)
        return Struct(tuple(zip(names, map(of_json_column, members), strict=True)))
    if pa.types.is_list(kind):
        return Array(of_json_column(pc.list_flatten(column)))
    if pa.types.is_temporal(kind):
        return "string"
    if pa.types.is_integer(kind):
        return whole_number(column)
    return scalar(kind)


def whole_number(column: Any) -> str:
    """`int` where all fit."""
    ends = pc.min_max(column).as_py()
    return "int" if all(end is None or end in INT_RANGE for end in ends.values()) else "bigint"
