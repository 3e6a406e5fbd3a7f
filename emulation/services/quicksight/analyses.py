"""Analyses: a definition that its authors work on."""

import time

from emulation.services.paging import page
from emulation.services.quicksight import errors
from emulation.services.quicksight.assets import contents, definition_of, judged
from emulation.services.quicksight.searching import searched
from emulation.services.quicksight.sharing import checked_permissions, existing
from emulation.services.quicksight.store import ANALYSES, LOCK, Members, Shelf
from emulation.services.quicksight.times import moment
from emulation.services.scope import Scope

NOUN = "analysis"
RECOVERY_DAYS = 30


def create(scope: Scope, request: Members) -> Members:
    """CreateAnalysis."""
    name, definition = request["AnalysisId"], definition_of(request, "CreateAnalysis")
    made = {
        "Id": name,
        "Arn": scope.arn("quicksight", f"{NOUN}/{name}"),
        "Name": request["Name"],
        "Definition": definition,
        "ThemeArn": request.get("ThemeArn"),
        "Permissions": checked_permissions(scope, NOUN, request.get("Permissions")),
        "Tags": request.get("Tags") or [],
        "CreatedTime": time.time(),
        "LastUpdatedTime": time.time(),
        **judged(scope, definition, request, "CREATION"),
    }
    with LOCK:
        if Shelf(scope, ANALYSES).get(name) is not None:
            raise errors.exists("ANALYSIS", name)
        Shelf(scope, ANALYSES).put(name, made)
    return {
        "Arn": made["Arn"],
        "AnalysisId": name,
        "CreationStatus": "CREATION_IN_PROGRESS",
        "Status": 202,
    }


def update(scope: Scope, request: Members) -> Members:
    """UpdateAnalysis."""
    definition = definition_of(request, "UpdateAnalysis")
    with LOCK:
        before = _alive(scope, request["AnalysisId"])
        changed = {
            **before,
            "Name": request["Name"],
            "Definition": definition,
            "ThemeArn": request.get("ThemeArn"),
            "LastUpdatedTime": time.time(),
            **judged(scope, definition, request, "UPDATE"),
        }
        Shelf(scope, ANALYSES).put(before["Id"], changed)
    return {
        "Arn": before["Arn"],
        "AnalysisId": before["Id"],
        "UpdateStatus": "UPDATE_IN_PROGRESS",
        "Status": 202,
    }


def _alive(scope: Scope, name: str) -> Members:
    found = existing(scope, NOUN, name)
    if found["Status"] == "DELETED":
        raise errors.conflict(f"Analysis {name} is deleted; restore it first.")
    return found


def _summary(found: Members) -> Members:
    return {
        "Arn": found["Arn"],
        "AnalysisId": found["Id"],
        "Name": found["Name"],
        "Status": found["Status"],
        "CreatedTime": moment(found["CreatedTime"]),
        "LastUpdatedTime": moment(found["LastUpdatedTime"]),
    }


def describe(scope: Scope, request: Members) -> Members:
    """DescribeAnalysis."""
    found = existing(scope, NOUN, request["AnalysisId"])
    theme = {"ThemeArn": found["ThemeArn"]} if found.get("ThemeArn") else {}
    wrong = {"Errors": found["Errors"]} if found["Errors"] else {}
    return {"Analysis": {**_summary(found), **contents(found["Definition"]), **theme, **wrong}}


def describe_definition(scope: Scope, request: Members) -> Members:
    """DescribeAnalysisDefinition."""
    found = existing(scope, NOUN, request["AnalysisId"])
    theme = {"ThemeArn": found["ThemeArn"]} if found.get("ThemeArn") else {}
    return {
        "AnalysisId": found["Id"],
        "Name": found["Name"],
        "Errors": found["Errors"],
        "ResourceStatus": found["Status"],
        "Definition": found["Definition"],
        **theme,
    }


def list_all(scope: Scope, request: Members) -> Members:
    """ListAnalyses."""
    some, more = page(request, Shelf(scope, ANALYSES).all(), errors.bad_token())
    return {"AnalysisSummaryList": [_summary(one) for one in some], **more}


def search(scope: Scope, request: Members) -> Members:
    """SearchAnalyses."""
    found = searched(Shelf(scope, ANALYSES).all(), request["Filters"], "ANALYSIS_NAME")
    some, more = page(request, found, errors.bad_token())
    return {"AnalysisSummaryList": [_summary(one) for one in some], **more}


def delete(scope: Scope, request: Members) -> Members:
    """DeleteAnalysis: it can be restored for a month, unless it is forced."""
    found = existing(scope, NOUN, request["AnalysisId"])
    if request.get("ForceDeleteWithoutRecovery") and request.get("RecoveryWindowInDays"):
        raise errors.invalid(
            "RecoveryWindowInDays and ForceDeleteWithoutRecovery exclude each other."
        )
    answer: Members = {"Arn": found["Arn"], "AnalysisId": found["Id"]}
    if request.get("ForceDeleteWithoutRecovery"):
        Shelf(scope, ANALYSES).remove(found["Id"])
        return answer
    days = request.get("RecoveryWindowInDays") or RECOVERY_DAYS
    until = time.time() + days * 86400
    Shelf(scope, ANALYSES).put(found["Id"], {**found, "Status": "DELETED", "DeletedAfter": until})
    return answer | {"DeletionTime": moment(until)}


def restore(scope: Scope, request: Members) -> Members:
    """RestoreAnalysis."""
    found = existing(scope, NOUN, request["AnalysisId"])
    if found["Status"] != "DELETED":
        raise errors.conflict(f"Analysis {found['Id']} is not deleted.")
    Shelf(scope, ANALYSES).put(found["Id"], {**found, "Status": "CREATION_SUCCESSFUL"})
    return {"Arn": found["Arn"], "AnalysisId": found["Id"]}


def resume(scope: Scope) -> None:
    """Forget what was deleted long enough ago."""
    for found in Shelf(scope, ANALYSES).all():
        if found["Status"] == "DELETED" and found["DeletedAfter"] < time.time():
            Shelf(scope, ANALYSES).remove(found["Id"])
