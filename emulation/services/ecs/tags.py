"""Tags of clusters, task definitions, services and tasks, by their ARNs."""

from emulation.services.ecs import names
from emulation.services.ecs.errors import cluster_not_found, invalid, service_not_found
from emulation.services.ecs.store import (
    CLUSTERS,
    DEFINITIONS,
    LOCK,
    SERVICES,
    TASKS,
    Cluster,
    Definition,
    Members,
    Service,
    Task,
)
from emulation.services.scope import Scope

MOST = 50


def find(scope: Scope, arn: str) -> Cluster | Definition | Service | Task:
    """What has the ARN.

    Raises:
        CommonServiceException: nothing.
    """
    kind, _, rest = arn.split(":", 5)[-1].partition("/") if arn.startswith("arn:") else ("", "", "")
    if kind == "cluster":
        return names.cluster(scope, rest)
    if kind == "task-definition" and rest in DEFINITIONS.of(scope):
        return DEFINITIONS.of(scope)[rest]
    if kind in {"service", "task"}:
        return of_cluster(scope, kind, rest)
    raise invalid("The specified resource was not found. Specify a valid resource and try again.")


def of_cluster(scope: Scope, kind: str, rest: str) -> Service | Task:
    """A service or task, by `CLUSTER/NAME`."""
    if rest.partition("/")[0] not in CLUSTERS.of(scope):
        raise cluster_not_found()
    found = SERVICES.of(scope).get(rest) if kind == "service" else TASKS.of(scope).get(rest)
    if found is None:
        raise service_not_found() if kind == "service" else invalid("The specified task is stopped")
    return found


def save(item: Cluster | Definition | Service | Task) -> None:
    """Write it down."""
    match item:
        case Cluster():
            CLUSTERS.save(item)
        case Definition():
            DEFINITIONS.save(item)
        case Service():
            SERVICES.save(item)
        case Task():
            item.members["tags"] = item.tags
            TASKS.save(item)


def tag(scope: Scope, request: Members) -> Members:
    """TagResource."""
    with LOCK:
        item = find(scope, request["resourceArn"])
        new = {one["key"]: one.get("value", "") for one in request["tags"]}
        merged = {one["key"]: one.get("value", "") for one in item.tags} | new
        if len(merged) > MOST:
            raise invalid("The maximum number of tags for a resource is 50.")
        item.tags = [{"key": key, "value": value} for key, value in merged.items()]
        save(item)
    return {}


def untag(scope: Scope, request: Members) -> Members:
    """UntagResource."""
    with LOCK:
        item = find(scope, request["resourceArn"])
        item.tags = [one for one in item.tags if one["key"] not in request["tagKeys"]]
        save(item)
    return {}


def list_tags(scope: Scope, request: Members) -> Members:
    """ListTagsForResource."""
    return {"tags": find(scope, request["resourceArn"]).tags}
