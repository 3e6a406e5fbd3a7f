"""Metric math: what expressions compute."""

import pytest

from emulation.compute.metrics.evaluation import Evaluation, QueryError, check
from emulation.compute.metrics.functions import FunctionNotComputed
from emulation.compute.metrics.series import Series, Span

SPAN = Span(0, 300)
METRICS = {
    "m1": {0: 1.0, 60: 4.0, 180: 9.0},
    "m2": {0: 2.0, 120: 2.0},
    "errors_a": {0: 10.0},
    "errors_b": {0: 20.0, 60: -1.5},
}


class Source:
    """Metrics in memory, by their names."""

    def read(self, stat, span):
        name = stat["Metric"]["MetricName"]
        return Series(name, stat["Period"], span, METRICS[name], {"MetricName": name})

    def search(self, text):
        return [{"MetricName": name} for name in METRICS if text in name]

    def band(self, stat, span, width):
        middle = self.read(stat, span)
        return [middle.each(lambda v: v + width), middle.each(lambda v: v - width)]


def queries(expression):
    stats = [
        {"Id": name, "ReturnData": False, "MetricStat": {"Metric": {"MetricName": name}, **PERIOD}}
        for name in METRICS
    ]
    return [*stats, {"Id": "e1", "Expression": expression}]


PERIOD = {"Period": 60, "Stat": "Sum"}


def results(expression):
    check(queries(expression))
    return [
        dict(result.series.points)
        for result in Evaluation(queries(expression), Source(), SPAN).results()
    ]


@pytest.mark.parametrize(
    ("expression", "points"),
    [
        ("m1 * 2 + 1", {0: 3, 60: 9, 180: 19}),
        ("m1 + m2", {0: 3, 60: 4, 120: 2, 180: 9}),
        ("m1 / m2", {0: 0.5, 120: 0}),
        ("-m1 ^ 2", {0: -1, 60: -16, 180: -81}),
        ("2 ^ -1 * m2", {0: 1, 120: 1}),
        ("m1 > 3 AND m1 < 5", {0: 0, 60: 1, 180: 0}),
        ("m1 == 1 || m1 >= 9", {0: 1, 60: 0, 180: 1}),
        ("m1 < m2", {0: 1, 60: 0, 120: 1, 180: 0}),
        ("m1 - AVG(m2)", {0: -1, 60: 2, 180: 7}),
        ("SUM(METRICS('errors'))", {0: 30, 60: -1.5}),
        ("SUM([METRICS('_a'), m2])", {0: 12, 120: 2}),
        ("AVG([m1, m2])", {0: 1.5, 60: 2, 120: 1, 180: 4.5}),
        ("MIN([m1, m2])", {0: 1, 60: 4, 120: 2, 180: 9}),
        ("MAX(METRICS()) + MAX(m1)", {0: 29, 60: 13, 120: 11, 180: 18}),
        ("STDDEV([m1, m2])", {0: 0.5, 60: 2, 120: 1, 180: 4.5}),
        ("DATAPOINT_COUNT([m1, m2])", {0: 2, 60: 1, 120: 1, 180: 1}),
        ("m2 * METRIC_COUNT(METRICS())", {0: 8, 120: 8}),
        ("FILL(m2, 7)", {0: 2, 60: 7, 120: 2, 180: 7, 240: 7}),
        ("FILL(m1, REPEAT)", {0: 1, 60: 4, 120: 4, 180: 9, 240: 9}),
        ("FILL(m1, LINEAR)", {0: 1, 60: 4, 120: 6.5, 180: 9}),
        ("FILL(m2, m1)", {0: 2, 60: 4, 120: 2, 180: 9}),
        ("RATE(m1)", {60: 0.05, 180: 5 / 120}),
        ("DIFF(m1)", {60: 3, 180: 5}),
        ("DIFF_TIME(m1)", {60: 60, 180: 120}),
        ("RUNNING_SUM(m1)", {0: 1, 60: 5, 180: 14}),
        ("IF(m1 > 3, m1)", {60: 4, 180: 9}),
        ("IF(m1 > 3, m1, 0)", {0: 0, 60: 4, 180: 9}),
        ("IF(1 > 2, m1, m2)", {0: 2, 120: 2}),
        ("m1 / PERIOD(m1)", {0: 1 / 60, 60: 4 / 60, 180: 9 / 60}),
        ("CEIL(errors_b)", {0: 20, 60: -1}),
        ("FLOOR(errors_b)", {0: 20, 60: -2}),
        ("ABS(errors_b)", {0: 20, 60: 1.5}),
        ("LOG10(errors_a * 10)", {0: 2}),
        ("MINUTE(m2)", {0: 0, 60: 1, 120: 2, 180: 3, 240: 4}),
        ("DAY(m2) + YEAR(m2)", dict.fromkeys(range(0, 300, 60), 1974)),
        ("TIME_SERIES(5)", dict.fromkeys(range(0, 300, 60), 5)),
        ("FIRST(SORT(METRICS(), SUM, DESC))", {0: 20, 60: -1.5}),
        ("LAST(ANOMALY_DETECTION_BAND(m2, 3))", {0: -1, 120: -1}),
    ],
)
def test_expression_gives_a_series(expression, points):
    (found,) = results(expression)
    assert found == pytest.approx(points)


@pytest.mark.parametrize(
    ("expression", "count"),
    [
        ("METRICS()", 4),
        ("SLICE(SORT(METRICS(), AVG, ASC), 1, 3)", 2),
        ("SORT(METRICS(), MAX, DESC, 3)", 3),
        ("REMOVE_EMPTY([m1, IF(m1 > 100, m1)])", 1),
        ("SEARCH('errors', 'Sum', 60)", 2),
        ("ANOMALY_DETECTION_BAND(m1)", 2),
        ("ABS(METRICS())", 4),
        ("[m1, m2] / m1", 2),
    ],
)
def test_expression_gives_several_series(expression, count):
    assert len(results(expression)) == count


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("m1 +", "Unexpected 'end of the expression'"),
        ("m1 $ 2", "Unexpected '$'"),
        ("SUM(m1", "Expected ')' but found 'end of the expression'"),
        ("m9", "Undefined variable 'm9'"),
        ("NOPE(m1)", "Unknown function 'NOPE'"),
        ("FILL(m1)", "Wrong number of arguments of FILL"),
        ("e1 + 1", "The expression refers to itself"),
        ("SUM(m1)", "The expression must return a single time series or an array of time series"),
        ("(" * 200 + "m1" + ")" * 200, "The expression is nested too deeply"),
    ],
)
def test_expression_that_is_none_says_why(expression, reason):
    with pytest.raises(QueryError) as caught:
        results(expression)
    assert str(caught.value) == f"Error in expression 'e1': {reason}"


def test_function_of_a_service_that_is_not_here_is_named():
    with pytest.raises(FunctionNotComputed, match="SERVICE_QUOTA"):
        check(queries("SERVICE_QUOTA(m1)"))
