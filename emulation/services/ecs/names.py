"""What a request calls a thing: a name or an ARN."""

from emulation.services.ecs.errors import (
    client_error,
    cluster_not_found,
    invalid,
    service_not_found,
    task_not_found,
)
from emulation.services.ecs.store import (
    CLUSTERS,
    DEFINITIONS,
    SERVICES,
    TASKS,
    Cluster,
    Definition,
    Service,
    Task,
)
from emulation.services.scope import Scope

DEFAULT = "default"


def last(identifier: str) -> str:
    """The name in an ARN; a name as it is."""
    return identifier.rsplit("/", 1)[-1]


def find_cluster(scope: Scope, identifier: str | None) -> Cluster | None:
    """A cluster that is there, deleted or not."""
    return CLUSTERS.of(scope).get(last(identifier or DEFAULT))


def cluster(scope: Scope, identifier: str | None) -> Cluster:
    """A cluster that is ACTIVE.

    Raises:
        CommonServiceException: ClusterNotFoundException.
    """
    found = find_cluster(scope, identifier)
    if found is None:
        raise cluster_not_found()
    check_active(found)
    return found


def check_active(found: Cluster) -> None:
    """Refuse a cluster that is deleted.

    Raises:
        CommonServiceException: ClusterNotFoundException.
    """
    if found.status != "ACTIVE":
        raise cluster_not_found()


def find_service(place: Cluster, identifier: str) -> Service | None:
    """A service of a cluster."""
    check_cluster(place, identifier, "service")
    return SERVICES.of(place.scope).get(f"{place.name}/{last(identifier)}")


def service(scope: Scope, cluster_name: str | None, identifier: str) -> Service:
    """A service that was not forgotten.

    Raises:
        CommonServiceException: ClusterNotFoundException, ServiceNotFoundException.
    """
    found = find_service(cluster(scope, cluster_name), identifier)
    if found is None:
        raise service_not_found()
    return found


def find_task(place: Cluster, identifier: str) -> Task | None:
    """A task of a cluster."""
    check_cluster(place, identifier, "task")
    return TASKS.of(place.scope).get(f"{place.name}/{last(identifier)}")


def task(scope: Scope, cluster_name: str | None, identifier: str) -> Task:
    """A task that was not forgotten.

    Raises:
        CommonServiceException: ClusterNotFoundException, InvalidParameterException.
    """
    found = find_task(cluster(scope, cluster_name), identifier)
    if found is None:
        raise task_not_found()
    return found


def check_cluster(place: Cluster, identifier: str, kind: str) -> None:
    """An ARN names its cluster: it has to be this one."""
    parts = identifier.split(":")[-1].split("/")
    if identifier.startswith("arn:") and (parts[0] != kind or len(parts) < 2):
        raise invalid(f"Invalid identifier: {identifier}")
    if identifier.startswith("arn:") and len(parts) == 3 and parts[1] != place.name:
        raise invalid(
            f"Invalid identifier: Identifier is for cluster {parts[1]}. Your cluster is "
            f"{place.name}"
        )


def find_definition(scope: Scope, identifier: str) -> Definition | None:
    """A task definition: `family`, which is its latest active revision, `family:revision`, or
    either's ARN.
    """
    family, _, revision = last(identifier).partition(":")
    if revision:
        return DEFINITIONS.of(scope).get(f"{family}:{revision}")
    active = [
        found
        for found in DEFINITIONS.of(scope).values()
        if found.family == family and found.status == "ACTIVE"
    ]
    return max(active, key=lambda found: found.revision, default=None)


def known(scope: Scope, identifier: str) -> Definition:
    """A task definition that a service was made with; it may be INACTIVE by now.

    Raises:
        CommonServiceException: ClientException.
    """
    found = find_definition(scope, identifier)
    if found is None:
        raise client_error("TaskDefinition not found.")
    return found


def runnable(scope: Scope, identifier: str) -> Definition:
    """A task definition that tasks can be made of.

    Raises:
        CommonServiceException: ClientException.
    """
    found = known(scope, identifier)
    if found.status != "ACTIVE":
        raise client_error("TaskDefinition is inactive")
    return found
