"""What all resources have: permissions, tags, and who may be named in them."""

from collections.abc import Callable
from typing import Any

from emulation.services.quicksight import errors
from emulation.services.quicksight.store import (
    ANALYSES,
    DASHBOARDS,
    DATA_SETS,
    DATA_SOURCES,
    LOCK,
    Members,
    Shelf,
)
from emulation.services.quicksight.users import user_of_arn
from emulation.services.scope import Scope

KINDS = {
    "datasource": (DATA_SOURCES, "DATA_SOURCE"),
    "dataset": (DATA_SETS, "DATA_SET"),
    "analysis": (ANALYSES, "ANALYSIS"),
    "dashboard": (DASHBOARDS, "DASHBOARD"),
}
"""The folder and AWS's word of a resource, by how its ARN names it."""


def existing(scope: Scope, noun: str, name: str) -> Members:
    """A resource that must be there."""
    folder, kind = KINDS[noun]
    found = Shelf(scope, folder).get(name)
    if found is None:
        raise errors.not_found(kind, name)
    return found


def name_in(scope: Scope, arn: str, noun: str) -> str:
    """The id in an ARN of this account and region."""
    prefix = scope.arn("quicksight", f"{noun}/")
    if not arn.startswith(prefix):
        raise errors.invalid(f"{arn} is not the ARN of a {noun} of this account and region.")
    return arn.removeprefix(prefix)


ACTIONS = {
    "datasource": (
        *("DescribeDataSource", "DescribeDataSourcePermissions", "PassDataSource"),
        *("UpdateDataSource", "DeleteDataSource", "UpdateDataSourcePermissions"),
    ),
    "dataset": (
        *("DescribeDataSet", "DescribeDataSetPermissions", "PassDataSet", "DescribeIngestion"),
        *("ListIngestions", "UpdateDataSet", "DeleteDataSet", "CreateIngestion"),
        *("CancelIngestion", "UpdateDataSetPermissions", "PutDataSetRefreshProperties"),
        *("DescribeDataSetRefreshProperties", "DeleteDataSetRefreshProperties"),
        *("CreateRefreshSchedule", "UpdateRefreshSchedule", "DescribeRefreshSchedule"),
        *("DeleteRefreshSchedule", "ListRefreshSchedules"),
    ),
    "analysis": (
        *("RestoreAnalysis", "UpdateAnalysisPermissions", "DeleteAnalysis", "QueryAnalysis"),
        *("DescribeAnalysisPermissions", "DescribeAnalysis", "UpdateAnalysis"),
    ),
    "dashboard": (
        *("DescribeDashboard", "ListDashboardVersions", "QueryDashboard", "UpdateDashboard"),
        *("DeleteDashboard", "UpdateDashboardPermissions", "DescribeDashboardPermissions"),
        *("UpdateDashboardPublishedVersion", "UpdateDashboardLinks"),
    ),
}
"""What may be allowed on a resource."""


def checked_permissions(scope: Scope, noun: str, given: list[Members] | None) -> list[Members]:
    """Permissions whose principals and actions exist, one entry a principal."""
    found: dict[str, set[str]] = {}
    for one in given or []:
        check_permission(scope, noun, one)
        found.setdefault(one["Principal"], set()).update(one["Actions"])
    return [{"Principal": arn, "Actions": sorted(actions)} for arn, actions in found.items()]


def check_permission(scope: Scope, noun: str, given: Members) -> None:
    """Refuse somebody who is not there, and actions that are none of the resource's."""
    check_principal(scope, given["Principal"])
    if unknown := set(given["Actions"]) - {f"quicksight:{name}" for name in ACTIONS[noun]}:
        raise errors.invalid(
            "ResourcePermission list contains unsupported permission sets "
            f"[{', '.join(sorted(unknown))}] for this resource"
        )


def check_principal(scope: Scope, arn: str) -> None:
    """Refuse somebody who is not there."""
    resource = arn.split(":", 5)[-1]
    if resource.startswith("namespace/"):
        if resource != "namespace/default":
            raise errors.invalid(f"Principal {arn} is not a namespace of this account.")
        return
    if resource.startswith("group/"):
        raise NotImplementedError("quicksight permissions of groups are not emulated")
    if not resource.startswith("user/") or user_of_arn(scope, arn) is None:
        raise errors.invalid(f"Principal {arn} is not a user of this account.")


def granted(before: list[Members], request: Members) -> list[Members]:
    """Permissions after a grant and a revocation."""
    actions = {one["Principal"]: set(one["Actions"]) for one in before}
    for one in request.get("GrantPermissions") or []:
        actions.setdefault(one["Principal"], set()).update(one["Actions"])
    for one in request.get("RevokePermissions") or []:
        if one["Principal"] in actions:
            actions[one["Principal"]] -= set(one["Actions"])
    return [{"Principal": arn, "Actions": sorted(left)} for arn, left in actions.items() if left]


def permission_operations(noun: str, member: str) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Describe and update the permissions of a kind of resource; `member` is its id's name."""
    arn_member = member.removesuffix("Id") + "Arn"

    def answer(found: Members) -> Members:
        return {
            arn_member: found["Arn"],
            member: found["Id"],
            "Permissions": found.get("Permissions") or [],
        }

    def describe(scope: Scope, request: Members) -> Members:
        return answer(existing(scope, noun, request[member]))

    def update(scope: Scope, request: Members) -> Members:
        if request.get("GrantLinkPermissions") or request.get("RevokeLinkPermissions"):
            raise NotImplementedError("quicksight link sharing is not emulated")
        for one in request.get("GrantPermissions") or []:
            check_permission(scope, noun, one)
        with LOCK:
            found = existing(scope, noun, request[member])
            changed = granted(found.get("Permissions") or [], request)
            found = {**found, "Permissions": changed}
            Shelf(scope, KINDS[noun][0]).put(found["Id"], found)
        return answer(found)

    return describe, update


def may(found: Members, principal: str, action: str) -> bool:
    """Whether somebody has an action on a resource, by himself or with the whole namespace."""
    return any(
        action in one["Actions"]
        and (one["Principal"] == principal or one["Principal"].endswith(":namespace/default"))
        for one in found.get("Permissions") or []
    )


def _tagged(scope: Scope, arn: str) -> tuple[str, Members]:
    noun, _, name = arn.split(":", 5)[-1].partition("/")
    if noun not in KINDS:
        raise NotImplementedError(f"quicksight tags of a {noun} are not emulated")
    return noun, existing(scope, noun, name_in(scope, arn, noun))


def list_tags(scope: Scope, request: Members) -> Members:
    """ListTagsForResource."""
    return {"Tags": _tagged(scope, request["ResourceArn"])[1].get("Tags") or []}


def tag(scope: Scope, request: Members) -> Members:
    """TagResource."""
    return _retag(scope, request, {one["Key"]: one["Value"] for one in request["Tags"]}, [])


def untag(scope: Scope, request: Members) -> Members:
    """UntagResource."""
    return _retag(scope, request, {}, request["TagKeys"])


def _retag(scope: Scope, request: Members, new: dict[str, str], gone: list[str]) -> Members:
    with LOCK:
        noun, found = _tagged(scope, request["ResourceArn"])
        tags = {one["Key"]: one["Value"] for one in found.get("Tags") or []} | new
        kept = [{"Key": key, "Value": value} for key, value in tags.items() if key not in gone]
        Shelf(scope, KINDS[noun][0]).put(found["Id"], {**found, "Tags": kept})
    return {}
