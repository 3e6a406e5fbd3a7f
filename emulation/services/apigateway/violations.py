"""What a request's body does wrong, in the words of AWS's validator.

AWS gives them as `$context.error.validationErrorString`: `[object has missing required properties
(["origin"])]`. Formats are not checked.
"""

import json
from collections.abc import Callable, Iterable
from typing import Any

from jsonschema import Draft4Validator, ValidationError

Words = Callable[[Any, Any, dict[str, Any]], str]
"""Takes the instance, the value of the keyword and the schema around it."""


def told(errors: Iterable[ValidationError]) -> str:
    """All violations of a body; empty when there are none."""
    found: list[str] = []
    for error in errors:
        sentence = sentence_of(error)
        if sentence not in found:
            found.append(sentence)
    return f"[{', '.join(found)}]" if found else ""


def sentence_of(error: ValidationError) -> str:
    """One violation; of an object's missing properties all at once."""
    words = WORDS.get(str(error.validator))
    if words is None:
        return error.message
    schema = error.schema if isinstance(error.schema, dict) else {}
    return words(error.instance, error.validator_value, schema)


def _kind(value: Any) -> str:
    kinds = {type(None): "null", bool: "boolean", int: "integer", float: "number", str: "string"}
    return kinds.get(type(value), "array" if isinstance(value, list) else "object")


def _list(values: Iterable[Any]) -> str:
    return json.dumps(list(values), separators=(",", ":"))


def _type(value: Any, wanted: Any, _: Any) -> str:
    allowed = set(wanted if isinstance(wanted, list) else [wanted])
    if "number" in allowed:
        allowed.add("integer")
    return (
        f"instance type ({_kind(value)}) does not match any allowed primitive type "
        f"(allowed: {_list(sorted(allowed))})"
    )


def _minimum(value: Any, wanted: Any, schema: dict[str, Any]) -> str:
    if schema.get("exclusiveMinimum"):
        return f"numeric instance is not strictly greater than the required minimum {wanted}"
    return (
        "numeric instance is lower than the required minimum "
        f"(minimum: {wanted}, found: {json.dumps(value)})"
    )


def _maximum(value: Any, wanted: Any, schema: dict[str, Any]) -> str:
    if schema.get("exclusiveMaximum"):
        return f"numeric instance is not strictly lower than the required maximum {wanted}"
    return (
        "numeric instance is greater than the required maximum "
        f"(maximum: {wanted}, found: {json.dumps(value)})"
    )


def _additional(value: Any, _: Any, schema: dict[str, Any]) -> str:
    known = schema.get("properties", {})
    unknown = sorted(name for name in value if name not in known)
    return f"object instance has properties which are not allowed by the schema: {_list(unknown)}"


WORDS: dict[str, Words] = {
    "type": _type,
    "minimum": _minimum,
    "maximum": _maximum,
    "additionalProperties": _additional,
    "required": lambda value, wanted, _: (
        "object has missing required properties "
        f"({_list(sorted(name for name in wanted if name not in value))})"
    ),
    "enum": lambda value, wanted, _: (
        f"instance value ({json.dumps(value)}) not found in enum (possible values: {_list(wanted)})"
    ),
    "minLength": lambda value, wanted, _: (
        f"string {json.dumps(value)} is too short "
        f"(length: {len(value)}, required minimum: {wanted})"
    ),
    "maxLength": lambda value, wanted, _: (
        f"string {json.dumps(value)} is too long (length: {len(value)}, maximum allowed: {wanted})"
    ),
    "pattern": lambda value, wanted, _: (
        f"ECMA 262 regex {json.dumps(wanted)} does not match input string {json.dumps(value)}"
    ),
    "minItems": lambda value, wanted, _: (
        f"array is too short: must have at least {wanted} elements "
        f"but instance has {len(value)} elements"
    ),
    "maxItems": lambda value, wanted, _: (
        f"array is too long: must have at most {wanted} elements "
        f"but instance has {len(value)} elements"
    ),
    "uniqueItems": lambda *_: "array must not contain duplicate elements",
    "minProperties": lambda value, wanted, _: (
        f"object has too few properties (found {len(value)} but schema requires at least {wanted})"
    ),
    "maxProperties": lambda value, wanted, _: (
        f"object has too many properties (found {len(value)} but schema requires at most {wanted})"
    ),
    "anyOf": lambda _, wanted, __: (
        f"instance failed to match at least one required schema among {len(wanted)}"
    ),
    "oneOf": lambda value, wanted, _: (
        "instance failed to match exactly one schema "
        f"(matched {_matched(value, wanted)} out of {len(wanted)})"
    ),
}


def _matched(value: Any, schemas: list[Any]) -> int:
    return sum(Draft4Validator(schema).is_valid(value) for schema in schemas)
