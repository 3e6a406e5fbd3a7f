"""Widgets: what is read from them, and what is wrong with a dashboard's body."""

import pytest

from emulation.compute.metrics.dashboards import NotJson, findings, read
from emulation.compute.metrics.widgets import WidgetError
from emulation.compute.metrics.widgets import read as read_widget

NOW = 10_000_000.0


def stats(metrics, **properties):
    widget = read_widget({"metrics": metrics, **properties}, NOW)
    return [line.query["MetricStat"] for line in widget.lines]


def test_dots_repeat_what_stands_above():
    metrics = [["S", "m", "A", "1", "B", "2"], ["...", "3"], [".", "n", ".", ".", "B", "4"]]
    found = [
        (stat["Metric"]["MetricName"], stat["Metric"]["Dimensions"]) for stat in stats(metrics)
    ]
    assert found == [
        ("m", [{"Name": "A", "Value": "1"}, {"Name": "B", "Value": "2"}]),
        ("m", [{"Name": "A", "Value": "1"}, {"Name": "B", "Value": "3"}]),
        ("n", [{"Name": "A", "Value": "1"}, {"Name": "B", "Value": "4"}]),
    ]


def test_metric_takes_the_settings_of_its_graph_or_its_own():
    first, second = stats([["S", "m", {"stat": "p99", "period": 60}], [".", "."]], stat="Sum")
    assert (first["Stat"], first["Period"]) == ("p99", 60)
    assert (second["Stat"], second["Period"]) == ("Sum", 300)


def test_times_are_absolute_or_back_from_now():
    widget = read_widget({"start": "-PT1H30M", "end": "-PT30M", "period": 60}, NOW)
    assert (widget.span.start, widget.span.end) == (9_994_560, 9_998_200)
    assert read_widget({"start": "1970-01-02T00:00:00Z"}, NOW).span.start == 86_400


@pytest.mark.parametrize(
    "properties",
    [
        {"start": "PT0H", "end": "-PT3H"},
        {"start": "yesterday"},
        {"metrics": [["S"]]},
        {"metrics": [[".", "m"]]},
        {"metrics": [["S", "m", "A"]]},
        {"metrics": ["S"]},
        {"period": -1},
    ],
)
def test_widget_that_cannot_be_drawn(properties):
    with pytest.raises(WidgetError):
        read_widget(properties, NOW)


def body(**widget):
    return {"widgets": [widget]}


@pytest.mark.parametrize(
    ("given", "path", "message"),
    [
        ({}, "/", "Should have required property 'widgets'"),
        ({"widgets": {}}, "/widgets", "Should be array"),
        (body(properties={}), "/widgets/0", "Should have required property 'type'"),
        (
            body(type="metric", width=25, properties={"metrics": [["S", "m"]], "region": "r"}),
            "/widgets/0/width",
            "Should be <= 24",
        ),
        (
            body(type="metric", properties={"metrics": ["S"], "region": "r"}),
            "/widgets/0/properties/metrics/0",
            "Should be array",
        ),
        (
            body(type="text", properties={}),
            "/widgets/0/properties",
            "Should have required property 'markdown'",
        ),
        (
            body(type="alarm", properties={"alarms": []}),
            "/widgets/0/properties/alarms",
            "Should NOT have less than 1 items",
        ),
    ],
)
def test_body_that_is_wrong_says_where(given, path, message):
    errors, _ = findings(given)
    assert (path, message) in errors


def test_body_that_is_right_may_be_warned_of():
    errors, warnings = findings({"widgets": [], "what": 1})
    assert errors == []
    assert warnings == [("/what", "Should NOT have additional properties")]


@pytest.mark.parametrize("text", ["", "nope", "[]", "3"])
def test_text_that_is_no_body(text):
    with pytest.raises(NotJson):
        read(text)
