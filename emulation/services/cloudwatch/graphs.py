"""Graphs drawn from the metrics of the store: what GetMetricWidgetImage and the page show."""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from emulation.compute.metrics.alarm_states import OPERATORS
from emulation.compute.metrics.drawing import COLORS, THEMES, Plot, draw
from emulation.compute.metrics.evaluation import Evaluation, QueryError, Result, check
from emulation.compute.metrics.functions import FunctionNotComputed
from emulation.compute.metrics.labels import default_labels, filled_label
from emulation.compute.metrics.series import Series, Span
from emulation.compute.metrics.statistic_names import statistic
from emulation.compute.metrics.widgets import Annotation, Line, Widget, WidgetError, read
from emulation.services.cloudwatch.composites import find
from emulation.services.cloudwatch.errors import missing, not_emulated, validation_error
from emulation.services.cloudwatch.messages import told_queries
from emulation.services.cloudwatch.reading import StoreSource
from emulation.services.cloudwatch.store import Alarm, Members
from emulation.services.scope import Scope

WIDTH, HEIGHT = 600, 400
SMALLEST, LARGEST = 1, 2000
FORMATS = (None, "", "png")


@dataclass(frozen=True, slots=True)
class WidgetSource:
    """Reads metrics where each of them says that it is."""

    scope: Scope

    def at(self, stat: Mapping[str, Any]) -> StoreSource:
        """The source of a metric's account and region."""
        account, region = stat.get("AccountId"), stat.get("Region")
        return StoreSource(
            replace(
                self.scope,
                account=account or self.scope.account,
                region=region or self.scope.region,
            )
        )

    def read(self, stat: Mapping[str, Any], span: Span) -> Series:
        """The series of a metric."""
        return self.at(stat).read(stat, span)

    def search(self, text: str) -> list[dict[str, Any]]:
        """The metrics that a search finds, in the region of the widget."""
        return StoreSource(self.scope).search(text)

    def band(self, stat: Mapping[str, Any], span: Span, width: float) -> list[Series]:
        """What is expected of a metric."""
        return self.at(stat).band(stat, span, width)


def get_image(scope: Scope, request: Members) -> Members:
    """GetMetricWidgetImage."""
    text = request.get("MetricWidget")
    if not text:
        raise missing("The parameter MetricWidget is required.")
    if request.get("OutputFormat") not in FORMATS:
        raise not_emulated("GetMetricWidgetImage", f"OutputFormat {request['OutputFormat']}")
    try:
        properties = json.loads(text)
    except ValueError as error:
        raise validation_error("Invalid MetricWidget: it is not valid JSON") from error
    if not isinstance(properties, dict):
        raise validation_error("Invalid MetricWidget: it is not a JSON object")
    try:
        return {"MetricWidgetImage": picture(scope, properties)}
    except (WidgetError, QueryError) as error:
        raise validation_error(f"Invalid MetricWidget: {error}") from error
    except FunctionNotComputed as error:
        raise not_emulated("GetMetricWidgetImage", f"the function {error}") from error


def picture(scope: Scope, properties: Members, kind: str = "png") -> bytes:
    """A graph as a picture.

    Raises:
        WidgetError: the properties describe none.
        QueryError: one of its expressions cannot be evaluated.
        FunctionNotComputed: one needs a function that is not computed here.
    """
    sizes = [properties.get("width", WIDTH), properties.get("height", HEIGHT)]
    if not all(isinstance(size, int) and SMALLEST <= size <= LARGEST for size in sizes):
        raise WidgetError(f"width and height must be between {SMALLEST} and {LARGEST}")
    theme = properties.get("theme") or "light"
    if theme not in THEMES:
        raise WidgetError(f"theme must be one of {', '.join(THEMES)}")
    place = replace(scope, region=properties.get("region") or scope.region)
    widget = with_alarms(place, read(properties, time.time()))
    if not widget.lines:
        raise WidgetError("Should have required property 'metrics'")
    plots = plots_of(place, widget)
    return draw(widget, plots, width=sizes[0], height=sizes[1], theme=theme, kind=kind)


def with_alarms(scope: Scope, widget: Widget) -> Widget:
    """A widget with the metrics and thresholds of the alarms that it names."""
    lines, marks = list(widget.lines), list(widget.horizontal)
    for number, arn in enumerate(widget.alarms):
        alarm = find(scope_of(scope, arn), arn)
        if alarm is None or alarm.composite:
            raise WidgetError(f"The metric alarm {arn} does not exist")
        if not widget.lines:
            lines += alarm_lines(alarm, number)
        if "Threshold" in alarm.request:
            marks.append(Annotation(alarm.request["Threshold"], condition(alarm)))
    return replace(widget, lines=lines, horizontal=marks)


def scope_of(scope: Scope, arn: str) -> Scope:
    """The account and region of an ARN; names are of the same as the widget."""
    parts = arn.split(":")
    return replace(scope, region=parts[3], account=parts[4]) if len(parts) > 5 else scope


def alarm_lines(alarm: Alarm, number: int) -> list[Line]:
    """The metrics of an alarm; their ids are made its own."""
    place = {"Region": alarm.region, "AccountId": alarm.account}
    found = []
    for query in told_queries(alarm):
        if "MetricStat" in query:
            identifier = query["Id"] if "Metrics" in alarm.request else f"alarm{number}"
            given = {**query, "Id": identifier, "MetricStat": {**query["MetricStat"], **place}}
        else:
            given = query
        found.append(Line(given, visible=query.get("ReturnData", True)))
    return found


def condition(alarm: Alarm) -> str:
    """What an alarm waits for, in a few words."""
    words = OPERATORS[alarm.request["ComparisonOperator"]][1].removesuffix(" the threshold")
    return f"{alarm.name}: {words} {alarm.request['Threshold']:g}"


def plots_of(scope: Scope, widget: Widget) -> list[Plot]:
    """The series of a widget with their names and colors."""
    for line in widget.lines:
        stat = line.query.get("MetricStat")
        if stat and statistic(stat["Stat"]) is None:
            raise WidgetError(f"Invalid statistic {stat['Stat']}")
    queries = [dict(line.query) for line in widget.lines]
    check(queries)
    by_id = {line.query["Id"]: line for line in widget.lines}
    if len(by_id) < len(queries):
        raise WidgetError("The ids of metrics must be unique")
    found = Evaluation(queries, WidgetSource(scope), widget.span).results()
    shown = [result for result in found if by_id[result.query["Id"]].visible]
    return [
        plot(result, label, by_id[result.query["Id"]], number)
        for number, (result, label) in enumerate(zip(shown, names(shown), strict=True))
    ]


def names(results: Sequence[Result]) -> list[str]:
    """What the series are called."""
    return [
        filled_label(result.query.get("Label") or label, result.series)
        for result, label in zip(results, default_labels(results), strict=True)
    ]


def plot(result: Result, label: str, line: Line, number: int) -> Plot:
    """A series with its name and color."""
    color = line.color or COLORS[number % len(COLORS)]
    return Plot(result.series, label, color, line.axis)
