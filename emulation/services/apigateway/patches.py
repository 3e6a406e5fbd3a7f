"""Patch operations between two models, and a template's members as the API spells them."""

from typing import Any

FREE = {
    "ResponseParameters",
    "ResponseTemplates",
    "Variables",
    "StageVariableOverrides",
    "RequestModels",
}
"""Members whose own keys are not names of the API."""

RENAMED = {"ProviderARNs": "providerARNs"}


def lowered(value: Any) -> Any:
    """`RestApiId` is `restApiId`; keys that the user chose keep their letters."""
    if isinstance(value, dict):
        return {lower(name): _member(name, item) for name, item in value.items()}
    if isinstance(value, list):
        return [lowered(item) for item in value]
    return value


def _member(name: str, value: Any) -> Any:
    return value if name in FREE else lowered(value)


def lower(name: str) -> str:
    """A name of the API."""
    return RENAMED.get(name, name[:1].lower() + name[1:])


def replace(path: str, value: Any) -> dict[str, str]:
    """One operation; values are texts."""
    return {"op": "replace", "path": path, "value": text(value)}


def text(value: Any) -> str:
    """A value as a patch takes it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def remove(path: str, value: str | None = None) -> dict[str, str]:
    """One operation."""
    return {"op": "remove", "path": path, **({"value": value} if value is not None else {})}


def differences(
    before: dict[str, Any], after: dict[str, Any], at: str = "", *, op: str = "replace"
) -> list[dict[str, str]]:
    """What leads from one flat model to another."""
    changed = [
        {**replace(f"{at}/{escaped(name)}", value), "op": op}
        for name, value in after.items()
        if value is not None and text(before.get(name, "\0")) != text(value)
    ]
    gone = [remove(f"{at}/{escaped(name)}") for name in before if name not in after]
    return [*changed, *gone]


def escaped(name: str) -> str:
    """A part of a JSON pointer."""
    return name.replace("~", "~0").replace("/", "~1")
