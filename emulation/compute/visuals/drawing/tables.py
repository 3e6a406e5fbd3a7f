"""Tables and pivot tables, as HTML; totals are asked anew, never added up from what is shown."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

from emulation.compute.visuals.drawing.conditional import Rule, rule
from emulation.compute.visuals.drawing.drawn import NO_DATA, Drawing
from emulation.compute.visuals.fields import WellField, unaggregated
from emulation.compute.visuals.queries import Sorting
from emulation.compute.visuals.values import NUMBERS
from emulation.compute.visuals.visual import Visual

Members = Mapping[str, Any]
MOST = 500
MOST_COLUMNS = 60


def table(visual: Visual) -> Drawing:
    """A table of groups, or of single rows."""
    single = visual.well_kind == "TableUnaggregatedFieldWells"
    if single:
        groups: list[WellField] = []
        fields = [unaggregated(visual.compiler, one) for one in visual.wells.get("Values") or []]
    else:
        groups = visual.fields("GroupBy")
        fields = visual.fields("Values")
    rules = list(_rules(visual))
    shown = _visible(visual, [*groups, *fields])
    sorting = visual.sorting("RowSort", [*groups, *fields])
    asked = [*fields, *(one.field for one in rules)]
    if single:
        rows = visual.questions.listed(asked, sorting, MOST)
    else:
        sorting = sorting or _largest_first(groups, fields)
        rows = visual.questions.grouped(groups, asked, sorting, MOST)
    if not rows:
        return Drawing(html=NO_DATA, notes=visual.notes)
    total = visual.questions.counted(groups) if len(rows) == MOST else len(rows)
    if total > MOST:
        visual.notes.append(f"the first {MOST} of {total:,} rows")
    every = [*groups, *fields]
    head = "".join(_head(visual, one) for one in every if one.id in shown)
    body = _body(rows, every, shown, rules)
    foot = "" if single else _totals(visual, groups, fields, shown)
    return Drawing(
        html=f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody>{foot}</table>",
        notes=visual.notes,
    )


def _largest_first(groups: list[WellField], fields: list[WellField]) -> list[Sorting]:
    """Without a sort QuickSight sorts by the first group."""
    return [Sorting(groups[0].value.sql)] if groups and fields else []


def _head(visual: Visual, one: WellField) -> str:
    label = visual.labels.get(one.id, one.label)
    return f"<th scope=col{_number(one)}>{escape(label)}</th>"


def _number(one: WellField) -> str:
    return " class=number" if one.type in NUMBERS else ""


def _visible(visual: Visual, fields: Sequence[WellField]) -> set[str]:
    options = visual.configuration.get("FieldOptions") or {}
    selected = options.get("SelectedFieldOptions") or []
    hidden = {one["FieldId"] for one in selected if one.get("Visibility") == "HIDDEN"}
    return {one.id for one in fields} - hidden


def _rules(visual: Visual) -> Iterator[Rule]:
    """The colours of cells and rows."""
    given = visual.place.members.get("ConditionalFormatting") or {}
    for one in given.get("ConditionalFormattingOptions") or []:
        cell, row = one.get("Cell") or {}, one.get("Row") or {}
        target = cell.get("FieldId", "")
        style = cell.get("TextFormat") or row
        visual.note(style.get("Icon"), "The icon")
        for member, css in (("BackgroundColor", "background"), ("TextColor", "color")):
            if made := rule(visual, style.get(member), css, target):
                yield made


def _body(
    rows: Sequence[Any], fields: Sequence[WellField], shown: set[str], rules: Sequence[Rule]
) -> str:
    spans = [_span([row[len(fields) + at] for row in rows]) for at in range(len(rules))]
    lines = []
    for row in rows:
        styles: dict[str, list[str]] = {}
        for at, one in enumerate(rules):
            if css := one.style(row[len(fields) + at], spans[at]):
                # The first that applies wins, as the order of a definition says.
                styles.setdefault(one.target, []).insert(0, css)
        cells = [
            _cell(one, value, styles.get(one.id, []) + styles.get("", []))
            for one, value in zip(fields, row, strict=False)
            if one.id in shown
        ]
        lines.append(f"<tr>{''.join(cells)}</tr>")
    return "".join(lines)


def _span(values: list[Any]) -> tuple[float, float]:
    numbers = [float(value) for value in values if isinstance(value, int | float)]
    return (min(numbers), max(numbers)) if numbers else (0.0, 1.0)


def _cell(one: WellField, value: Any, styles: list[str]) -> str:
    style = f' style="{escape(";".join(styles))}"' if styles else ""
    return f"<td{_number(one)}{style}>{escape(one.text(value))}</td>"


def _totals(
    visual: Visual, groups: list[WellField], fields: list[WellField], shown: set[str]
) -> str:
    options = visual.configuration.get("TotalOptions") or {}
    if options.get("TotalsVisibility") != "VISIBLE" or not fields:
        return ""
    (row,) = visual.questions.grouped([], fields)
    label = options.get("CustomLabel") or "Total"
    cells = [
        f"<td>{escape(label) if place == 0 else ''}</td>"
        for place, one in enumerate(groups)
        if one.id in shown
    ]
    cells += [
        _cell(one, value, []) for one, value in zip(fields, row, strict=True) if one.id in shown
    ]
    return f"<tfoot><tr>{''.join(cells)}</tr></tfoot>"


def pivot(visual: Visual) -> Drawing:
    """Rows against columns."""
    rows, columns, values = visual.fields("Rows"), visual.fields("Columns"), visual.fields("Values")
    options = visual.configuration.get("TotalOptions") or {}
    for name in ("RowSubtotalOptions", "ColumnSubtotalOptions"):
        asked = options.get(name) or {}
        visual.note(asked.get("TotalsVisibility") == "VISIBLE", "Subtotals")
    rules = [one for one in _rules(visual) if one.target in {field.id for field in values}]
    if not values:
        return Drawing(html=NO_DATA)
    asked_fields = [*values, *(one.field for one in rules)]
    sorting = _pivot_order(visual, [*rows, *columns], values)
    marks = visual.questions.grouped([*rows, *columns], asked_fields, sorting)
    if not marks:
        return Drawing(html=NO_DATA, notes=visual.notes)
    cells: dict[tuple[Any, ...], dict[tuple[Any, ...], Any]] = {}
    for mark in marks:
        left, top = tuple(mark[: len(rows)]), tuple(mark[len(rows) : len(rows) + len(columns)])
        cells.setdefault(left, {})[top] = mark[len(rows) + len(columns) :]
    tops = list(dict.fromkeys(top for by in cells.values() for top in by))
    # Each column's own order, which rows that lack some of them do not show.
    tops = _ordered(visual, columns, tops)
    if len(cells) > MOST or len(tops) > MOST_COLUMNS:
        visual.notes.append(
            f"the first {min(MOST, len(cells))} of {len(cells):,} rows and "
            f"{min(MOST_COLUMNS, len(tops))} of {len(tops):,} columns"
        )
    grid = _Grid(visual, rows, columns, values, tops[:MOST_COLUMNS], rules)
    lines = grid.lines({left: cells[left] for left in list(cells)[:MOST]}, options)
    return Drawing(html=f"<table class=pivot>{lines}</table>", notes=visual.notes)


def _wanted(options: Members | None) -> bool:
    """Whether totals are shown; where nothing is said they are not."""
    return bool((options or {}).get("TotalsVisibility") == "VISIBLE")


def _pivot_order(
    visual: Visual, dimensions: list[WellField], values: list[WellField]
) -> list[Sorting]:
    """By each dimension in turn, the way the definition sorts it."""
    given = {one["FieldId"]: one["SortBy"] for one in visual.sorts.get("FieldSortOptions") or []}
    found = []
    for field in dimensions:
        asked = given.get(field.id) or {}
        by = asked.get("Field") or {}
        visual.note(asked.get("DataPath") or asked.get("Column"), f"The sort of {field.label}")
        descending = by.get("Direction") == "DESC"
        chosen = next((one for one in values if one.id == by.get("FieldId")), None)
        if chosen is not None and len(dimensions) == 1:
            found.append(Sorting(chosen.value.sql, descending))
        else:
            visual.note(chosen, f"The sort of {field.label} by {by.get('FieldId')}")
            found.append(Sorting(field.value.sql, descending))
    return found


def _ordered(visual: Visual, columns: list[WellField], tops: list[Any]) -> list[Any]:
    if not columns or len(tops) < 2:
        return tops
    sorting = _pivot_order(visual, columns, [])
    order = [tuple(row) for row in visual.questions.grouped(columns, [], sorting)]
    return [top for top in order if top in set(tops)]


class _Grid:
    """A pivot table's lines."""

    def __init__(
        self,
        visual: Visual,
        rows: list[WellField],
        columns: list[WellField],
        values: list[WellField],
        tops: list[Any],
        rules: list[Rule],
    ) -> None:
        self.visual, self.rows, self.columns = visual, rows, columns
        self.values, self.tops, self.rules = values, tops, rules

    def lines(self, cells: Mapping[Any, Mapping[Any, Any]], options: Members) -> str:
        """The head, the rows, and totals where the definition wants them."""
        right = _wanted(options.get("RowTotalOptions"))
        bottom = _wanted(options.get("ColumnTotalOptions"))
        totals = self._totals_of(self.rows) if right and self.columns else {}
        spans = [
            _span([mark[len(self.values) + at] for by in cells.values() for mark in by.values()])
            for at in range(len(self.rules))
        ]
        body = []
        before: tuple[Any, ...] = ()
        for left, by in cells.items():
            line = self._row_heads(left, before) + self._cells(by, spans)
            if totals:
                line += self._numbers(totals[left])
            body.append(f"<tr>{line}</tr>")
            before = left
        foot = self._foot(totals=bool(totals)) if bottom else ""
        return (
            f"<thead>{self._head(totals=bool(totals))}</thead><tbody>{''.join(body)}</tbody>{foot}"
        )

    def _totals_of(self, dimensions: list[WellField]) -> dict[Any, Any]:
        marks = self.visual.questions.grouped(dimensions, self.values)
        count = len(dimensions)
        return {tuple(mark[:count]): mark[count:] for mark in marks}

    def _head(self, *, totals: bool) -> str:
        lines = []
        for depth, field in enumerate(self.columns):
            corner = "".join("<th></th>" for _ in self.rows[1:])
            corner += f"<th class=name>{escape(field.label)}</th>" if self.rows else ""
            heads, before = "", None
            for top in self.tops:
                same = top[: depth + 1] == before
                heads += f"<th scope=col colspan={len(self.values)} class=number>"
                heads += f"{'' if same else escape(field.text(top[depth]))}</th>"
                before = top[: depth + 1]
            if totals:
                total = "Total" if depth == 0 else ""
                heads += f"<th class=number colspan={len(self.values)}>{total}</th>"
            lines.append(f"<tr>{corner}{heads}</tr>")
        names = "".join(f"<th scope=col>{escape(one.label)}</th>" for one in self.rows)
        labels = "".join(
            f"<th scope=col class=number>{escape(one.label)}</th>" for one in self.values
        )
        lines.append(f"<tr>{names}{labels * (len(self.tops) + totals)}</tr>")
        return "".join(lines)

    def _row_heads(self, left: tuple[Any, ...], before: tuple[Any, ...]) -> str:
        cells = ""
        for place, one in enumerate(self.rows):
            same = left[: place + 1] == before[: place + 1]
            cells += f"<th scope=row>{'' if same else escape(one.text(left[place]))}</th>"
        return cells

    def _cells(self, by: Mapping[Any, Any], spans: list[tuple[float, float]]) -> str:
        cells = ""
        for top in self.tops:
            mark = by.get(top)
            for place, one in enumerate(self.values):
                if mark is None:
                    cells += "<td></td>"
                    continue
                styles = [
                    rule_.style(mark[len(self.values) + at], spans[at])
                    for at, rule_ in enumerate(self.rules)
                    if rule_.target == one.id
                ]
                cells += _cell(one, mark[place], [style for style in styles if style][:2])
        return cells

    def _numbers(self, mark: Any) -> str:
        pairs = zip(self.values, mark, strict=True)
        return "".join(f"<td class='number total'>{escape(one.text(v))}</td>" for one, v in pairs)

    def _foot(self, *, totals: bool) -> str:
        by = self._totals_of(self.columns)
        line = "".join(
            f"<th scope=row>{'Total' if place == 0 else ''}</th>" for place in range(len(self.rows))
        )
        line += "".join(self._numbers(by[top]) for top in self.tops)
        if totals:
            line += self._numbers(self._totals_of([])[()])
        return f"<tfoot><tr>{line}</tr></tfoot>"
