"""Report groups, as the API has them."""

import copy
import time
from datetime import UTC, datetime

from emulation.services.codebuild.errors import (
    already_exists,
    invalid_input,
    invalid_token,
    not_emulated,
    report_group_not_found,
)
from emulation.services.codebuild.store import LOCK, Members, ReportGroup, store_of
from emulation.services.paging import CAMEL_NAMES, page
from emulation.services.scope import Scope

ORDERS = {
    "NAME": lambda group: group.members["name"],
    "CREATED_TIME": lambda group: group.created,
    "LAST_MODIFIED_TIME": lambda group: group.modified,
}


def create(scope: Scope, request: Members) -> Members:
    """CreateReportGroup."""
    _check("CreateReportGroup", request)
    arn = arn_of(scope, request["name"])
    with LOCK:
        groups = store_of(scope).report_groups
        if arn in groups:
            raise already_exists("Report group", arn)
        group = groups[arn] = ReportGroup(
            {"tags": [], **copy.deepcopy(request), "arn": arn, "status": "ACTIVE"}
        )
    return {"reportGroup": describe(group)}


def ensure(scope: Scope, name: str) -> ReportGroup:
    """The group of a name that a buildspec gives: made when it is missing, with no export."""
    arn = name if name.startswith("arn:") else arn_of(scope, name)
    with LOCK:
        groups = store_of(scope).report_groups
        if arn not in groups and arn == name:
            raise report_group_not_found(arn)
        if arn not in groups:
            export = {"exportConfigType": "NO_EXPORT"}
            request = {"name": name, "type": "TEST", "exportConfig": export}
            create(scope, request)
        return groups[arn]


def _check(operation: str, request: Members) -> None:
    if request.get("type", "TEST") != "TEST":
        raise not_emulated(operation, f"report type {request['type']}")
    export = request.get("exportConfig", {})
    if export.get("exportConfigType") == "S3" and not export.get("s3Destination", {}).get("bucket"):
        raise invalid_input("Invalid export config: s3Destination bucket must be specified")


def arn_of(scope: Scope, name: str) -> str:
    """The ARN of a report group."""
    return scope.arn("codebuild", f"report-group/{name}")


def find(scope: Scope, arn: str) -> ReportGroup:
    """A group by its ARN."""
    group = store_of(scope).report_groups.get(arn)
    if group is None:
        raise report_group_not_found(arn)
    return group


def describe(group: ReportGroup) -> Members:
    """The whole group."""
    return {
        **copy.deepcopy(group.members),
        "created": datetime.fromtimestamp(group.created, UTC),
        "lastModified": datetime.fromtimestamp(group.modified, UTC),
    }


def update(scope: Scope, request: Members) -> Members:
    """UpdateReportGroup."""
    _check("UpdateReportGroup", request)
    group = find(scope, request["arn"])
    with LOCK:
        group.members |= copy.deepcopy(request)
        group.modified = time.time()
    return {"reportGroup": describe(group)}


def batch_get(scope: Scope, request: Members) -> Members:
    """BatchGetReportGroups."""
    groups = store_of(scope).report_groups
    arns = request["reportGroupArns"]
    return {
        "reportGroups": [describe(groups[arn]) for arn in arns if arn in groups],
        "reportGroupsNotFound": [arn for arn in arns if arn not in groups],
    }


def list_groups(scope: Scope, request: Members) -> Members:
    """ListReportGroups."""
    groups = sorted(
        store_of(scope).report_groups.values(),
        key=ORDERS[request.get("sortBy", "NAME")],
        reverse=request.get("sortOrder", "ASCENDING") == "DESCENDING",
    )
    arns = [group.members["arn"] for group in groups]
    shown, more = page(request, arns, invalid_token(), names=CAMEL_NAMES)
    return {"reportGroups": shown, **more}


def delete(scope: Scope, request: Members) -> Members:
    """DeleteReportGroup; with reports only if they may be deleted too."""
    arn = request["arn"]
    with LOCK:
        store = store_of(scope)
        of_group = [
            key for key, one in store.reports.items() if one.members["reportGroupArn"] == arn
        ]
        if of_group and not request.get("deleteReports"):
            raise invalid_input(f"Cannot delete report group {arn}: it has reports")
        for key in of_group:
            del store.reports[key]
        store.report_groups.pop(arn, None)
    return {}
