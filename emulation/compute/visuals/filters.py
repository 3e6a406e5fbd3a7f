"""Filter groups as conditions: on rows, on aggregates, and on the best or worst of a column.

A viewer's choice in a control takes the place of what the filter says by itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from emulation.compute.visuals.compiled import Compiled, Level, counted
from emulation.compute.visuals.compiler import Compiler, ParameterValue
from emulation.compute.visuals.date_formats import GRANULARITIES, truncated
from emulation.compute.visuals.errors import Mismatch, MissingParameter, NotDrawn
from emulation.compute.visuals.fields import aggregate
from emulation.compute.visuals.relative_dates import bounds, moved
from emulation.compute.visuals.values import Type, literal, moment

Members = Mapping[str, Any]


@dataclass(frozen=True)
class Conditions:
    """What a visual's rows and marks must fulfil."""

    rows: list[str] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    tops: list["Top"] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Top:
    """Only rows whose value is among the first by an aggregate."""

    value: str
    order: list[str]
    limit: int


def groups_of(definition: Members, sheet: str, visual: str) -> list[Members]:
    """The filter groups that count for a visual."""
    return [
        group
        for group in definition.get("FilterGroups") or []
        if group.get("Status", "ENABLED") == "ENABLED"
        and in_scope(group["ScopeConfiguration"], sheet, visual)
    ]


def in_scope(scope: Members, sheet: str, visual: str) -> bool:
    """Whether a visual of a sheet is in a group's scope."""
    if "AllSheets" in scope:
        return True
    for one in (scope.get("SelectedSheets") or {}).get("SheetVisualScopingConfigurations") or []:
        everything = one["Scope"] == "ALL_VISUALS"
        if one["SheetId"] == sheet and (everything or visual in (one.get("VisualIds") or [])):
            return True
    return False


class Filters:
    """Turns filters of one data set into conditions."""

    def __init__(
        self,
        compiler: Compiler,
        identifier: str,
        now: datetime,
        chosen: Mapping[str, Members] | None = None,
    ) -> None:
        self.compiler = compiler
        self.identifier = identifier
        self.now = now
        self.chosen = chosen or {}
        """What controls are set to, by the filter's id."""

    def conditions(self, groups: list[Members]) -> Conditions:
        """All conditions of some groups.

        Raises:
            VisualError: a filter does not fit the data set, or is not computed here.
        """
        found = Conditions()
        for group in groups:
            for one in group["Filters"]:
                ((kind, given),) = one.items()
                if kind == "NestedFilter":
                    raise NotDrawn("NestedFilter")
                column = self._column(group, given["Column"])
                if column is not None:
                    self._add(found, kind, given, counted(column))
        return found

    def _column(self, group: Members, column: Members) -> Compiled | None:
        """The filtered column, if this data set has it: others may have one of the same name."""
        name = column["ColumnName"]
        if column["DataSetIdentifier"] == self.identifier:
            return self.compiler.column(name)
        known = name in self.compiler.columns or name in self.compiler.calculated
        if group.get("CrossDataset") == "ALL_DATASETS" and known:
            return self.compiler.column(name)
        return None

    def _add(self, found: Conditions, kind: str, given: Members, column: Compiled) -> None:
        if kind == "TopBottomFilter":
            found.tops.append(self._top(given, column))
            return
        if asked := given.get("AggregationFunction"):
            column, _ = aggregate(column, asked)
        condition = getattr(self, WORK[kind])(given, column, self.chosen.get(given["FilterId"]))
        if condition:
            if column.level is Level.TABLE:
                raise NotDrawn("A filter on a table calculation")
            (found.rows if column.level <= Level.ROW else found.groups).append(condition)

    def parameter(self, name: str) -> ParameterValue:
        """A parameter's value.

        Raises:
            MissingParameter: there is no such parameter.
        """
        if name not in self.compiler.parameters:
            raise MissingParameter(name)
        return self.compiler.parameters[name]

    def _category(self, given: Members, column: Compiled, chosen: Members | None) -> str:
        if chosen is not None:
            values = chosen.get("values")
            return _among("EQUALS", column, values, "NON_NULLS_ONLY") if values else ""
        ((kind, asked),) = given["Configuration"].items()
        if asked.get("SelectAllOptions"):
            return _nulls(column, asked.get("NullOption"))
        if kind != "CustomFilterConfiguration":
            values = asked.get("CategoryValues") or []
            default = "ALL_VALUES" if kind == "FilterListConfiguration" else "NON_NULLS_ONLY"
            null = asked.get("NullOption") or default
            return _among(asked["MatchOperator"], column, values, null, listed=True)
        if name := asked.get("ParameterName"):
            value = self.parameter(name)
            values = value if isinstance(value, list) else [] if value is None else [value]
            # A parameter without a value filters nothing.
            return (
                _among(asked["MatchOperator"], column, values, "NON_NULLS_ONLY") if values else ""
            )
        values = [asked["CategoryValue"]] if "CategoryValue" in asked else []
        return _among(asked["MatchOperator"], column, values, asked["NullOption"])

    def _number_range(self, given: Members, column: Compiled, chosen: Members | None) -> str:
        _check(column, {Type.INTEGER, Type.DECIMAL})
        if chosen is None and given.get("SelectAllOptions"):
            return _nulls(column, given.get("NullOption"))
        low = self._bound(given.get("RangeMinimum"), chosen, "minimum")
        high = self._bound(given.get("RangeMaximum"), chosen, "maximum")
        return _range(
            column,
            None if low is None else literal(float(str(low))),
            None if high is None else literal(float(str(high))),
            {**given, **BOTH_ENDS} if chosen else given,
        )

    def _bound(self, asked: Members | None, chosen: Members | None, word: str) -> Any:
        if chosen is not None:
            return chosen.get(word)
        if not asked:
            return None
        if "Parameter" in asked:
            return self.parameter(asked["Parameter"])
        return asked.get("StaticValue")

    def _number(self, given: Members, column: Compiled, chosen: Members | None) -> str:
        _check(column, {Type.INTEGER, Type.DECIMAL})
        value: Any = given.get("Value")
        if given.get("ParameterName"):
            value = self.parameter(given["ParameterName"])
        if chosen is not None:
            value = chosen.get("value")
        if value is None or (chosen is None and given.get("SelectAllOptions")):
            return _nulls(column, given.get("NullOption"))
        sign = "=" if given["MatchOperator"] == "EQUALS" else "<>"
        compared = f"{column.sql} {sign} {literal(float(value))}"
        if given["NullOption"] == "ALL_VALUES":
            return f"({compared} OR {column.sql} IS NULL)"
        return f"({compared})"

    def _time(self, given: Members, column: Compiled, chosen: Members | None) -> str:
        _check(column, {Type.DATETIME})
        value = self._moment(given) if chosen is None else chosen.get("value")
        if not value:
            return ""
        part = GRANULARITIES[given.get("TimeGranularity") or "DAY"]
        wanted = truncated(part, literal(moment(value)))
        return f"{truncated(part, column.sql)} = {wanted}"

    def _moment(self, asked: Members) -> Any:
        """What a bound says: written out, by a parameter, or by an expression."""
        name = asked.get("ParameterName") or asked.get("Parameter")
        if name:
            return self.parameter(name)
        if rolling := asked.get("RollingDate"):
            return self._rolling(rolling["Expression"])
        return asked.get("StaticValue") or asked.get("Value")

    def _rolling(self, expression: str) -> Any:
        compiled = Compiler({}, {}, self.compiler.parameters).expression(expression)
        if compiled.type is not Type.DATETIME:
            raise Mismatch(f"{expression} is no date.")
        return _Sql(compiled.sql)

    def _time_range(self, given: Members, column: Compiled, chosen: Members | None) -> str:
        _check(column, {Type.DATETIME})
        low = self._moment(given.get("RangeMinimumValue") or {})
        high = self._moment(given.get("RangeMaximumValue") or {})
        if chosen is not None:
            low, high = chosen.get("minimum"), chosen.get("maximum")
        part = GRANULARITIES[given.get("TimeGranularity") or "DAY"]
        sql = truncated(part, column.sql)
        return _range(
            Compiled(sql, Type.DATETIME, column.level),
            _date(part, low),
            _date(part, high),
            {**given, **BOTH_ENDS} if chosen else given,
        )

    def _relative(self, given: Members, column: Compiled, chosen: Members | None) -> str:
        _check(column, {Type.DATETIME})
        asked = {**given, **(chosen or {})}
        anchor, steps = self.now, asked.get("RelativeDateValue", 1)
        if name := given["AnchorDateConfiguration"].get("ParameterName"):
            value = self.parameter(name)
            anchor = moment(value) if value is not None else anchor
        if not chosen and given.get("ParameterName"):
            steps = self.parameter(given["ParameterName"]) or steps
        kind, granularity = asked["RelativeDateType"], asked["TimeGranularity"]
        low, high = bounds(kind, granularity, int(str(steps)), anchor)
        excluded = given.get("ExcludePeriodConfiguration") or {}
        if excluded and excluded.get("Status", "ENABLED") == "ENABLED":
            part = GRANULARITIES[excluded["Granularity"]]
            high = min(high, moved(part, anchor, -excluded["Amount"]))
        within = f"{column.sql} >= {literal(low)} AND {column.sql} < {literal(high)}"
        if given["NullOption"] == "ALL_VALUES":
            return f"({within} OR {column.sql} IS NULL)"
        return f"({within})"

    def _top(self, given: Members, column: Compiled) -> Top:
        limit = given.get("Limit")
        if given.get("ParameterName"):
            value = self.parameter(given["ParameterName"])
            limit = int(str(value)) if value is not None else limit
        order = []
        for asked in given["AggregationSortConfigurations"]:
            by = self.compiler.column(asked["Column"]["ColumnName"])
            if by.level <= Level.ROW:
                by, _ = aggregate(by, asked.get("AggregationFunction") or {})
            order.append(f"{by.sql} {asked['SortDirection']} NULLS LAST")
        sql = column.sql
        if column.type is Type.DATETIME:
            sql = truncated(GRANULARITIES[given.get("TimeGranularity") or "DAY"], sql)
        return Top(sql, order, limit or 10)


WORK = {
    "CategoryFilter": "_category",
    "NumericRangeFilter": "_number_range",
    "NumericEqualityFilter": "_number",
    "TimeEqualityFilter": "_time",
    "TimeRangeFilter": "_time_range",
    "RelativeDatesFilter": "_relative",
}
BOTH_ENDS = {"IncludeMinimum": True, "IncludeMaximum": True}
"""What a viewer chooses belongs to the range."""
TESTS = {"CONTAINS": "contains", "STARTS_WITH": "starts_with", "ENDS_WITH": "ends_with"}


class _Sql(str):
    """SQL that says a moment."""


def _check(column: Compiled, wanted: set[Type]) -> None:
    if column.type not in wanted:
        raise Mismatch(f"A filter for {' or '.join(sorted(wanted))} stands on {column.type}.")


def _date(part: str, value: Any) -> str | None:
    if value is None or value == "":
        return None
    sql = value if isinstance(value, _Sql) else literal(moment(value))
    return truncated(part, sql)


def _range(column: Compiled, low: str | None, high: str | None, given: Members) -> str:
    parts = []
    if low is not None:
        parts.append(f"{column.sql} {'>=' if given.get('IncludeMinimum') else '>'} {low}")
    if high is not None:
        parts.append(f"{column.sql} {'<=' if given.get('IncludeMaximum') else '<'} {high}")
    within = " AND ".join(parts)
    match given.get("NullOption"):
        case "NULLS_ONLY":
            return f"{column.sql} IS NULL"
        case "ALL_VALUES":
            return f"(({within}) OR {column.sql} IS NULL)" if within else ""
    return f"({within})" if within else f"{column.sql} IS NOT NULL"


def _nulls(column: Compiled, option: str | None) -> str:
    match option:
        case "NULLS_ONLY":
            return f"{column.sql} IS NULL"
        case "NON_NULLS_ONLY":
            return f"{column.sql} IS NOT NULL"
    return ""


def _among(
    operator: str, column: Compiled, values: list[Any] | Any, null: str, *, listed: bool = False
) -> str:
    """Whether a text is, contains, begins or ends with one of some values."""
    if null == "NULLS_ONLY":
        return f"{column.sql} IS NULL"
    text = column.sql if column.type is Type.STRING else f"CAST({column.sql} AS VARCHAR)"
    written = [literal(str(value)) for value in values]
    # An empty list chooses nothing, and excludes nothing.
    test = "FALSE" if listed or written else "TRUE"
    negative = operator.startswith("DOES_NOT_")
    kind = {"EQUAL": "EQUALS", "CONTAIN": "CONTAINS"}.get(operator.removeprefix("DOES_NOT_"))
    kind = kind or operator
    if written and kind == "EQUALS":
        test = f"{text} IN ({', '.join(written)})"
    elif written:
        # These look at no case, as QuickSight's do.
        parts = [f"{TESTS[kind]}(lower({text}), lower({value}))" for value in written]
        test = f"({' OR '.join(parts)})"
    if negative:
        test = f"NOT ({test})"
    wanted = f"({test} OR {column.sql} IS NULL)" if null == "ALL_VALUES" and negative else test
    return f"({wanted})"
