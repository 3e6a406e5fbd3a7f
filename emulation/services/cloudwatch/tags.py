"""Tags of alarms and dashboards, by ARN."""

from emulation.services.cloudwatch.errors import no_resource
from emulation.services.cloudwatch.store import Members, store
from emulation.services.scope import Scope


def put(scope: Scope, arn: str, tags: list[Members]) -> None:
    """Add tags to what a resource has."""
    if tags:
        kept = store().tags.get(scope, arn) or {}
        store().tags.put(scope, arn, {**kept, **{tag["Key"]: tag["Value"] for tag in tags}})


def forget(scope: Scope, arn: str) -> None:
    """The tags of a resource that is no more."""
    store().tags.remove(scope, arn)


def tag(scope: Scope, request: Members) -> Members:
    """TagResource."""
    put(scope, existing(scope, request), request.get("Tags") or [])
    return {}


def untag(scope: Scope, request: Members) -> Members:
    """UntagResource."""
    arn = existing(scope, request)
    kept = store().tags.get(scope, arn) or {}
    gone = set(request.get("TagKeys") or [])
    store().tags.put(scope, arn, {key: value for key, value in kept.items() if key not in gone})
    return {}


def listed(scope: Scope, request: Members) -> Members:
    """ListTagsForResource."""
    kept = store().tags.get(scope, existing(scope, request)) or {}
    return {"Tags": [{"Key": key, "Value": value} for key, value in kept.items()]}


def existing(scope: Scope, request: Members) -> str:
    """The ARN of a request, of an alarm or dashboard that is there."""
    arn: str = request.get("ResourceARN") or ""
    name = arn.partition(":alarm:")[2]
    alarm = store().alarms.get(scope, name)
    if alarm is not None and alarm.arn == arn:
        return arn
    dashboard = arn.rpartition("/")[2]
    known = store().dashboards.get(scope, dashboard)
    if known is not None and dashboard_arn(scope, dashboard) == arn:
        return arn
    raise no_resource(arn)


def dashboard_arn(scope: Scope, name: str) -> str:
    """The ARN of a dashboard; it has no region."""
    return f"arn:{scope.partition}:cloudwatch::{scope.account}:dashboard/{name}"
