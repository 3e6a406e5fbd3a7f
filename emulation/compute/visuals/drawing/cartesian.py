"""Line, bar and combo charts."""

from dataclasses import replace
from typing import Any

from emulation.compute.visuals.drawing.drawn import (
    Drawing,
    Spec,
    chart,
    color_scale,
    date_axis,
    is_date,
    label_angle,
    legend,
    number_axis,
    number_scale,
    tooltip,
)
from emulation.compute.visuals.drawing.reference_lines import reference_lines
from emulation.compute.visuals.drawing.series import Series, series_of
from emulation.compute.visuals.fields import WellField
from emulation.compute.visuals.visual import Visual

STACKS: dict[str, Any] = {"STACKED": "zero", "STACKED_PERCENT": "normalize"}
FEW = 60
BESIDE = {"left": 5, "top": 5, "right": 36, "bottom": 5}
"""Room for the value at the end of the longest bar."""


def _color(visual: Visual, series: Series) -> Spec:
    keys = {one.label: one.id for one in series.measures}
    several = len(series.names) > 1
    return {
        "field": "s",
        "type": "nominal",
        "scale": color_scale(visual, series.names, keys),
        "legend": legend(visual, series.title) if several or series.title else None,
    }


def _tooltip(series: Series) -> list[Spec]:
    pairs = [("_c", series.category.label)] if series.category else []
    if len(series.names) > 1:
        pairs.append(("s", series.title or "Series"))
    value = series.measures[0].label if len(series.measures) == 1 else "Value"
    return tooltip([*pairs, ("_v", value)])


def _category_axis(visual: Visual, series: Series, option: str) -> Spec:
    """The axis of categories: moments on a scale of time, anything else in its order."""
    category = series.category
    if category is None:
        return {"value": "width"}
    title = visual.axis_label(option, [category])
    return {
        "field": "_c",
        "type": "nominal",
        "sort": series.categories,
        "axis": {"title": title or None, "labelLimit": 160, "grid": False, "labelOverlap": True},
    }


def _below(axis: Spec, texts: list[str]) -> Spec:
    """An axis of categories below a chart."""
    if "axis" not in axis:
        return axis
    return {**axis, "axis": {**axis["axis"], "labelAngle": label_angle(texts)}}


def line(visual: Visual) -> Drawing:
    """A line chart, or an area chart."""
    visual.note(visual.configuration.get("ForecastConfigurations"), "The forecast")
    visual.note(visual.configuration.get("ContributionAnalysisDefaults"), "Contribution analysis")
    measures = visual.fields("Values")
    series = series_of(
        visual, measures, limit="CategoryItemsLimitConfiguration", largest_first=False
    )
    options = visual.configuration.get("PrimaryYAxisDisplayOptions")
    options = (options or {}).get("AxisOptions") or options
    x = _below(_category_axis(visual, series, "XAxisLabelOptions"), series.categories)
    if series.category is not None and is_date(series.category):
        title = visual.axis_label("XAxisLabelOptions", [series.category])
        x = {"field": "c", **date_axis(series.category, title, series.moments)}
    kind = visual.configuration.get("Type", "LINE")
    y: Spec = {
        "field": "v",
        "type": "quantitative",
        "axis": number_axis(
            measures, visual.axis_label("PrimaryYAxisLabelOptions", measures), options
        ),
        "scale": number_scale(options) | ({} if kind != "LINE" or options else {"zero": False}),
        "stack": "zero" if kind == "STACKED_AREA" else None,
    }
    few = len(series.values) <= FEW * max(1, len(series.names))
    mark: Spec = {"type": "line", "strokeWidth": 2, "point": few}
    if kind != "LINE":
        mark = {"type": "area", "line": True, "opacity": 0.35 if kind == "AREA" else 0.75}
    layer = {
        "mark": {**mark, "tooltip": True},
        "encoding": {"x": x, "y": y, "color": _color(visual, series), "tooltip": _tooltip(series)},
    }
    return chart(visual, series.values, {"layer": [layer, *reference_lines(visual)]})


def bar(visual: Visual) -> Drawing:
    """A bar chart: clustered, stacked, or stacked to the whole."""
    visual.note(visual.configuration.get("ContributionAnalysisDefaults"), "Contribution analysis")
    measures = visual.fields("Values")
    series = series_of(visual, measures, limit="CategoryItemsLimit", largest_first=True)
    options = visual.configuration.get("ValueAxis")
    arrangement = visual.configuration.get("BarsArrangement", "CLUSTERED")
    horizontal = visual.configuration.get("Orientation", "HORIZONTAL") == "HORIZONTAL"
    category = _category_axis(visual, series, "CategoryLabelOptions")
    axis = number_axis(measures, visual.axis_label("ValueLabelOptions", measures), options)
    if arrangement == "STACKED_PERCENT":
        axis["labelExpr"] = "format(datum.value, '.0%')"
    value: Spec = {
        "field": "v",
        "type": "quantitative",
        "axis": axis,
        "scale": number_scale(options),
        "stack": STACKS.get(arrangement),
    }
    if not horizontal:
        category = _below(category, series.categories)
    encoding: Spec = {
        "y" if horizontal else "x": category,
        "x" if horizontal else "y": value,
        "color": _color(visual, series),
        "tooltip": _tooltip(series),
    }
    if arrangement == "CLUSTERED" and len(series.names) > 1:
        encoding["yOffset" if horizontal else "xOffset"] = {
            "field": "s",
            "sort": series.names,
        }
    layers: list[Spec] = [
        {
            "mark": {"type": "bar", "tooltip": True, "cornerRadiusEnd": 2},
            "encoding": encoding,
        },
        *(written := labels(visual, encoding, horizontal=horizontal)),
        *reference_lines(visual, horizontal=horizontal),
    ]
    room = {"padding": BESIDE} if horizontal and written else {}
    return chart(visual, series.values, {"layer": layers, **room})


def labels(visual: Visual, encoding: Spec, *, horizontal: bool) -> list[Spec]:
    """The values written at their bars, where the definition asks for it."""
    if (visual.configuration.get("DataLabels") or {}).get("Visibility") != "VISIBLE":
        return []
    kept = {name: part for name, part in encoding.items() if name not in {"color", "tooltip"}}
    place: Spec = {"align": "left", "dx": 4} if horizontal else {"baseline": "bottom", "dy": -3}
    return [
        {
            "mark": {"type": "text", "fontSize": 11, **place},
            "encoding": {**kept, "text": {"field": "_v", "type": "nominal"}},
        }
    ]


def combo(visual: Visual) -> Drawing:
    """Bars on one axis and lines on another."""
    bars = _named(visual, "BarValues", "PrimaryYAxisLabelOptions")
    lines = _named(visual, "LineValues", "SecondaryYAxisLabelOptions")
    series = series_of(visual, [*bars, *lines], limit="CategoryItemsLimit", largest_first=True)
    tinted = bool(visual.wells.get("Colors"))
    ends = tuple(one.label for one in lines)
    x = _below(_category_axis(visual, series, "CategoryLabelOptions"), series.categories)
    layers: list[Spec] = []
    parts = (
        (bars, "bar", "PrimaryYAxisLabelOptions", "PrimaryYAxisDisplayOptions"),
        (lines, "line", "SecondaryYAxisLabelOptions", "SecondaryYAxisDisplayOptions"),
    )
    for fields, kind, label, option in parts:
        if not fields:
            continue
        layers.append(_part(visual, series, fields, (kind, label, option), x))
        wanted = [name for name in series.names if (name.endswith(ends) if ends else False)]
        if kind == "bar":
            wanted = [name for name in series.names if name not in wanted]
        layers[-1]["transform"] = [{"filter": {"field": "s", "oneOf": wanted}}]
    if tinted:
        visual.notes.append("lines are drawn by colour as the bars are")
    both = bool(bars and lines)
    resolve = {"resolve": {"scale": {"y": "independent"}}} if both else {}
    return chart(visual, series.values, {"layer": layers, **resolve})


def _named(visual: Visual, well: str, option: str) -> list[WellField]:
    """The fields of an axis; a single one is called as its axis is."""
    fields = visual.fields(well)
    label = visual.axis_label(option, fields) if len(fields) == 1 else ""
    return [replace(one, label=label or one.label) for one in fields]


def _part(
    visual: Visual,
    series: Series,
    fields: list[WellField],
    words: tuple[str, str, str],
    x: Spec,
) -> Spec:
    kind, label, option = words
    options = visual.configuration.get(option)
    stack = STACKS.get(visual.configuration.get("BarsArrangement", "CLUSTERED"))
    axis = number_axis(fields, visual.axis_label(label, fields), options)
    y: Spec = {
        "field": "v",
        "type": "quantitative",
        "axis": axis | ({"grid": False} if kind == "line" else {}),
        "scale": number_scale(options),
        "stack": stack if kind == "bar" else None,
    }
    mark: Spec = {"type": kind, "tooltip": True}
    mark |= {"point": True, "strokeWidth": 2} if kind == "line" else {"cornerRadiusEnd": 2}
    encoding = {"x": x, "y": y, "color": _color(visual, series), "tooltip": _tooltip(series)}
    if kind == "bar" and stack is None and len(fields) > 1:
        encoding["xOffset"] = {"field": "s", "sort": series.names}
    return {"mark": mark, "encoding": encoding}
