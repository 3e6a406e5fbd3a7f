"""Log groups: made, described, tagged, kept for so many days, deleted."""

from typing import Any

from emulation.compute.logs.group_file import GroupFile
from emulation.services.logs import errors, retention, store
from emulation.services.logs.store import LOCK, Members
from emulation.services.paging import page
from emulation.services.scope import Scope

LIMIT = 50
NAMES = ("nextToken", "limit")
BAD_TOKEN = "The specified nextToken is invalid."
STANDARD = "STANDARD"


def refuse(request: Members, operation: str, *names: str) -> None:
    """Refuse members that nothing here acts on."""
    for name in names:
        if request.get(name):
            raise NotImplementedError(f"logs.{operation} with {name} is not emulated")


def create(scope: Scope, request: Members) -> None:
    """CreateLogGroup."""
    refuse(request, "CreateLogGroup", "deletionProtectionEnabled")
    if request.get("logGroupClass") not in (None, STANDARD):
        kind = request["logGroupClass"]
        raise NotImplementedError(f"logs.CreateLogGroup with logGroupClass {kind} is not emulated")
    settings: Members = {"tags": request.get("tags") or {}}
    if request.get("kmsKeyId"):
        settings["key"] = request["kmsKeyId"]
    key = (scope.account, scope.region, request["logGroupName"])
    if store.shelf().create(key, **settings) is None:
        raise errors.exists("The specified log group already exists")


def delete(scope: Scope, request: Members) -> None:
    """DeleteLogGroup: its streams, events and filters go with it."""
    if not store.shelf().delete((scope.account, scope.region, request["logGroupName"])):
        raise errors.not_found(errors.GROUP)


def describe(scope: Scope, request: Members) -> Members:
    """DescribeLogGroups."""
    refuse(request, "DescribeLogGroups", "accountIdentifiers", "includeLinkedAccounts")
    names, token = page(
        request, _wanted(scope, request), errors.invalid(BAD_TOKEN), size=LIMIT, names=NAMES
    )
    # Of groups found by a part of their name AWS does not tell the size.
    sized = not request.get("logGroupNamePattern")
    return {"logGroups": _described(scope, names, sized=sized), **token}


def _wanted(scope: Scope, request: Members) -> list[str]:
    prefix, pattern = request.get("logGroupNamePrefix"), request.get("logGroupNamePattern")
    if prefix and pattern:
        raise errors.invalid(
            "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters."
        )
    if request.get("logGroupClass") not in (None, STANDARD):
        return []
    names = store.shelf().names(scope.account, scope.region)
    if identifiers := request.get("logGroupIdentifiers"):
        wanted = {store.identified(identifier) for identifier in identifiers}
        names = [name for name in names if name in wanted]
    return [n for n in names if n.startswith(prefix or "") and (pattern or "") in n]


def _described(scope: Scope, names: list[str], *, sized: bool) -> list[Members]:
    found = []
    for name in names:
        file = store.shelf().get((scope.account, scope.region, name))
        if file is not None:
            found.append(
                _record(scope, name, file) | ({"storedBytes": file.size()} if sized else {})
            )
    return found


def _record(scope: Scope, name: str, file: GroupFile) -> Members:
    settings = file.settings()
    record: Members = {
        "logGroupName": name,
        "creationTime": settings["created"],
        "metricFilterCount": len(settings.get("metric_filters") or {}),
        "arn": f"{store.arn(scope, name)}:*",
        "logGroupArn": store.arn(scope, name),
        "logGroupClass": STANDARD,
        "deletionProtectionEnabled": False,
    }
    optional = {"retentionInDays": settings.get("retention"), "kmsKeyId": settings.get("key")}
    return record | {name: value for name, value in optional.items() if value is not None}


def list_groups(scope: Scope, request: Members) -> Members:
    """ListLogGroups."""
    names = ("accountIdentifiers", "includeLinkedAccounts", "dataSources", "fieldIndexNames")
    refuse(request, "ListLogGroups", *names)
    wanted, token = page(
        request, _wanted(scope, request), errors.invalid(BAD_TOKEN), size=LIMIT, names=NAMES
    )
    groups = [
        {"logGroupName": n, "logGroupArn": store.arn(scope, n), "logGroupClass": STANDARD}
        for n in wanted
    ]
    return {"logGroups": groups, **token}


def put_retention(scope: Scope, request: Members) -> None:
    """PutRetentionPolicy: older events are gone at once, and their space soon."""
    days = request["retentionInDays"]
    if days not in retention.DAYS:
        allowed = ", ".join(map(str, retention.DAYS))
        raise errors.invalid(
            f"1 validation error detected: Value '{days}' at 'retentionInDays' failed to satisfy "
            f"constraint: Member must satisfy enum value set: [{allowed}]"
        )
    store.find(scope, request["logGroupName"]).set(retention=days)


def delete_retention(scope: Scope, request: Members) -> None:
    """DeleteRetentionPolicy."""
    store.find(scope, request["logGroupName"]).set(retention=None)


def tag(scope: Scope, request: Members) -> None:
    """TagResource and TagLogGroup."""
    _retag(_tagged(scope, request), request.get("tags") or {}, ())


def untag(scope: Scope, request: Members) -> None:
    """UntagResource and UntagLogGroup, which calls the keys `tags`."""
    _retag(_tagged(scope, request), {}, request.get("tagKeys") or request.get("tags") or ())


def list_tags(scope: Scope, request: Members) -> Members:
    """ListTagsForResource and ListTagsLogGroup."""
    return {"tags": _tagged(scope, request).settings().get("tags") or {}}


def _tagged(scope: Scope, request: Members) -> GroupFile:
    resource = request.get("resourceArn")
    if resource and ":log-group:" not in resource:
        raise NotImplementedError(f"logs: tags of {resource} are not emulated")
    return store.find(scope, store.identified(resource or request["logGroupName"]))


def _retag(file: GroupFile, added: Members, removed: Any) -> None:
    with LOCK:
        tags = (file.settings().get("tags") or {}) | added
        file.set(tags={name: value for name, value in tags.items() if name not in removed})
