"""The controls of a sheet: what a viewer may set, with the values there are to choose from."""

from collections.abc import Mapping
from typing import Any

from emulation.compute.visuals.compiled import Level
from emulation.compute.visuals.definition import filters
from emulation.compute.visuals.errors import VisualError
from emulation.compute.visuals.parameters import declared, several
from emulation.compute.visuals.values import Type, moment
from emulation.compute.visuals.visual import Viewing

Members = Mapping[str, Any]
Control = dict[str, Any]
MOST_VALUES = 1000
KINDS = {
    "DateTimePicker": "date", "List": "list", "Dropdown": "dropdown", "TextField": "text",
    "TextArea": "textarea", "Slider": "slider", "RelativeDateTime": "relative",
    "CrossSheet": "cross",
}  # fmt: skip
LISTED = {"list", "dropdown"}


def controls_of(viewing: Viewing, sheet: Members) -> list[Control]:
    """The controls of a sheet, those of parameters first."""
    found = [_parameter_control(viewing, one) for one in sheet.get("ParameterControls") or []]
    found += [_filter_control(viewing, one) for one in sheet.get("FilterControls") or []]
    return found


def _common(kind: str, given: Members, identifier: str) -> Control:
    control: Control = {
        "id": given[identifier],
        "kind": KINDS[kind],
        "title": given.get("Title", ""),
        "several": given.get("Type") in {"MULTI_SELECT", "DATE_RANGE", "RANGE"}
        or (kind in {"List", "Dropdown"} and given.get("Type") is None),
        "notes": ["cascading is not done"] if given.get("CascadingControlConfiguration") else [],
    }
    for member, name in (("MinimumValue", "min"), ("MaximumValue", "max"), ("StepSize", "step")):
        if member in given:
            control[name] = given[member]
    return control


def _parameter_control(viewing: Viewing, one: Members) -> Control:
    ((kind, given),) = one.items()
    control = _common(kind, given, "ParameterControlId")
    name = given["SourceParameterName"]
    control["parameter"] = name
    if name not in viewing.parameters:
        return control | {"refused": f"Parameter {name} is not declared."}
    type_, declaration = declared(viewing.definition)[name]
    control["several"] = several(declaration)
    control["type"] = str(type_)
    control["value"] = _shown(viewing.parameters[name])
    if control["kind"] in LISTED:
        control |= _choices(viewing, given.get("SelectableValues") or {})
    return control


def _filter_control(viewing: Viewing, one: Members) -> Control:
    ((kind, given),) = one.items()
    control = _common(kind, given, "FilterControlId")
    wanted = given["SourceFilterId"]
    found = next(
        (each for each in filters(viewing.definition) if each[2]["FilterId"] == wanted), None
    )
    if found is None:
        return control | {"refused": f"Filter {wanted} does not exist."}
    _, filter_kind, filter_ = found
    if control["kind"] == "cross":
        control |= _crossed(filter_)
    control |= {"filter": wanted, "filter_kind": filter_kind, "value": None}
    control["title"] = control["title"] or filter_["Column"]["ColumnName"]
    if filter_kind in {"TimeRangeFilter", "NumericRangeFilter"}:
        control["several"] = True
    if control["kind"] == "relative":
        control["value"] = {
            name: filter_.get(name)
            for name in ("RelativeDateType", "TimeGranularity", "RelativeDateValue")
        }
    if control["kind"] in LISTED:
        asked = given.get("SelectableValues") or {}
        control |= _choices(
            viewing, asked if asked.get("Values") else {"column": filter_["Column"]}
        )
        configuration = next(iter((filter_.get("Configuration") or {"": {}}).values()))
        if configuration.get("MatchOperator") == "EQUALS" and not configuration.get(
            "ParameterName"
        ):
            control["value"] = configuration.get("CategoryValues")
    return control


def _crossed(filter_: Members) -> Control:
    """A control that the filter itself describes."""
    options = (filter_.get("DefaultFilterControlConfiguration") or {}).get("ControlOptions") or {}
    words = {
        "DefaultDateTimePickerOptions": "date", "DefaultListOptions": "list",
        "DefaultDropdownOptions": "dropdown", "DefaultTextFieldOptions": "text",
        "DefaultTextAreaOptions": "textarea", "DefaultSliderOptions": "slider",
        "DefaultRelativeDateTimeOptions": "relative",
    }  # fmt: skip
    name, given = next(iter(options.items()), ("DefaultDropdownOptions", dict[str, Any]()))
    found: Control = {"kind": words[name], "several": given.get("Type") != "SINGLE_SELECT"}
    for member, key in (("MinimumValue", "min"), ("MaximumValue", "max"), ("StepSize", "step")):
        if member in given:
            found[key] = given[member]
    title = (filter_.get("DefaultFilterControlConfiguration") or {}).get("Title")
    return found | ({"title": title} if title else {})


def _choices(viewing: Viewing, given: Members) -> Control:
    """What there is to choose: written out, or all values of a column."""
    if given.get("Values"):
        return {"options": [str(value) for value in given["Values"]]}
    column = given.get("LinkToDataSetColumn") or given.get("column")
    if column is None:
        return {"options": []}
    try:
        return {"options": _values(viewing, column)}
    except VisualError as error:
        return {"options": [], "refused": str(error)}


def _values(viewing: Viewing, column: Members) -> list[str]:
    data = viewing.data_set(column["DataSetIdentifier"])
    value = viewing.compiler(column["DataSetIdentifier"]).column(column["ColumnName"])
    if value.level > Level.ROW:
        return []
    rows = data.reader.rows(
        f"SELECT DISTINCT {value.sql} FROM ({data.relation.sql}) AS _data "
        f"WHERE {value.sql} IS NOT NULL ORDER BY 1 LIMIT {MOST_VALUES}"
    )
    if value.type is Type.DATETIME:
        return [row[0].isoformat() for row in rows]
    return [str(row[0]) for row in rows]


def _shown(value: Any) -> Any:
    """A parameter's value as the page has it."""
    if isinstance(value, list):
        return [_shown(one) for one in value]
    return moment(value).isoformat() if hasattr(value, "isoformat") else value
