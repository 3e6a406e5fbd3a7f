"""What a statement gives back: columns as the Data API describes them, rows as plain values.

A value is a bool, an int, a float, a text or nothing: what Redshift sends as text (numbers with a
scale, dates, SUPER) is text here, in Redshift's form.
"""

import datetime
import decimal
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from emulation.compute.redshift_sql.column_types import ColumnType

Value = bool | int | float | str | None
Row = list[Value]


@dataclass(frozen=True, slots=True)
class ResultColumn:
    """A column of a result; the origin is known when it is a plain copy of a table's column."""

    name: str
    type: ColumnType
    schema: str = ""
    table: str = ""
    nullable: bool = True


@dataclass(slots=True)
class Outcome:
    """What one statement did. `rows` must be read before the next statement runs."""

    rows_changed: int = 0
    columns: list[ResultColumn] = field(default_factory=list)
    rows: Iterator[Row] | None = None


def _timestamp(value: datetime.datetime) -> str:
    text = value.strftime("%Y-%m-%d %H:%M:%S")
    return f"{text}.{value.microsecond:06d}".rstrip("0") if value.microsecond else text


def _time(value: datetime.time) -> str:
    text = value.strftime("%H:%M:%S")
    return f"{text}.{value.microsecond:06d}".rstrip("0") if value.microsecond else text


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), default=str, ensure_ascii=False)


CONVERSIONS: dict[str, Callable[[Any], Value]] = {
    "timestamp": _timestamp,
    "date": lambda value: value.isoformat() if hasattr(value, "isoformat") else str(value),
    "time": _time,
    "numeric": lambda value: format(decimal.Decimal(value), "f"),
    "varbyte": lambda value: value.hex(),
    "super": _json,
    "varchar": str,
}


def converter(column: ResultColumn) -> Callable[[Any], Value]:
    """How a value of a column becomes plain."""
    if column.type.name == "bpchar":
        length = column.type.length
        return lambda value: None if value is None else str(value).ljust(length)
    convert = CONVERSIONS.get(column.type.name)
    if convert is None:
        return lambda value: value
    return lambda value: None if value is None else convert(value)
