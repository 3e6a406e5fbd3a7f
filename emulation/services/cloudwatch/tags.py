"""Tags of alarms and dashboards, by ARN."""

from emulation.services.cloudwatch.errors import no_resource
from emulation.services.cloudwatch.store import Members, everywhere, store
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
    put(*existing(scope, request), request.get("Tags") or [])
    return {}


def untag(scope: Scope, request: Members) -> Members:
    """UntagResource."""
    place, arn = existing(scope, request)
    gone = set(request.get("TagKeys") or [])
    kept = store().tags.get(place, arn) or {}
    store().tags.put(place, arn, {key: value for key, value in kept.items() if key not in gone})
    return {}


def listed(scope: Scope, request: Members) -> Members:
    """ListTagsForResource."""
    kept = store().tags.get(*existing(scope, request)) or {}
    return {"Tags": [{"Key": key, "Value": value} for key, value in kept.items()]}


def existing(scope: Scope, request: Members) -> tuple[Scope, str]:
    """Where the tags of an alarm or dashboard are kept, and its ARN, if it is there."""
    arn: str = request.get("ResourceARN") or ""
    alarm = store().alarms.get(scope, arn.partition(":alarm:")[2])
    if alarm is not None and alarm.arn == arn:
        return scope, arn
    name = arn.rpartition("/")[2]
    known = store().dashboards.get(everywhere(scope), name)
    if known is not None and dashboard_arn(scope, name) == arn:
        return everywhere(scope), arn
    raise no_resource(arn)


def dashboard_arn(scope: Scope, name: str) -> str:
    """The ARN of a dashboard; it has no region."""
    return f"arn:{scope.partition}:cloudwatch::{scope.account}:dashboard/{name}"
