"""Policies and tags of clusters: the idle timeout is kept to, scaling is recorded."""

from emulation.services.emr import checks, keeping
from emulation.services.emr.find import find_active, find_cluster
from emulation.services.emr.store import LOCK, Members
from emulation.services.scope import Scope

IDLE, SCALING = "AutoTerminationPolicy", "ManagedScalingPolicy"


def put_idle(scope: Scope, request: Members) -> Members:
    """PutAutoTerminationPolicy."""
    checks.check_idle(request.get(IDLE))
    return _put(scope, request, IDLE)


def get_idle(scope: Scope, request: Members) -> Members:
    """GetAutoTerminationPolicy."""
    return _get(scope, request, IDLE)


def remove_idle(scope: Scope, request: Members) -> Members:
    """RemoveAutoTerminationPolicy."""
    return _remove(scope, request, IDLE)


def put_scaling(scope: Scope, request: Members) -> Members:
    """PutManagedScalingPolicy."""
    return _put(scope, request, SCALING)


def get_scaling(scope: Scope, request: Members) -> Members:
    """GetManagedScalingPolicy."""
    return _get(scope, request, SCALING)


def remove_scaling(scope: Scope, request: Members) -> Members:
    """RemoveManagedScalingPolicy."""
    return _remove(scope, request, SCALING)


def _put(scope: Scope, request: Members, name: str) -> Members:
    with LOCK:
        cluster = find_active(scope, request["ClusterId"])
        cluster.members[name] = request.get(name) or {}
        cluster.save()
    keeping.changed()
    return {}


def _get(scope: Scope, request: Members, name: str) -> Members:
    found = find_cluster(scope, request["ClusterId"]).members.get(name)
    return {name: found} if found is not None else {}


def _remove(scope: Scope, request: Members, name: str) -> Members:
    with LOCK:
        cluster = find_active(scope, request["ClusterId"])
        cluster.members.pop(name, None)
        cluster.save()
    keeping.changed()
    return {}


def add_tags(scope: Scope, request: Members) -> Members:
    """AddTags."""
    with LOCK:
        cluster = find_cluster(scope, request["ResourceId"])
        cluster.tags |= {tag["Key"]: tag.get("Value") or "" for tag in request["Tags"]}
        cluster.save()
    return {}


def remove_tags(scope: Scope, request: Members) -> Members:
    """RemoveTags."""
    with LOCK:
        cluster = find_cluster(scope, request["ResourceId"])
        for name in request["TagKeys"]:
            cluster.tags.pop(name, None)
        cluster.save()
    return {}
