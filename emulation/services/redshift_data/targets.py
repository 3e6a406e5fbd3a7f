"""Where a request runs: a workgroup's namespace, and a database in it."""

from dataclasses import dataclass

from localstack.aws.api import RequestContext

from emulation.services.redshift_data.errors import no_endpoint, validation_exception
from emulation.services.redshift_data.store import Members
from emulation.services.redshift_serverless.store import STORES as SERVERLESS


@dataclass(frozen=True, slots=True)
class Target:
    """A database of a namespace; `members` say it as the request did."""

    namespace_id: str
    database: str
    members: Members


def target_of(context: RequestContext, request: Members) -> Target:
    """What a request names.

    Raises:
        CommonServiceException: nothing, too much, or what is not there.
    """
    if request.get("SessionId") or request.get("SessionKeepAliveSeconds"):
        raise NotImplementedError(
            "redshift-data sessions (SessionId, SessionKeepAliveSeconds) are not emulated"
        )
    workgroup, cluster = request.get("WorkgroupName"), request.get("ClusterIdentifier")
    if workgroup and cluster:
        raise validation_exception(
            "Only one of ClusterIdentifier and WorkgroupName can be provided."
        )
    if not workgroup and not cluster:
        raise validation_exception(
            "Either ClusterIdentifier, WorkgroupName or SessionId must be provided."
        )
    if cluster:
        raise no_endpoint()
    if not request.get("Database"):
        raise validation_exception("Database must be provided.")
    kept = ("WorkgroupName", "Database", "SecretArn", "DbUser")
    members = {name: request[name] for name in kept if request.get(name)}
    return Target(_namespace_id(context, str(workgroup)), request["Database"], members)


def _namespace_id(context: RequestContext, workgroup: str) -> str:
    store = SERVERLESS[context.account_id][context.region]
    for one in store.workgroups.values():
        if workgroup in {one.name, one.arn}:
            return store.namespaces[one.namespace].id
    raise no_endpoint()
