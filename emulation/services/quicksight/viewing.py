"""A definition as somebody looks at it: its data sets found, its parameters set."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from emulation.compute.visuals import parameters
from emulation.compute.visuals.checks import Finding, findings
from emulation.compute.visuals.definition import data_set_arns
from emulation.compute.visuals.errors import VisualError
from emulation.compute.visuals.relation import DataSet, Relation
from emulation.compute.visuals.spice import CopyReader
from emulation.compute.visuals.values import Type
from emulation.compute.visuals.visual import Viewing
from emulation.services.quicksight.data_sets import arns
from emulation.services.quicksight.planning import Planner, outline
from emulation.services.quicksight.store import Members
from emulation.services.scope import Scope


class DataSets(Mapping[str, DataSet]):
    """The data sets of a definition, each found when a visual first asks for it."""

    def __init__(self, scope: Scope, definition: Members, values: Mapping[str, Any]) -> None:
        self._scope = scope
        self._definition = definition
        self._values = values
        self._arns = data_set_arns(definition)
        self._found: dict[str, DataSet] = {}

    def __getitem__(self, identifier: str) -> DataSet:
        if identifier not in self._found:
            self._found[identifier] = self._find(identifier)
        return self._found[identifier]

    def __contains__(self, identifier: object) -> bool:
        return identifier in self._arns

    def __iter__(self) -> Any:
        return iter(self._arns)

    def __len__(self) -> int:
        return len(self._arns)

    def _find(self, identifier: str) -> DataSet:
        arn = self._arns[identifier]
        data_set = arns(self._scope).get(arn)
        if data_set is None:
            raise VisualError(f"Data set {arn} does not exist.")
        values = parameters.mapped(self._definition, identifier, self._values)
        place, relation = Planner(self._scope).relation(data_set, values)
        return DataSet(relation, place.reader(self._scope))


def viewing(
    scope: Scope, definition: Members, given: Members, chosen: Mapping[str, Members]
) -> Viewing:
    """A definition with a viewer's parameters and filters.

    Raises:
        VisualError: a parameter's value is of another type.
    """
    values = parameters.chosen(definition, given, CopyReader())
    data_sets = DataSets(scope, definition, values)
    return Viewing(definition, data_sets, values, datetime.now(UTC).replace(tzinfo=None), chosen)


def mistakes(scope: Scope, definition: Members) -> list[Finding]:
    """What is wrong with a definition; no data is read."""
    known = arns(scope)
    wanted = data_set_arns(definition)
    missing = {name: arn for name, arn in wanted.items() if arn not in known}
    data_sets = {
        name: DataSet(_outline(scope, known[arn]), CopyReader())
        for name, arn in wanted.items()
        if name not in missing
    }
    try:
        values = parameters.defaults(definition)
    except VisualError:
        values = dict.fromkeys(parameters.declared(definition))
    for name, (kind, _) in parameters.declared(definition).items():
        # Where a definition sets nothing, a value of the type stands in, so that types are known.
        if values.get(name) is None:
            values[name] = parameters.example(kind)
    now = datetime.now(UTC).replace(tzinfo=None)
    return findings(Viewing(definition, data_sets, values, now), missing)


def _outline(scope: Scope, data_set: Members) -> Relation:
    """A data set's columns; those that it had when it was made, where a parent has gone."""
    try:
        return outline(scope, data_set)
    except VisualError:
        columns = {one["Name"]: Type(one["Type"]) for one in data_set["OutputColumns"]}
        return Relation("SELECT 1", columns)
