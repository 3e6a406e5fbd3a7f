"""KPIs: one number, what it is compared with, how it went."""

from dataclasses import dataclass
from html import escape
from typing import Any

from emulation.compute.visuals.drawing.conditional import Rule, rule
from emulation.compute.visuals.drawing.drawn import NO_DATA, Drawing
from emulation.compute.visuals.fields import WellField
from emulation.compute.visuals.formats import NumberFormat
from emulation.compute.visuals.visual import Visual

WIDTH, HEIGHT = 240, 44


@dataclass(frozen=True)
class Kpi:
    """What a KPI says."""

    value: Any
    other: Any
    """A target, or the value of the period before."""
    other_label: str
    style: str
    trend: list[float]
    period: str


def kpi(visual: Visual) -> Drawing:
    """One number."""
    measures = visual.fields("Values")
    if not measures:
        return Drawing(html=NO_DATA)
    visual.note(len(measures) > 1, "A second value")
    options = visual.configuration.get("KPIOptions") or {}
    found = _asked(visual, measures[0])
    if found is None:
        return Drawing(html=NO_DATA, notes=visual.notes)
    parts = [_primary(measures[0], found, options)]
    if found.other is not None:
        parts.append(_compared(measures[0], found, options))
    if (options.get("ProgressBar") or {}).get("Visibility") != "HIDDEN" and _targets(visual):
        parts.append(_progress(found))
    if (options.get("Sparkline") or {}).get("Visibility", "VISIBLE") == "VISIBLE":
        parts.append(_sparkline(found.trend, measures[0]))
    return Drawing(html=f"<div class=kpi>{''.join(parts)}</div>", notes=visual.notes)


def _targets(visual: Visual) -> bool:
    return bool(visual.wells.get("TargetValues"))


def _rule(visual: Visual) -> Rule | None:
    """The colour of the primary value."""
    given = visual.place.members.get("ConditionalFormatting") or {}
    found = None
    for one in given.get("ConditionalFormattingOptions") or []:
        primary = one.get("PrimaryValue") or {}
        visual.note(primary.get("Icon"), "The icon")
        for part in ("ProgressBar", "ActualValue", "ComparisonValue"):
            visual.note(one.get(part), f"Conditional formatting of {part}")
        found = found or rule(visual, primary.get("TextColor"), "color")
    return found


def _asked(visual: Visual, measure: WellField) -> Kpi | None:
    """The numbers; of the last period where there is a trend."""
    target, trend, colored = (
        visual.first("TargetValues"),
        visual.first("TrendGroups"),
        _rule(visual),
    )
    asked = [one for one in (measure, target, colored.field if colored else None) if one]
    dimensions = [trend] if trend else []
    rows = [
        row
        for row in visual.questions.grouped(dimensions, asked)
        if row[len(dimensions)] is not None
    ]
    if not rows:
        return None
    last = list(rows[-1])
    period = trend.text(last.pop(0)) if trend else ""
    style = colored.style(last[-1], (0.0, 1.0)) if colored else ""
    values = [float(row[1]) for row in rows] if trend else []
    if target is not None:
        return Kpi(last[0], last[1], target.label, style, values, period)
    before = rows[-2][1] if trend and len(rows) > 1 else None
    label = trend.text(rows[-2][0]) if trend and len(rows) > 1 else ""
    return Kpi(last[0], before, label, style, values, period)


def _primary(measure: WellField, found: Kpi, options: Any) -> str:
    text = measure.text(found.value)
    if options.get("PrimaryValueDisplayType") == "COMPARISON" and found.other is not None:
        text = _difference(measure, found, options)
    style = f' style="{escape(found.style)}"' if found.style else ""
    period = f"<small>{escape(found.period)}</small>" if found.period else ""
    return f"<div class=value{style}>{escape(text)}{period}</div>"


def _difference(measure: WellField, found: Kpi, options: Any) -> str:
    method = (options.get("Comparison") or {}).get("ComparisonMethod", "PERCENT_DIFFERENCE")
    given = (options.get("Comparison") or {}).get("ComparisonFormat") or {}
    decimals = 1
    if asked := (given.get("PercentageDisplayFormatConfiguration") or {}).get(
        "DecimalPlacesConfiguration"
    ):
        decimals = int(asked["DecimalPlaces"])
    value, other = float(found.value), float(found.other)
    if method == "DIFFERENCE":
        plain = measure.format if isinstance(measure.format, NumberFormat) else NumberFormat()
        sign = "±" if value == other else "+" if value > other else "−"
        return f"{sign}{plain.text(abs(value - other))}"
    if not other:
        return "–"
    if method == "PERCENT":
        return f"{value / other:.{decimals}%}"
    change = (value - other) / abs(other)
    return f"{'+' if change >= 0 else '−'}{abs(change):.{decimals}%}"


def _compared(measure: WellField, found: Kpi, options: Any) -> str:
    value, other = float(found.value), float(found.other)
    hidden = (options.get("TrendArrows") or {}).get("Visibility") == "HIDDEN"
    word, sign = ("up", "▲") if value > other else ("down", "▼")
    arrow = "" if hidden or value == other else f"<i class={word}>{sign}</i> "
    told = f"{escape(measure.text(found.other))} {escape(found.other_label)}"
    change = escape(_difference(measure, found, options))
    return f"<p class=compared>{arrow}{change} <small>vs {told}</small></p>"


def _progress(found: Kpi) -> str:
    other = float(found.other or 0)
    share = max(0.0, min(1.0, float(found.value) / other)) if other else 0.0
    return f"<div class=progress><span style='width:{share:.1%}'></span></div>"


def _sparkline(values: list[float], measure: WellField) -> str:
    """The trend as a line; the last point is marked."""
    if len(values) < 2:
        return ""
    low, high = min(values), max(values)
    span = (high - low) or 1.0
    step = WIDTH / (len(values) - 1)
    points = [
        (at * step, HEIGHT - 4 - (value - low) / span * (HEIGHT - 8))
        for at, value in enumerate(values)
    ]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    x, y = points[-1]
    return (
        f"<svg class=spark viewBox='0 0 {WIDTH + 4} {HEIGHT}' role=img preserveAspectRatio='none'>"
        f"<title>{escape(measure.text(low))} to {escape(measure.text(high))}</title>"
        f"<polyline points='{line}' vector-effect='non-scaling-stroke'/>"
        f"<circle cx='{x:.1f}' cy='{y:.1f}' r='2.5'/></svg>"
    )
