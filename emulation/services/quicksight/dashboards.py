"""Dashboards: versions of a definition, of which one is published."""

import time
from typing import Any

from emulation.services.paging import page
from emulation.services.quicksight import errors
from emulation.services.quicksight.assets import contents, definition_of, judged
from emulation.services.quicksight.searching import searched
from emulation.services.quicksight.sharing import checked_permissions, existing
from emulation.services.quicksight.store import DASHBOARDS, LOCK, Members, Shelf
from emulation.services.quicksight.times import moment
from emulation.services.scope import Scope

NOUN = "dashboard"
PUBLISHED, LATEST = "$PUBLISHED", "$LATEST"


def create(scope: Scope, request: Members) -> Members:
    """CreateDashboard: its first version is published, if nothing is wrong with it."""
    name, definition = request["DashboardId"], definition_of(request, "CreateDashboard")
    version = _version(scope, request, definition, 1, "CREATION")
    made = {
        "Id": name,
        "Arn": scope.arn("quicksight", f"{NOUN}/{name}"),
        "Name": request["Name"],
        "Versions": [version],
        "Published": 1,
        "Permissions": checked_permissions(scope, NOUN, request.get("Permissions")),
        "Tags": request.get("Tags") or [],
        "CreatedTime": time.time(),
        "LastUpdatedTime": time.time(),
        "LastPublishedTime": time.time(),
    }
    with LOCK:
        if Shelf(scope, DASHBOARDS).get(name) is not None:
            raise errors.exists("DASHBOARD", name)
        Shelf(scope, DASHBOARDS).put(name, made)
    return {
        "Arn": made["Arn"],
        "VersionArn": _version_arn(made, version),
        "DashboardId": name,
        "CreationStatus": "CREATION_IN_PROGRESS",
        "Status": 202,
    }


def _version(
    scope: Scope, request: Members, definition: Members, number: int, word: str
) -> Members:
    return {
        "Number": number,
        "CreatedTime": time.time(),
        "Description": request.get("VersionDescription"),
        "Definition": definition,
        "ThemeArn": request.get("ThemeArn"),
        "Options": request.get("DashboardPublishOptions") or {},
        "Parameters": request.get("Parameters") or {},
        # Also an update makes a new version, which is created.
        **judged(scope, definition, request, word),
    }


def _version_arn(made: Members, version: Members) -> str:
    return f"{made['Arn']}/version/{version['Number']}"


def update(scope: Scope, request: Members) -> Members:
    """UpdateDashboard: a new version, which UpdateDashboardPublishedVersion shows."""
    definition = definition_of(request, "UpdateDashboard")
    with LOCK:
        before = existing(scope, NOUN, request["DashboardId"])
        number = before["Versions"][-1]["Number"] + 1
        version = _version(scope, request, definition, number, "CREATION")
        changed = {
            **before,
            "Name": request["Name"],
            "Versions": [*before["Versions"], version],
            "LastUpdatedTime": time.time(),
        }
        Shelf(scope, DASHBOARDS).put(before["Id"], changed)
    return {
        "Arn": before["Arn"],
        "VersionArn": _version_arn(before, version),
        "DashboardId": before["Id"],
        "CreationStatus": "CREATION_IN_PROGRESS",
        "Status": 202,
    }


def publish(scope: Scope, request: Members) -> Members:
    """UpdateDashboardPublishedVersion."""
    with LOCK:
        found = existing(scope, NOUN, request["DashboardId"])
        version = version_of(found, {"VersionNumber": request["VersionNumber"]})
        if version["Status"].endswith("FAILED"):
            raise errors.conflict(
                f"Version {version['Number']} of dashboard {found['Id']} is {version['Status']}."
            )
        published = {"Published": version["Number"], "LastPublishedTime": time.time()}
        Shelf(scope, DASHBOARDS).put(found["Id"], {**found, **published})
    return {"DashboardId": found["Id"], "DashboardArn": found["Arn"]}


def version_of(found: Members, request: Members) -> Members:
    """The version that a request means: a number, an alias, or the published one."""
    number = request.get("VersionNumber")
    alias = request.get("AliasName")
    if number and alias:
        raise errors.invalid("Only one of VersionNumber and AliasName can be specified.")
    if alias == LATEST:
        last: Members = found["Versions"][-1]
        return last
    if alias not in {None, "", PUBLISHED}:
        raise errors.not_found("DASHBOARD", f"{found['Id']} with alias {alias}")
    wanted = number or found["Published"]
    for version in found["Versions"]:
        if version["Number"] == wanted:
            one: Members = version
            return one
    raise errors.not_found("DASHBOARD", f"{found['Id']} version {wanted}")


def _summary(found: Members) -> Members:
    return {
        "Arn": found["Arn"],
        "DashboardId": found["Id"],
        "Name": found["Name"],
        "CreatedTime": moment(found["CreatedTime"]),
        "LastUpdatedTime": moment(found["LastUpdatedTime"]),
        "PublishedVersionNumber": found["Published"],
        "LastPublishedTime": moment(found["LastPublishedTime"]),
    }


def _version_summary(found: Members, version: Members) -> Members:
    answer: dict[str, Any] = {
        "Arn": _version_arn(found, version),
        "VersionNumber": version["Number"],
        "CreatedTime": moment(version["CreatedTime"]),
        "Status": version["Status"],
    }
    return answer | ({"Description": version["Description"]} if version.get("Description") else {})


def describe(scope: Scope, request: Members) -> Members:
    """DescribeDashboard."""
    found = existing(scope, NOUN, request["DashboardId"])
    version = version_of(found, request)
    theme = {"ThemeArn": version["ThemeArn"]} if version.get("ThemeArn") else {}
    wrong = {"Errors": version["Errors"]} if version["Errors"] else {}
    described = {**_version_summary(found, version), **contents(version["Definition"])}
    summary = _summary(found)
    del summary["PublishedVersionNumber"]
    return {"Dashboard": {**summary, "Version": {**described, **theme, **wrong}}}


def describe_definition(scope: Scope, request: Members) -> Members:
    """DescribeDashboardDefinition."""
    found = existing(scope, NOUN, request["DashboardId"])
    version = version_of(found, request)
    theme = {"ThemeArn": version["ThemeArn"]} if version.get("ThemeArn") else {}
    return {
        "DashboardId": found["Id"],
        "Name": found["Name"],
        "Errors": version["Errors"],
        "ResourceStatus": version["Status"],
        "Definition": version["Definition"],
        "DashboardPublishOptions": version["Options"],
        **theme,
    }


def list_all(scope: Scope, request: Members) -> Members:
    """ListDashboards."""
    some, more = page(request, Shelf(scope, DASHBOARDS).all(), errors.bad_token())
    return {"DashboardSummaryList": [_summary(one) for one in some], **more}


def list_versions(scope: Scope, request: Members) -> Members:
    """ListDashboardVersions, the newest first."""
    found = existing(scope, NOUN, request["DashboardId"])
    some, more = page(request, found["Versions"][::-1], errors.bad_token())
    return {"DashboardVersionSummaryList": [_version_summary(found, one) for one in some], **more}


def search(scope: Scope, request: Members) -> Members:
    """SearchDashboards."""
    found = searched(Shelf(scope, DASHBOARDS).all(), request["Filters"], "DASHBOARD_NAME")
    some, more = page(request, found, errors.bad_token())
    return {"DashboardSummaryList": [_summary(one) for one in some], **more}


def delete(scope: Scope, request: Members) -> Members:
    """DeleteDashboard: all of it, or one version that is not published."""
    with LOCK:
        found = existing(scope, NOUN, request["DashboardId"])
        if number := request.get("VersionNumber"):
            version_of(found, {"VersionNumber": number})
            if number == found["Published"]:
                raise errors.conflict(f"Version {number} is published and cannot be deleted.")
            left = [one for one in found["Versions"] if one["Number"] != number]
            Shelf(scope, DASHBOARDS).put(found["Id"], {**found, "Versions": left})
        else:
            Shelf(scope, DASHBOARDS).remove(found["Id"])
    return {"Arn": found["Arn"], "DashboardId": found["Id"]}
