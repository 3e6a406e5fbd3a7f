"""Analyses and dashboards alike: definitions, what is wrong in them, searches."""

import re

from emulation.compute.visuals.definition import data_set_arns, sheets
from emulation.services.quicksight import errors
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
