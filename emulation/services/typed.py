"""A template's values with the types of the API: there a number or a truth may be a text."""

from functools import cache
from typing import Any

from localstack.aws.spec import load_service

WHOLE_NUMBERS = {"integer", "long"}
NUMBERS = {"float", "double"}


def typed(service: str, operation: str, values: dict[str, Any], resource_type: str) -> Any:
    """The values as an operation takes them.

    Raises:
        NotImplementedError: the API does not have one of them.
    """
    return _typed(_input(service, operation), values, "", resource_type)


@cache
def _input(service: str, operation: str) -> Any:
    return load_service(service).operation_model(operation).input_shape


def _typed(shape: Any, value: Any, place: str, resource_type: str) -> Any:
    if shape.type_name == "structure" and isinstance(value, dict):
        return {
            name: _typed(
                _member(shape, name, place, resource_type), item, f"{place}{name}.", resource_type
            )
            for name, item in value.items()
            if item is not None
        }
    if shape.type_name == "map" and isinstance(value, dict):
        return {
            name: _typed(shape.value, item, f"{place}{name}.", resource_type)
            for name, item in value.items()
        }
    if shape.type_name == "list" and isinstance(value, list):
        return [_typed(shape.member, item, place, resource_type) for item in value]
    return _plain(shape.type_name, value)


def _member(shape: Any, name: str, place: str, resource_type: str) -> Any:
    if name not in shape.members:
        raise NotImplementedError(f"{place}{name} of {resource_type} is not emulated")
    return shape.members[name]


def _plain(kind: str, value: Any) -> Any:
    if kind in WHOLE_NUMBERS:
        return int(value)
    if kind in NUMBERS:
        return float(value)
    if kind == "boolean":
        return str(value).lower() == "true"
    return str(value) if kind == "string" and not isinstance(value, dict | list) else value
