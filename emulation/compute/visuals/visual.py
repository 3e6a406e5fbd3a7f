"""One visual that is being drawn: its fields compiled, its questions ready."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any

from emulation.compute.visuals.compiled import Compiled, Level
from emulation.compute.visuals.compiler import Compiler, ParameterValue
from emulation.compute.visuals.definition import (
    VisualPlace,
    calculated_fields,
    data_set_arns,
    identifier_of,
)
from emulation.compute.visuals.errors import Mismatch
from emulation.compute.visuals.fields import WellField, aggregate, dimension, measure
from emulation.compute.visuals.filters import Filters, groups_of
from emulation.compute.visuals.queries import Questions, Sorting
from emulation.compute.visuals.relation import DataSet
from emulation.compute.visuals.values import Type

Members = Mapping[str, Any]
MEASURE_KINDS = "MeasureField"


@dataclass(frozen=True)
class Viewing:
    """A definition as one viewer sees it."""

    definition: Members
    data_sets: Mapping[str, DataSet]
    """By the names that the definition gives them."""
    parameters: Mapping[str, ParameterValue]
    now: datetime
    chosen: Mapping[str, Members] = field(default_factory=dict)
    """What filter controls are set to, by filter."""

    def data_set(self, identifier: str) -> DataSet:
        """A data set by its name.

        Raises:
            Mismatch: there is none of this name.
        """
        if identifier not in self.data_sets:
            raise Mismatch(f"Data set {identifier} is not declared.")
        return self.data_sets[identifier]

    def compiler(self, identifier: str) -> Compiler:
        """Compiles expressions over a data set."""
        columns = self.data_set(identifier).relation.columns
        return Compiler(columns, calculated_fields(self.definition, identifier), self.parameters)

    @property
    def identifiers(self) -> list[str]:
        """The names of all data sets."""
        return list(data_set_arns(self.definition))


class Visual:
    """What drawings ask: fields of wells, sorts, limits, rows."""

    def __init__(self, viewing: Viewing, place: VisualPlace) -> None:
        self.viewing = viewing
        self.place = place
        self.configuration: Members = place.members.get("ChartConfiguration") or {}
        wells: Members = self.configuration.get("FieldWells") or {}
        nested = [value for key, value in wells.items() if key.endswith("FieldWells")]
        self.wells: Members = nested[0] if nested else wells
        self.well_kind = next((key for key in wells if key.endswith("FieldWells")), "")
        self.sorts: Members = self.configuration.get("SortConfiguration") or {}
        self.notes: list[str] = []
        """What the definition asks for and the drawing leaves out, for the reader to see."""

    @cached_property
    def identifier(self) -> str:
        """The data set that it reads."""
        return identifier_of(self.viewing.definition, self.place.members)

    @cached_property
    def compiler(self) -> Compiler:
        """Compiles its expressions; it knows the visual's dimensions."""
        plain = self.viewing.compiler(self.identifier)
        dimensions = {}
        for one in self._fields():
            if not is_measure(one):
                found = dimension(plain, one)
                dimensions[found.column] = found.value.sql
        return replace(plain, dimensions=dimensions)

    def _fields(self) -> Iterator[Members]:
        for well in self.wells.values():
            if isinstance(well, list):
                yield from (one for one in well if len(one) == 1)

    @cached_property
    def questions(self) -> Questions:
        """Asks for rows."""
        place, viewing = self.place, self.viewing
        filters = Filters(self.compiler, self.identifier, viewing.now, viewing.chosen)
        groups = groups_of(viewing.definition, place.sheet, place.id)
        return Questions(viewing.data_set(self.identifier), filters.conditions(groups))

    def fields(self, well: str) -> list[WellField]:
        """The fields of a well, with the labels that the definition gives them."""
        found = []
        for given in self.wells.get(well) or []:
            one = self._formatted(given)
            made = measure(self.compiler, one) if is_measure(one) else dimension(self.compiler, one)
            found.append(replace(made, label=self.labels.get(made.id, made.label)))
        return found

    def _formatted(self, one: Members) -> Members:
        """A field with the format of its column, where it has none of its own."""
        ((kind, given),) = one.items()
        column = given.get("Column")
        if column is None or given.get("FormatConfiguration"):
            return one
        for each in self.viewing.definition.get("ColumnConfigurations") or []:
            if each["Column"] == column and (formats := each.get("FormatConfiguration")):
                ((_, found),) = formats.items()
                return {kind: {**given, "FormatConfiguration": found}}
        return one

    def first(self, well: str) -> WellField | None:
        """The first field of a well."""
        return next(iter(self.fields(well)), None)

    @cached_property
    def labels(self) -> dict[str, str]:
        """Labels that a definition gives to single fields."""
        found: dict[str, str] = {}
        for options in self.configuration.values():
            if not isinstance(options, Mapping):
                continue
            for one in options.get("AxisLabelOptions") or []:
                target = (one.get("ApplyTo") or {}).get("FieldId")
                if target and one.get("CustomLabel"):
                    found[target] = one["CustomLabel"]
            for one in options.get("SelectedFieldOptions") or []:
                if one.get("CustomLabel"):
                    found[one["FieldId"]] = one["CustomLabel"]
            for one in (options.get("FieldBasedTooltip") or {}).get("TooltipFields") or []:
                item = one.get("FieldTooltipItem") or {}
                if item.get("Label"):
                    found.setdefault(item["FieldId"], item["Label"])
        return found

    def axis_label(self, option: str, fields: Sequence[WellField]) -> str | None:
        """The label of an axis; nothing where it is hidden."""
        options: Members = self.configuration.get(option) or {}
        if options.get("Visibility") == "HIDDEN":
            return None
        for one in options.get("AxisLabelOptions") or []:
            if one.get("CustomLabel") and not one.get("ApplyTo"):
                return str(one["CustomLabel"])
        return fields[0].label if len(fields) == 1 else ""

    def sorting(self, option: str, fields: Sequence[WellField]) -> list[Sorting]:
        """A sort of the definition; empty when it says none."""
        found = []
        for one in self.sorts.get(option) or []:
            if by := one.get("FieldSort"):
                found.append(Sorting(self._sort_field(by["FieldId"], fields), _down(by)))
            elif by := one.get("ColumnSort"):
                found.append(Sorting(self._sort_column(by).sql, _down(by)))
        return found

    @staticmethod
    def _sort_field(identifier: str, fields: Sequence[WellField]) -> str:
        for one in fields:
            if one.id == identifier:
                return one.value.sql
        raise Mismatch(
            f"Field {identifier}, which the visual is sorted by, is in none of its wells."
        )

    def _sort_column(self, by: Members) -> Compiled:
        value = self.compiler.column(by["SortBy"]["ColumnName"])
        if value.level > Level.ROW:
            return value
        default = {"SimpleNumericalAggregation": "SUM" if value.type is not Type.STRING else "MIN"}
        return aggregate(value, by.get("AggregationFunction") or default)[0]

    def limit(self, option: str, default: int) -> tuple[int, bool]:
        """How many items are shown, and whether the rest is one more."""
        given: Members = self.sorts.get(option) or {}
        return int(given.get("ItemsLimit") or default), given.get("OtherCategories") != "EXCLUDE"

    def note(self, asked: object, what: str) -> None:
        """Tell the reader that something is left out."""
        if asked:
            self.notes.append(f"{what} is not drawn")


def is_measure(one: Members) -> bool:
    """Whether a field of a well is a measure."""
    return next(iter(one)).endswith(MEASURE_KINDS)


def _down(by: Members) -> bool:
    return bool(by.get("Direction") == "DESC")
