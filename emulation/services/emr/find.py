"""Finds clusters and steps; each generation of operations has its own words for what is not
there.
"""

from emulation.services.emr import errors
from emulation.services.emr.store import ENDING, Cluster, Members, Step, all_clusters
from emulation.services.paging import page
from emulation.services.scope import Scope


def find_cluster(scope: Scope, identifier: str) -> Cluster:
    """A cluster.

    Raises:
        CommonServiceException: InvalidRequestException.
    """
    found = _look(scope, identifier)
    if found is None:
        raise errors.no_cluster(identifier)
    return found


def _look(scope: Scope, identifier: str) -> Cluster | None:
    found = all_clusters().get(identifier)
    mine = found and (found.account, found.region) == (scope.account, scope.region)
    return found if mine else None


def find_job_flows(scope: Scope, identifiers: list[str]) -> list[Cluster]:
    """Clusters, as the older operations name them.

    Raises:
        CommonServiceException: ValidationException.
    """
    found = [cluster for one in identifiers if (cluster := _look(scope, one))]
    if len(found) < len(identifiers):
        raise errors.no_job_flow()
    return found


def find_active(scope: Scope, identifier: str) -> Cluster:
    """A cluster that can still be changed."""
    cluster = find_cluster(scope, identifier)
    if cluster.state in ENDING:
        raise errors.ended()
    return cluster


def find_step(cluster: Cluster, identifier: str) -> Step:
    """A step of a cluster."""
    step = cluster.step(identifier)
    if step is None:
        raise errors.no_step(identifier)
    return step


def marked(request: Members, items: list[Members], size: int = 50) -> tuple[list[Members], Members]:
    """The items of a request's page, and the marker of the next."""
    refusal = errors.bad_request("Invalid marker")
    names = ("Marker", "Size")
    return page(request, items, refusal, size=size, names=names)
