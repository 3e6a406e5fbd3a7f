"""Schedule groups and their tags."""

from emulation.services.events.clock import CLOCK
from emulation.services.paging import page
from emulation.services.scheduler import errors, store
from emulation.services.scheduler.schedules import GROUP
from emulation.services.scheduler.store import DEFAULT, LOCK, Members
from emulation.services.scope import Scope

DESCRIBED = ("Arn", "Name", "State", "CreationDate", "LastModificationDate")


def create(scope: Scope, request: Members) -> Members:
    """CreateScheduleGroup."""
    name = request["Name"]
    with LOCK:
        shelf = store.Shelf(scope)
        if name in shelf.groups:
            raise errors.exists(GROUP, name)
        shelf.groups[name] = store.new_group(scope, name) | {"Tags": request.get("Tags") or []}
        shelf.keep()
        return {"ScheduleGroupArn": shelf.groups[name]["Arn"]}


def _find(shelf: store.Shelf, name: str) -> Members:
    if name not in shelf.groups:
        raise errors.not_found(GROUP, name)
    return shelf.groups[name]


def get(scope: Scope, request: Members) -> Members:
    """GetScheduleGroup."""
    with LOCK:
        return _described(_find(store.Shelf(scope), request["Name"]))


def _described(group: Members) -> Members:
    return {name: group[name] for name in DESCRIBED}


def delete(scope: Scope, request: Members) -> Members:
    """DeleteScheduleGroup: its schedules go with it."""
    name = request["Name"]
    if name == DEFAULT:
        raise errors.validation("The default schedule group cannot be deleted.")
    with LOCK:
        shelf = store.Shelf(scope)
        _find(shelf, name)
        for key, record in list(shelf.schedules.items()):
            if record["GroupName"] == name:
                CLOCK.cancel(record["Arn"])
                del shelf.schedules[key]
        del shelf.groups[name]
        shelf.keep()
    return {}


def list_all(scope: Scope, request: Members) -> Members:
    """ListScheduleGroups."""
    prefix = request.get("NamePrefix") or ""
    with LOCK:
        groups = store.Shelf(scope).groups
    wanted = [groups[name] for name in sorted(groups) if name.startswith(prefix)]
    found, token = page(request, wanted, errors.validation("Invalid NextToken."))
    return {"ScheduleGroups": [_described(group) for group in found], **token}


def tag(scope: Scope, request: Members) -> Members:
    """TagResource."""
    new = {tag["Key"]: tag["Value"] for tag in request["Tags"]}
    return _retag(scope, request, new, ())


def untag(scope: Scope, request: Members) -> Members:
    """UntagResource."""
    return _retag(scope, request, {}, request["TagKeys"])


def _retag(scope: Scope, request: Members, new: Members, gone: object) -> Members:
    removed = set(gone if isinstance(gone, list | tuple) else ())
    with LOCK:
        shelf = store.Shelf(scope)
        group = _find(shelf, request["ResourceArn"].rpartition("/")[2])
        tags = {tag["Key"]: tag["Value"] for tag in group["Tags"]} | new
        group["Tags"] = [{"Key": k, "Value": v} for k, v in tags.items() if k not in removed]
        shelf.keep()
    return {}


def list_tags(scope: Scope, request: Members) -> Members:
    """ListTagsForResource."""
    with LOCK:
        group = _find(store.Shelf(scope), request["ResourceArn"].rpartition("/")[2])
        return {"Tags": group["Tags"]}
