"""What Search operations find, by name and by who may."""

from collections.abc import Callable
from typing import Any

from emulation.services.quicksight.sharing import may
from emulation.services.quicksight.store import Members


def searched(items: list[Members], filters: list[Members], name: str) -> list[Members]:
    """What fits all filters; `name` is the filter on names.

    Raises:
        NotImplementedError: a filter that is not computed here.
    """
    found = items
    for one in filters:
        found = [item for item in found if _fits(item, one, name)]
    return found


def _fits(item: Members, one: Members, name: str) -> bool:
    value = one.get("Value") or ""
    if one.get("Name") == name:
        like = one["Operator"] == "StringLike"
        text = str(item["Name"])
        return value.lower() in text.lower() if like else text == value
    roles: dict[str, Callable[[], bool]] = {
        "QUICKSIGHT_USER": lambda: _has(item, value),
        "QUICKSIGHT_VIEWER_OR_OWNER": lambda: _has(item, value),
        "DIRECT_QUICKSIGHT_VIEWER_OR_OWNER": lambda: _has(item, value),
        "QUICKSIGHT_OWNER": lambda: _owns(item, value),
        "DIRECT_QUICKSIGHT_OWNER": lambda: _owns(item, value),
        "DIRECT_QUICKSIGHT_SOLE_OWNER": lambda: _owns(item, value) and _owners(item) == 1,
    }
    if one.get("Name") not in roles:
        raise NotImplementedError(f"quicksight searches by {one.get('Name')} are not emulated")
    return roles[one["Name"]]()


def _has(item: Members, arn: str) -> bool:
    return any(one["Principal"] == arn for one in item.get("Permissions") or [])


def _owns(item: Members, arn: str) -> bool:
    return may(item, arn, _deleting(item))


def _owners(item: Members) -> int:
    given: Any = item.get("Permissions") or []
    return sum(_deleting(item) in one["Actions"] for one in given)


def _deleting(item: Members) -> str:
    """The action that only owners have."""
    noun = item["Arn"].split(":", 5)[-1].split("/")[0]
    words = {"dataset": "DataSet", "datasource": "DataSource"}
    return f"quicksight:Delete{words.get(noun, noun.capitalize())}"
