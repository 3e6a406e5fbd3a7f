"""Categories, series and values: what line, bar and combo charts are drawn from."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from emulation.compute.visuals.compiled import Level
from emulation.compute.visuals.drawing.drawn import Spec, category_text, is_date, plain
from emulation.compute.visuals.fields import WellField
from emulation.compute.visuals.queries import OTHER, Sorting, with_other
from emulation.compute.visuals.values import Type
from emulation.compute.visuals.visual import Visual

CATEGORIES, COLORS = 100, 25
"""How many are drawn where a definition does not say."""


@dataclass(frozen=True)
class Series:
    """Marks: members `c` category, `s` series, `v` value, and `_c`, `_v` as texts."""

    values: list[Spec]
    category: WellField | None
    measures: list[WellField]
    categories: list[str]
    """As texts, in their order."""
    names: list[str]
    """The series, in their order."""
    title: str
    """What the series are of."""

    @property
    def moments(self) -> set[str]:
        """Categories that are dates."""
        return {one["c"] for one in self.values if one["c"] is not None}


def sorted_by_default(
    visual: Visual, category: WellField, measures: Sequence[WellField], *, largest_first: bool
) -> list[Sorting]:
    """The definition's sort of categories; the largest first where it says none."""
    found = visual.sorting("CategorySort", [category, *measures])
    if found or not largest_first or category.type is not Type.STRING or not measures:
        return found
    if measures[0].value.level is Level.TABLE:
        return found
    return [Sorting(measures[0].value.sql, descending=True)]


def series_of(
    visual: Visual, measures: list[WellField], *, limit: str, largest_first: bool
) -> Series:
    """Ask for the marks of a chart with at most one category and one colour."""
    categories, colors = visual.fields("Category"), visual.fields("Colors")
    visual.note(len(categories) > 1, "Drill-down")
    visual.note(visual.wells.get("SmallMultiples"), "SmallMultiples")
    category, color = next(iter(categories), None), next(iter(colors), None)
    if not measures:
        return Series([], category, [], [], [], "")
    questions, shown = visual.questions, category
    order: list[Any] = []
    if category is not None:
        sorting = sorted_by_default(visual, category, measures, largest_first=largest_first)
        most, other = visual.limit(limit, CATEGORIES)
        order, more = questions.ranked(category, sorting, most, alone=color is None)
        if more and other and category.type is Type.STRING:
            shown = with_other(category, order)
            order = [*order, OTHER]
        elif more:
            questions = questions.restricted(category, order)
            visual.notes.append(f"the first {most} of more categories")
    tint = color
    tints: list[Any] = []
    if color is not None:
        by = visual.sorting("ColorSort", [color, *measures])
        by = by or [Sorting(measures[0].value.sql, descending=True)] if measures else by
        most, other = visual.limit(_color_limit(visual), COLORS)
        tints, more = questions.ranked(color, by, most, alone=False)
        if more and other and color.type is Type.STRING:
            tint, tints = with_other(color, tints), [*tints, OTHER]
        elif more:
            questions = questions.restricted(color, tints)
    dimensions = [one for one in (shown, tint) if one is not None]
    rows = questions.grouped(dimensions, measures)
    names = [category_text(color, value) for value in tints] if color else []
    texts = [category_text(category, value) for value in order] if category else []
    values = [mark for row in rows for mark in _marks(row, shown, tint, measures)]
    several = names or [one.label for one in measures]
    if color and len(measures) > 1:
        several = [f"{name} · {one.label}" for name in names for one in measures]
    title = color.label if color else ""
    return Series(values, category, measures, texts, several, title)


def _color_limit(visual: Visual) -> str:
    """Line charts call it otherwise than bar charts."""
    name = "ColorItemsLimitConfiguration"
    return name if name in visual.sorts else "ColorItemsLimit"


def _marks(
    row: Sequence[Any],
    category: WellField | None,
    color: WellField | None,
    measures: Sequence[WellField],
) -> list[Spec]:
    at = iter(row)
    mark: Spec = {}
    if category is not None:
        value = next(at)
        text = category_text(category, value)
        mark = {"c": plain(value) if is_date(category) else text, "_c": text}
    tint = category_text(color, next(at)) if color is not None else ""
    found = []
    for measure in measures:
        value = next(at)
        name = measure.label
        if color is not None:
            name = tint if len(measures) == 1 else f"{tint} · {measure.label}"
        found.append({**mark, "s": name, "v": plain(value), "_v": measure.text(value)})
    return found
