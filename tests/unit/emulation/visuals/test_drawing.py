"""Visuals drawn from a small table, through every step from the definition to the marks."""

from datetime import datetime

import duckdb
import pytest

from emulation.compute.visuals import parameters
from emulation.compute.visuals.checks import findings
from emulation.compute.visuals.definition import visual
from emulation.compute.visuals.drawing.draw import draw
from emulation.compute.visuals.relation import DataSet, Relation
from emulation.compute.visuals.values import Type
from emulation.compute.visuals.visual import Viewing

ROWS = """
SELECT * FROM (VALUES
 (TIMESTAMP '2013-01-05', 'a', 'x', 1), (TIMESTAMP '2013-01-20', 'b', 'x', 2),
 (TIMESTAMP '2013-02-05', 'c', 'y', 3), (TIMESTAMP '2013-02-25', 'a', 'y', 10),
 (TIMESTAMP '2013-03-01', 'd', 'x', NULL)) v(day, name, kind, n)
"""
COLUMNS = {"day": Type.DATETIME, "name": Type.STRING, "kind": Type.STRING, "n": Type.INTEGER}


class Memory:
    """Runs queries in memory."""

    def rows(self, sql: str) -> list:
        with duckdb.connect() as connection:
            return connection.execute(sql).fetchall()


def column(name: str) -> dict:
    return {"DataSetIdentifier": "d", "ColumnName": name}


def by(name: str) -> dict:
    return {"CategoricalDimensionField": {"FieldId": name, "Column": column(name)}}


def month() -> dict:
    field = {"FieldId": "month", "Column": column("day"), "DateGranularity": "MONTH"}
    return {"DateDimensionField": field}


def total(name: str = "n") -> dict:
    return {"NumericalMeasureField": {"FieldId": "total", "Column": column(name)}}


def drawn(kind: str, wells: dict, chosen: dict | None = None, **more):
    chart = {"FieldWells": wells, **more.pop("chart", {})}
    members = {"VisualId": "v", "ChartConfiguration": chart, **more.pop("members", {})}
    definition = {
        "DataSetIdentifierDeclarations": [{"Identifier": "d", "DataSetArn": "arn"}],
        "Sheets": [{"SheetId": "s", "Visuals": [{kind: members}]}],
        **more,
    }
    data = {"d": DataSet(Relation(ROWS, COLUMNS), Memory())}
    values = parameters.chosen(definition, {}, Memory())
    now = datetime(2013, 2, 27, 12)
    viewing = Viewing(definition, data, values, now, chosen or {})
    assert findings(viewing, {}) == []
    return draw(viewing, visual(definition, "s", "v"))


def group(kind: str, **members) -> dict:
    return {
        "FilterGroupId": "g",
        "Filters": [{kind: {"FilterId": "f", **members}}],
        "ScopeConfiguration": {"AllSheets": {}},
        "CrossDataset": "SINGLE_DATASET",
    }


def bars(**more) -> list[tuple]:
    wells = {"BarChartAggregatedFieldWells": {"Category": [by("name")], "Values": [total()]}}
    found = drawn("BarChartVisual", wells, **more)
    assert not found.refused
    order = found.spec["layer"][0]["encoding"]["y"]["sort"]
    values = {mark["_c"]: mark["v"] for mark in found.spec["data"]["values"]}
    return [(name, values.get(name)) for name in order]


def test_bars_are_sorted_by_value_and_the_rest_is_one():
    limit = {"CategoryItemsLimit": {"ItemsLimit": 2, "OtherCategories": "INCLUDE"}}

    assert bars() == [("a", 11), ("c", 3), ("b", 2), ("d", None)]
    assert bars(chart={"SortConfiguration": limit}) == [("a", 11), ("c", 3), ("Other", 2)]


@pytest.mark.parametrize(
    ("filter_", "expected"),
    [
        (
            group(
                "CategoryFilter",
                Column=column("name"),
                Configuration={
                    "FilterListConfiguration": {
                        "MatchOperator": "DOES_NOT_EQUAL",
                        "CategoryValues": ["a"],
                    }
                },
            ),
            [("c", 3), ("b", 2), ("d", None)],
        ),
        (
            group(
                "NumericRangeFilter",
                Column=column("n"),
                RangeMinimum={"StaticValue": 2},
                IncludeMinimum=True,
                NullOption="NON_NULLS_ONLY",
            ),
            [("a", 10), ("c", 3), ("b", 2)],
        ),
        (
            group(
                "RelativeDatesFilter",
                Column=column("day"),
                AnchorDateConfiguration={"AnchorOption": "NOW"},
                TimeGranularity="MONTH",
                RelativeDateType="PREVIOUS",
                NullOption="NON_NULLS_ONLY",
            ),
            [("b", 2), ("a", 1)],
        ),
        (
            group(
                "TimeRangeFilter",
                Column=column("day"),
                RangeMinimumValue={
                    "RollingDate": {
                        "Expression": "addDateTime(-1, 'YYYY', parseDate('2014-02-06'))"
                    }
                },
                RangeMaximumValue={"StaticValue": datetime(2013, 3, 1)},
                NullOption="NON_NULLS_ONLY",
            ),
            [("a", 10)],
        ),
        (
            group(
                "TopBottomFilter",
                Column=column("name"),
                Limit=1,
                AggregationSortConfigurations=[
                    {
                        "Column": column("n"),
                        "SortDirection": "DESC",
                        "AggregationFunction": {
                            "NumericalAggregationFunction": {"SimpleNumericalAggregation": "SUM"}
                        },
                    }
                ],
            ),
            [("a", 11)],
        ),
        (
            group(
                "NumericEqualityFilter",
                Column=column("n"),
                Value=11,
                MatchOperator="EQUALS",
                AggregationFunction={
                    "NumericalAggregationFunction": {"SimpleNumericalAggregation": "SUM"}
                },
                NullOption="NON_NULLS_ONLY",
            ),
            [("a", 11)],
        ),
    ],
)
def test_filters(filter_, expected):
    assert bars(FilterGroups=[filter_]) == expected


def test_condition_is_filtered_as_the_number_it_is():
    filter_ = group(
        "NumericEqualityFilter",
        Column=column("many"),
        Value=1,
        MatchOperator="EQUALS",
        NullOption="NON_NULLS_ONLY",
    )
    many = {"DataSetIdentifier": "d", "Name": "many", "Expression": "{n} > 2"}
    assert bars(FilterGroups=[filter_], CalculatedFields=[many]) == [("a", 10), ("c", 3)]


def test_choice_of_a_viewer_takes_the_place_of_a_filter():
    everything = {"MatchOperator": "CONTAINS", "SelectAllOptions": "FILTER_ALL_VALUES"}
    filter_ = group(
        "CategoryFilter",
        Column=column("name"),
        Configuration={"FilterListConfiguration": everything},
    )

    assert len(bars(FilterGroups=[filter_])) == 4
    assert bars(FilterGroups=[filter_], chosen={"f": {"values": ["c"]}}) == [("c", 3)]


def test_kpi_compares_the_last_period_with_the_one_before():
    options = {"KPIOptions": {"Comparison": {"ComparisonMethod": "DIFFERENCE"}}}
    color = {"Solid": {"Expression": "sum({n}) > 5", "Color": "#AA0000"}}
    rules = {"ConditionalFormattingOptions": [{"PrimaryValue": {"TextColor": color}}]}

    found = drawn(
        "KPIVisual",
        {"Values": [total()], "TrendGroups": [month()]},
        chart=options,
        members={"ConditionalFormatting": rules},
    )

    assert "color:#AA0000" in found.html
    assert ">13<small>Feb 2013</small>" in found.html
    assert "+10 <small>vs 3 Jan 2013</small>" in found.html


def test_pivot_table_asks_for_its_totals():
    average = {"AggregationFunction": {"SimpleNumericalAggregation": "AVERAGE"}}
    mean = {"NumericalMeasureField": {"FieldId": "mean", "Column": column("n"), **average}}
    wells = {"Rows": [by("kind")], "Columns": [month()], "Values": [mean]}
    visible = {"TotalsVisibility": "VISIBLE"}
    totals = {"TotalOptions": {"RowTotalOptions": visible, "ColumnTotalOptions": visible}}

    html = drawn("PivotTableVisual", {"PivotTableAggregatedFieldWells": wells}, chart=totals).html

    # The mean of 1 and 2 beside that of all four, which is no mean of means.
    assert "<td class=number>1.50</td>" in html
    assert "<td class='number total'>4</td></tr></tfoot>" in html


def test_line_has_a_mark_for_each_month_and_colour():
    wells = {"Category": [month()], "Values": [total()], "Colors": [by("kind")]}

    found = drawn("LineChartVisual", {"LineChartAggregatedFieldWells": wells})

    marks = [(mark["_c"], mark["s"], mark["v"]) for mark in found.spec["data"]["values"]]
    assert marks == [
        ("Jan 2013", "x", 3),
        ("Feb 2013", "y", 13),
        ("Mar 2013", "x", None),
    ]


def test_what_a_definition_says_is_never_markup():
    evil = "<script>alert(1)</script>"
    field = {"DataSetIdentifier": "d", "Name": "evil", "Expression": f"concat({{name}}, '{evil}')"}
    wells = {"TableAggregatedFieldWells": {"GroupBy": [by("evil")], "Values": [total()]}}

    html = drawn("TableVisual", wells, CalculatedFields=[field]).html

    assert "&lt;script&gt;" in html
    assert "<script" not in html


def test_few_dates_are_the_ticks_of_their_axis():
    field = {"FieldId": "day", "Column": column("day"), "DateGranularity": "DAY"}
    days = [{"DateDimensionField": field}]
    wells = {"LineChartAggregatedFieldWells": {"Category": days, "Values": [total()]}}
    ticks = drawn("LineChartVisual", wells).spec["layer"][0]["encoding"]["x"]["axis"]["values"]
    assert [(tick["month"], tick["date"]) for tick in ticks][:3] == [(1, 5), (1, 20), (2, 5)]
