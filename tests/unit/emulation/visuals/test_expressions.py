"""Calculated fields: what they compute, and what is said of mistakes in them."""

import duckdb
import pytest

from emulation.compute.visuals.compiler import Compiler
from emulation.compute.visuals.errors import VisualError
from emulation.compute.visuals.values import Type

ROWS = """
(1, 1.5::DOUBLE, 'x', TIMESTAMP '2013-01-05'), (3, 2.5, 'y', TIMESTAMP '2013-02-05'),
(5, NULL, 'x', TIMESTAMP '2013-02-15')
"""
COMPILER = Compiler(
    {"a": Type.INTEGER, "b": Type.DECIMAL, "s": Type.STRING, "d": Type.DATETIME},
    {"twice": "{a} * 2", "share": "sum(ifelse({a} > 2, 1, 0)) / count({a})", "self": "{self} + 1"},
    {"P": 3, "L": ["y", "z"]},
    {"s": '"s"'},
)


def computed(expression: str, group: str = "") -> list:
    with duckdb.connect() as connection:
        # As the warehouse's engine has it.
        connection.execute("SET integer_division = true")
        connection.execute(f"CREATE TABLE t AS SELECT * FROM (VALUES {ROWS}) v(a, b, s, d)")
        sql = f"SELECT {COMPILER.expression(expression).sql} FROM t {group}"
        return [row[0] for row in connection.execute(sql).fetchall()]


def test_functions_of_rows():
    expected = {
        "{a} / 2": [0.5, 1.5, 2.5],
        "{a} / 0": [None, None, None],
        "ifelse({a} > ${P}, 'big', isNull({b}), 'none', 'small')": ["small", "small", "big"],
        "in({s}, ${L})": [False, True, False],
        "switch({s}, 'x', 1, 0) + twice": [3, 6, 11],
        "concat({s}, '-', toString({a}))": ["x-1", "y-3", "x-5"],
        "NOT contains({s}, 'X', CASE_INSENSITIVE) /* a comment */": [False, True, False],
        "locate(concat({s}, {s}), {s}, 2) * locate({s}, 'x', 2)": [0, 0, 0],
        "locate(concat({s}, {s}), {s}, 2)": [2, 2, 2],
        """parseJson(concat('{"k": ["', {s}, '"]}'), '$.k[0]')""": ["x", "y", "x"],
        "parseJson({s}, '$.k')": [None, None, None],
        "isNull({b}) = 1": [False, False, True],
        "{a} = TRUE": [True, False, False],
        "// a comment\n{a} + 1 // another": [2, 4, 6],
        "coalesce({b}, 0)": [1.5, 2.5, 0.0],
        "-{a} ^ 2 % 4": [-1.0, -1.0, -1.0],
    }
    assert {text: computed(text) for text in expected} == expected


def test_functions_of_dates():
    expected = {
        # Weeks begin on Sunday; January 5th was a Saturday.
        "extract('WD', {d})": [7, 3, 6],
        "formatDate(truncDate('WK', {d}), 'MMM d, yyyy')": [
            "Dec 30, 2012",
            "Feb 3, 2013",
            "Feb 10, 2013",
        ],
        "dateDiff(parseDate('01/31/2013', 'MM/dd/yyyy'), {d}, 'MM')": [0, 1, 1],
        "formatDate(addDateTime(1, 'Q', {d}), 'yyyy-MM')": ["2013-04", "2013-05", "2013-05"],
        "{d} >= '2013-02-10'": [False, False, True],
    }
    assert {text: computed(text) for text in expected} == expected


def test_aggregates_and_table_calculations():
    expected = {
        "{share}": [0.5, 1.0],
        "distinct_countIf({s}, {a} > 1)": [1, 1],
        "percentile({b}, 50)": [1.5, 2.5],
        "sumOver(sum({a}))": [9, 9],
        "rank([sum({a}) DESC])": [1, 2],
        "runningSum(sum({a}), [{s} ASC])": [6, 9],
        "difference(sum({a}), [{s} ASC], -1)": [None, -3],
        "percentOfTotal(sum({a}), [{s}])": [1.0, 1.0],
        "sumOver(sum({a}), [toUpper({s})])": [6, 3],
        "runningSum(sum({a}), [concat('z', {s}) DESC])": [9, 3],
    }
    group = 'GROUP BY "s" ORDER BY "s"'
    assert {text: computed(text, group) for text in expected} == expected


MISTAKES = {
    "conjure({a})": "Function conjure is not computed here.",
    "sum({a}) + {a}": "Mismatched aggregation.",
    "sum({a}, [{s}])": "Function sum with fields to compute by is not computed here.",
    "sum({a}, {s})": "sum does not take 2 arguments.",
    "firstValue(sum({a}), [{s} ASC])": "Function firstValue is not computed here.",
    "sumOver(sum({a}), [toString({b})])": "missing in field wells: b.",
    "sum(sum({a}))": "Nesting of aggregate functions is not allowed.",
    "sumOver(sum({a}), [{b}])": "missing in field wells: b.",
    "sumOver({a}, [{s}], PRE_AGG)": "sumOver at PRE_AGG is not computed here.",
    "{a} + {s}": "+ takes a text, not INTEGER.",
    "{self}": "Calculated field self refers to itself.",
    "ifelse({a} > 1, 1": "'the end' found.",
    "truncDate('EON', {d})": "EON is not a period",
    "(" * 2000: "nested too deeply",
}


def test_mistakes_are_told():
    for expression, sentence in MISTAKES.items():
        with pytest.raises(VisualError) as error:
            COMPILER.expression(expression)
        assert sentence in str(error.value), expression
