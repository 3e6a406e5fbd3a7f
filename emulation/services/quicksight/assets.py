"""Analyses and dashboards alike: definitions, what is wrong in them, searches."""

import re
from collections.abc import Callable
from typing import Any

from emulation.compute.visuals.definition import data_set_arns, sheets
from emulation.services.quicksight import errors
from emulation.services.quicksight.sharing import may
from emulation.services.quicksight.store import Members
from emulation.services.quicksight.viewing import mistakes
from emulation.services.scope import Scope

MANAGED_THEME = re.compile(r"arn:[\w-]+:quicksight::aws:theme/\w+")
REFUSED = ("LinkSharingConfiguration", "FolderArns", "LinkEntities")


def definition_of(request: Members, operation: str) -> Members:
    """The definition of a request; templates are refused.

    Raises:
        QuickSightError: there is none, or two sources.
    """
    for member in REFUSED:
        if request.get(member):
            raise NotImplementedError(f"quicksight.{operation} with {member} is not emulated")
    theme = request.get("ThemeArn")
    if theme and not MANAGED_THEME.fullmatch(theme):
        raise NotImplementedError(
            f"quicksight.{operation} with a theme of one's own is not emulated"
        )
    if request.get("SourceEntity") and request.get("Definition"):
        raise errors.invalid("Only one of SourceEntity and Definition can be specified.")
    if request.get("SourceEntity"):
        raise NotImplementedError(f"quicksight.{operation} from a SourceEntity is not emulated")
    if not request.get("Definition"):
        raise errors.invalid("Either SourceEntity or Definition must be specified.")
    definition: Members = request["Definition"]
    check_ids(definition)
    return definition


def check_ids(definition: Members) -> None:
    """Ids of sheets, and of the elements of each, are given once."""
    names = [sheet["SheetId"] for sheet in sheets(definition)]
    if len(names) != len(set(names)):
        raise errors.invalid("Sheet ids must be unique.")
    for sheet in sheets(definition):
        own = [next(iter(one.values()))["VisualId"] for one in sheet.get("Visuals") or []]
        if len(own) != len(set(own)):
            raise errors.invalid(f"Visual ids of sheet {sheet['SheetId']} must be unique.")


def judged(scope: Scope, definition: Members, request: Members, word: str) -> Members:
    """The status of what a definition makes, and its errors.

    A lenient strategy lets mistakes pass; each visual tells its own.
    """
    found = [
        {"Type": one.type, "Message": one.message, "ViolatedEntities": [{"Path": one.path}]}
        for one in mistakes(scope, definition)
    ]
    lenient = (request.get("ValidationStrategy") or {}).get("Mode") == "LENIENT"
    failed = bool(found) and not lenient
    return {"Status": f"{word}_{'FAILED' if failed else 'SUCCESSFUL'}", "Errors": found}


def contents(definition: Members) -> Members:
    """What descriptions say of a definition."""
    return {
        "DataSetArns": list(data_set_arns(definition).values()),
        "Sheets": [
            {"SheetId": one["SheetId"], "Name": one.get("Name") or one["SheetId"]}
            for one in sheets(definition)
        ],
    }


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
    noun = item["Arn"].split(":", 5)[-1].split("/")[0].capitalize()
    return may(item, arn, f"quicksight:Delete{noun}")


def _owners(item: Members) -> int:
    noun = item["Arn"].split(":", 5)[-1].split("/")[0].capitalize()
    given: Any = item.get("Permissions") or []
    return sum(f"quicksight:Delete{noun}" in one["Actions"] for one in given)
