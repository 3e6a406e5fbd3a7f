"""A definition's parameters: what they are by default, and what a viewer sets them to."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from emulation.compute.visuals.compiler import Compiler, ParameterValue
from emulation.compute.visuals.errors import Mismatch, NotDrawn, VisualError
from emulation.compute.visuals.relation import Reader
from emulation.compute.visuals.values import Type, Value, moment

Members = Mapping[str, Any]
TYPES = {
    "StringParameterDeclaration": Type.STRING,
    "IntegerParameterDeclaration": Type.INTEGER,
    "DecimalParameterDeclaration": Type.DECIMAL,
    "DateTimeParameterDeclaration": Type.DATETIME,
}
ALL = "ALL_VALUES"


def declared(definition: Members) -> dict[str, tuple[Type, Members]]:
    """The type and the declaration of each parameter, by name."""
    found = {}
    for one in definition.get("ParameterDeclarations") or []:
        ((kind, declaration),) = one.items()
        found[declaration["Name"]] = (TYPES[kind], declaration)
    return found


def converted(kind: Type, value: Any) -> Value:
    """A value of a parameter's type.

    Raises:
        Mismatch: it is none.
    """
    try:
        match kind:
            case Type.INTEGER:
                return int(value)
            case Type.DECIMAL:
                return float(value)
            case Type.DATETIME:
                return moment(value)
    except ValueError as error:
        raise Mismatch(f"{value} is no {kind} value.") from error
    return str(value)


def example(kind: Type) -> Value:
    """Some value of a type."""
    values: dict[Type, Value] = {
        Type.INTEGER: 0, Type.DECIMAL: 0.0, Type.DATETIME: datetime(2000, 1, 1),
    }  # fmt: skip
    return values.get(kind, "")


def several(declaration: Members) -> bool:
    """Whether a parameter takes more than one value."""
    return bool(declaration.get("ParameterValueType") == "MULTI_VALUED")


def defaults(definition: Members, reader: Reader | None = None) -> dict[str, ParameterValue]:
    """What every parameter is before anybody sets it; nothing where nothing is said.

    `reader` computes rolling dates; without one they are nothing.
    """
    return {
        name: _default(kind, declaration, reader)
        for name, (kind, declaration) in declared(definition).items()
    }


def _default(kind: Type, declaration: Members, reader: Reader | None) -> ParameterValue:
    given = declaration.get("DefaultValues") or {}
    if rolling := given.get("RollingDate"):
        return rolling_date(rolling, reader)
    static = [converted(kind, value) for value in given.get("StaticValues") or []]
    unset = declaration.get("ValueWhenUnset") or {}
    if not static and "CustomValue" in unset:
        static = [converted(kind, unset["CustomValue"])]
    if several(declaration):
        return static or None
    return static[0] if static else None


def rolling_date(given: Members, reader: Reader | None) -> ParameterValue:
    """The moment that an expression such as `truncDate('MM', now())` says."""
    compiled = Compiler({}).expression(given["Expression"])
    if compiled.type is not Type.DATETIME:
        raise Mismatch(f"{given['Expression']} is no date.")
    if reader is None:
        return None
    value: Value = reader.rows(f"SELECT {compiled.sql}")[0][0]
    return value


def chosen(
    definition: Members, given: Mapping[str, Any], reader: Reader | None = None
) -> dict[str, ParameterValue]:
    """The values that count: a viewer's where there are some, the defaults elsewhere.

    Raises:
        Mismatch: a value of another type.
    """
    values = defaults(definition, reader)
    for name, (kind, declaration) in declared(definition).items():
        if name not in given or given[name] is None:
            continue
        listed = given[name] if isinstance(given[name], list) else [given[name]]
        found = [converted(kind, one) for one in listed if one != ""]
        values[name] = (found or None) if several(declaration) else (found or [None])[0]
    return values


def mapped(definition: Members, identifier: str, values: Mapping[str, ParameterValue]) -> Members:
    """The values of a data set's own parameters that the definition's parameters give."""
    found = {}
    for name, (_, declaration) in declared(definition).items():
        for one in declaration.get("MappedDataSetParameters") or []:
            if one["DataSetIdentifier"] == identifier and values.get(name) is not None:
                found[one["DataSetParameterName"]] = values[name]
    return found


def check(definition: Members) -> list[tuple[str, VisualError]]:
    """What is wrong with the declarations: the parameter's name and the mistake."""
    found: list[tuple[str, VisualError]] = []
    for name, (kind, declaration) in declared(definition).items():
        if (declaration.get("DefaultValues") or {}).get("DynamicValue"):
            found.append((name, NotDrawn("A default value by user (DynamicValue)")))
        try:
            _default(kind, declaration, None)
        except VisualError as error:
            found.append((name, error))
    return found
