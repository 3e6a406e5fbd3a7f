"""Tags of applications and job runs, by their ARN."""

from emulation.services.emr_serverless.errors import not_found
from emulation.services.emr_serverless.store import (
    LOCK,
    Application,
    JobRun,
    Members,
    all_applications,
    all_runs,
)
from emulation.services.scope import Scope


def list_tags(scope: Scope, request: Members) -> Members:
    """ListTagsForResource."""
    return {"tags": _find(scope, request["resourceArn"]).tags}


def tag(scope: Scope, request: Members) -> Members:
    """TagResource."""
    with LOCK:
        found = _find(scope, request["resourceArn"])
        found.tags |= request["tags"]
        found.save()
    return {}


def untag(scope: Scope, request: Members) -> Members:
    """UntagResource."""
    with LOCK:
        found = _find(scope, request["resourceArn"])
        for name in request["tagKeys"]:
            found.tags.pop(name, None)
        found.save()
    return {}


def _find(scope: Scope, arn: str) -> Application | JobRun:
    identifier = arn.rsplit("/", 1)[-1]
    found: Application | JobRun | None = all_runs().get(identifier)
    found = found or all_applications().get(identifier)
    if found is None or found.arn != arn or found.account != scope.account:
        raise not_found("Resource", arn)
    return found
