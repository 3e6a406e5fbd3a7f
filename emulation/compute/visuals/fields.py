"""What stands in a visual's field wells: dimensions to group by and measures to show."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from emulation.compute.visuals.aggregates import SIMPLE, aggregated, percentile
from emulation.compute.visuals.compiled import Compiled, Level, counted
from emulation.compute.visuals.compiler import Compiler
from emulation.compute.visuals.date_formats import GRANULARITIES, truncated
from emulation.compute.visuals.errors import Mismatch, NotDrawn
from emulation.compute.visuals.formats import (
    DateFormat,
    NumberFormat,
    date_format,
    number_format,
)
from emulation.compute.visuals.values import NUMBERS, Type

Members = Mapping[str, Any]
MEASURES = {
    "NumericalMeasureField", "CategoricalMeasureField", "DateMeasureField",
    "CalculatedMeasureField",
}  # fmt: skip
WORDS = {
    "SUM": "Sum", "AVERAGE": "Average", "MIN": "Min", "MAX": "Max", "COUNT": "Count",
    "DISTINCT_COUNT": "Count distinct", "MEDIAN": "Median", "STDEV": "Standard deviation",
    "STDEVP": "Population standard deviation", "VAR": "Variance", "VARP": "Population variance",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class WellField:
    """One field of a well, compiled."""

    id: str
    label: str
    value: Compiled
    format: NumberFormat | DateFormat | None = None
    column: str = ""
    granularity: str = ""

    @property
    def measure(self) -> bool:
        """Whether it is computed from groups of rows."""
        return self.value.level > Level.ROW

    @property
    def type(self) -> Type:
        """What it holds."""
        return self.value.type

    def text(self, value: Any) -> str:
        """A value as a reader sees it."""
        if self.format is not None:
            return self.format.text(value)
        return "–" if value is None else str(value)


def columns_of(well: Iterable[Members]) -> list[Members]:
    """The column identifiers of fields of a well."""
    found = []
    for one in well:
        ((_, given),) = one.items()
        if "Column" in given:
            found.append(given["Column"])
    return found


def dimension(compiler: Compiler, one: Members) -> WellField:
    """A dimension field.

    Raises:
        VisualError: its column is missing or is of another kind.
    """
    ((kind, given),) = one.items()
    name = given["Column"]["ColumnName"]
    value = counted(compiler.column(name))
    if value.level > Level.ROW:
        raise Mismatch(f"{name} is an aggregate and cannot be a dimension.")
    if kind == "DateDimensionField":
        if value.type is not Type.DATETIME:
            raise Mismatch(f"{name} is {value.type}, a date dimension takes dates.")
        # Without a granularity QuickSight shows days.
        part = GRANULARITIES[given.get("DateGranularity") or "DAY"]
        cut = replace(value, sql=truncated(part, value.sql))
        shown = date_format(given.get("FormatConfiguration"), part)
        return WellField(given["FieldId"], name, cut, shown, name, part)
    if kind == "NumericalDimensionField":
        if value.type not in NUMBERS:
            raise Mismatch(f"{name} is {value.type}, a numerical dimension takes numbers.")
        shown_number = number_format(given.get("FormatConfiguration"))
        return WellField(given["FieldId"], name, value, shown_number, name)
    if value.type is Type.DATETIME:
        return WellField(given["FieldId"], name, value, date_format(None, "day"), name)
    return WellField(given["FieldId"], name, value, None, name)


def measure(compiler: Compiler, one: Members) -> WellField:
    """A measure field.

    Raises:
        VisualError: its column is missing or cannot be aggregated so.
    """
    ((kind, given),) = one.items()
    if kind == "CalculatedMeasureField":
        value = compiler.expression(given["Expression"])
        if value.level < Level.GROUP:
            raise Mismatch("A calculated measure takes an aggregate.")
        return WellField(given["FieldId"], given["Expression"], value, NumberFormat())
    name = given["Column"]["ColumnName"]
    value = counted(compiler.column(name))
    function = given.get("AggregationFunction")
    if value.level > Level.ROW:
        return WellField(given["FieldId"], name, value, _format(given, value), name)
    if kind == "CategoricalMeasureField" or isinstance(function, str):
        function = {"SimpleNumericalAggregation": function or "COUNT"}
    # QuickSight sums numbers where nothing is said, and counts the rest.
    function = function or {
        "SimpleNumericalAggregation": "SUM" if value.type in NUMBERS else "COUNT"
    }
    made, word = aggregate(value, function)
    return WellField(given["FieldId"], f"{name} ({word})", made, _format(given, made), name)


def _format(given: Members, value: Compiled) -> NumberFormat | DateFormat | None:
    if value.type is Type.DATETIME:
        return date_format(given.get("FormatConfiguration"), "day")
    return number_format(given.get("FormatConfiguration")) if value.type in NUMBERS else None


def aggregate(value: Compiled, function: Members) -> tuple[Compiled, str]:
    """A column's aggregate as a definition names it, and the word for it.

    Raises:
        VisualError: the function does not take such a column.
    """
    function = function.get("NumericalAggregationFunction") or function
    for plain in ("CategoricalAggregationFunction", "DateAggregationFunction"):
        if plain in function:
            function = {"SimpleNumericalAggregation": function[plain]}
    if "AttributeAggregationFunction" in function:
        raise NotDrawn("AttributeAggregationFunction")
    if asked := function.get("PercentileAggregation"):
        percent = float(asked.get("PercentileValue", 50))
        return percentile("percentile", value, percent), f"P{percent:g}"
    name = function.get("SimpleNumericalAggregation", "SUM")
    return aggregated(SIMPLE[name], value), WORDS[name]


def unaggregated(compiler: Compiler, given: Members) -> WellField:
    """A field of a table that shows single rows."""
    name = given["Column"]["ColumnName"]
    value = counted(compiler.column(name))
    if value.level > Level.ROW:
        raise Mismatch(f"{name} is an aggregate and cannot be shown row by row.")
    asked = given.get("FormatConfiguration") or {}
    asked = asked.get("NumberFormatConfiguration") or asked
    return WellField(given["FieldId"], name, value, _format({"FormatConfiguration": asked}, value))
