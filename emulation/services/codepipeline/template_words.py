"""A template's words and the API's: the same, but for the first letter."""

from typing import Any

FREE = {"Configuration"}
"""Maps whose keys are the user's."""


def lower(value: Any) -> Any:
    """A template's structure with the API's names; what is free stays, as texts."""
    if isinstance(value, list):
        return [lower(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name[:1].lower() + name[1:]: texts(item) if name in FREE else lower(item)
        for name, item in value.items()
        if item is not None
    }


def texts(configuration: dict[str, Any]) -> dict[str, str]:
    """A configuration: the API takes nothing but texts."""
    return {
        name: str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in configuration.items()
    }
