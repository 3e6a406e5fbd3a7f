"""What is wrong with a dashboard's body: where, and what, in AWS's words."""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

LARGEST = 1_048_576
"""Characters of a body."""
MOST_WIDGETS = 500
COLUMNS = 24
METRICS_OF_WIDGET = 500

WIDGET_TYPES = ("metric", "text", "log", "alarm", "explorer", "custom", "chart")
VIEWS = ("timeSeries", "singleValue", "gauge", "bar", "pie", "table")
PLACE = {"x": (0, COLUMNS - 1), "y": (0, None), "width": (1, COLUMNS), "height": (1, 1000)}


class Finding(NamedTuple):
    """A message about a place in the body."""

    path: str
    text: str


class NotJson(ValueError):
    """The body is no JSON object."""


def read(text: str) -> dict[str, Any]:
    """The body as an object.

    Raises:
        NotJson: it is none.
    """
    try:
        body = json.loads(text)
    except ValueError as error:
        raise NotJson from error
    if not isinstance(body, dict):
        raise NotJson
    return body


def findings(body: dict[str, Any]) -> tuple[list[Finding], list[Finding]]:
    """What makes the body invalid, and what is only said."""
    errors = list(errors_of(body))
    known = {"widgets", "start", "end", "periodOverride", "variables"}
    warnings = [
        Finding(f"/{name}", "Should NOT have additional properties")
        for name in body
        if name not in known
    ]
    return errors, warnings


def errors_of(body: dict[str, Any]) -> Iterator[Finding]:
    """What makes a body invalid."""
    if "widgets" not in body:
        yield Finding("/", "Should have required property 'widgets'")
        return
    if not isinstance(body["widgets"], list):
        yield Finding("/widgets", "Should be array")
        return
    if len(body["widgets"]) > MOST_WIDGETS:
        yield Finding("/widgets", f"Should NOT have more than {MOST_WIDGETS} items")
    if body.get("periodOverride", "auto") not in {"auto", "inherit"}:
        yield Finding("/periodOverride", "Should be equal to one of the allowed values")
    for number, widget in enumerate(body["widgets"]):
        yield from errors_of_widget(f"/widgets/{number}", widget)


def errors_of_widget(path: str, widget: Any) -> Iterator[Finding]:
    """What is wrong with a widget."""
    if not isinstance(widget, dict):
        yield Finding(path, "Should be object")
        return
    for name, (low, high) in PLACE.items():
        if name in widget:
            yield from errors_of_number(f"{path}/{name}", widget[name], low, high)
    for name in ("type", "properties"):
        if name not in widget:
            yield Finding(path, f"Should have required property '{name}'")
    if "type" in widget and widget["type"] not in WIDGET_TYPES:
        yield Finding(f"{path}/type", "Should be equal to one of the allowed values")
    properties = widget.get("properties")
    if properties is None:
        return
    if not isinstance(properties, dict):
        yield Finding(f"{path}/properties", "Should be object")
    elif check := CHECKS.get(widget.get("type", "")):
        yield from check(f"{path}/properties", properties)


def errors_of_number(path: str, value: Any, low: int, high: int | None) -> Iterator[Finding]:
    """A whole number between bounds."""
    if not isinstance(value, int) or isinstance(value, bool):
        yield Finding(path, "Should be integer")
    elif value < low:
        yield Finding(path, f"Should be >= {low}")
    elif high is not None and value > high:
        yield Finding(path, f"Should be <= {high}")


def errors_of_metric(path: str, properties: dict[str, Any]) -> Iterator[Finding]:
    """A graph: of metrics, or of an alarm."""
    annotations = properties.get("annotations")
    alarms = annotations.get("alarms") if isinstance(annotations, dict) else None
    if "metrics" not in properties and not alarms:
        yield Finding(path, "Should have required property 'metrics'")
        yield Finding(
            path,
            "The metric widget should have specified a region and a data source or an alarm "
            "annotation",
        )
        if annotations is None:
            yield Finding(path, "Should have required property 'annotations'")
    elif "metrics" in properties and "region" not in properties:
        yield Finding(path, "Should have required property 'region'")
    if properties.get("view", "timeSeries") not in VIEWS:
        yield Finding(f"{path}/view", "Should be equal to one of the allowed values")
    yield from errors_of_metrics(f"{path}/metrics", properties.get("metrics", []))
    yield from errors_of_scales(path, properties)


def errors_of_metrics(path: str, metrics: Any) -> Iterator[Finding]:
    """The list of a graph's metrics."""
    if not isinstance(metrics, list):
        yield Finding(path, "Should be array")
        return
    if len(metrics) > METRICS_OF_WIDGET:
        yield Finding(path, f"Should NOT have more than {METRICS_OF_WIDGET} items")
    for number, metric in enumerate(metrics):
        yield from errors_of_metric_item(f"{path}/{number}", metric, is_first=number == 0)


def errors_of_metric_item(path: str, metric: Any, *, is_first: bool) -> Iterator[Finding]:
    """One metric, `.` and `...` standing for what is above it."""
    wrong = Finding(
        path,
        'Field "metrics" has to be an array of array of strings, with an optional metricRenderer '
        "object as last element",
    )
    if not isinstance(metric, list):
        yield Finding(path, "Should be array")
        yield wrong
        return
    if not metric:
        yield Finding(path, "Should NOT have less than 1 items")
        return
    options = metric[-1] if isinstance(metric[-1], dict) else {}
    names = metric[:-1] if options else metric
    if not all(isinstance(name, str) for name in names):
        yield wrong
    elif "expression" in options:
        if names:
            yield Finding(path, "An expression must not name a metric")
    elif len(names) < 2 and "..." not in names:
        yield Finding(path, "Should NOT have less than 2 items")
    elif is_first and {".", "..."} & set(names):
        yield Finding(path, "Invalid metric: the first metric cannot refer to one before it")
    elif "..." not in names and len(names) % 2:
        yield Finding(path, "Invalid metric: a dimension has no value")


def errors_of_scales(path: str, properties: dict[str, Any]) -> Iterator[Finding]:
    """Period, statistic, bounds of axes."""
    period = properties.get("period")
    if period is not None and (not isinstance(period, int) or period <= 0):
        yield Finding(f"{path}/period", "Should be integer")
    if not isinstance(properties.get("stacked", False), bool):
        yield Finding(f"{path}/stacked", "Should be boolean")
    if not isinstance(properties.get("title", ""), str):
        yield Finding(f"{path}/title", "Should be string")
    if properties.get("view") == "gauge":
        left = (properties.get("yAxis") or {}).get("left") or {}
        if "min" not in left or "max" not in left:
            yield Finding(f"{path}/yAxis/left", "Should have required properties 'min' and 'max'")


def errors_of_text(path: str, properties: dict[str, Any]) -> Iterator[Finding]:
    """Markdown."""
    if "markdown" not in properties:
        yield Finding(path, "Should have required property 'markdown'")
    elif not isinstance(properties["markdown"], str):
        yield Finding(f"{path}/markdown", "Should be string")


def errors_of_alarms(path: str, properties: dict[str, Any]) -> Iterator[Finding]:
    """A list of alarms."""
    alarms = properties.get("alarms")
    if alarms is None:
        yield Finding(path, "Should have required property 'alarms'")
    elif not isinstance(alarms, list):
        yield Finding(f"{path}/alarms", "Should be array")
    elif not alarms:
        yield Finding(f"{path}/alarms", "Should NOT have less than 1 items")


def errors_of_log(path: str, properties: dict[str, Any]) -> Iterator[Finding]:
    """A query of logs."""
    for name in ("region", "query"):
        if name not in properties:
            yield Finding(path, f"Should have required property '{name}'")


CHECKS = {
    "metric": errors_of_metric,
    "text": errors_of_text,
    "alarm": errors_of_alarms,
    "log": errors_of_log,
}


def told(found: list[Finding]) -> str:
    """The sentence of the refusal."""
    listed = [{"dataPath": each.path, "message": each.text} for each in found]
    head = f"The dashboard body is invalid, there are {len(found)} validation errors:"
    return f"{head}\n{json.dumps(listed, indent=2)}"
