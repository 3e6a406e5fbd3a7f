"""Tags of resources, by ARN."""

from emulation.services.paging import page
from emulation.services.sagemaker.errors import invalid_token, resource_not_found
from emulation.services.sagemaker.scope import Scope
from emulation.services.sagemaker.store import Members

PAGE_SIZE = 50


def set_tags(scope: Scope, arn: str, tags: list[Members]) -> None:
    """Give a resource its first tags."""
    if tags:
        scope.store.tags[arn] = {tag["Key"]: tag["Value"] for tag in tags}


def add_tags(scope: Scope, request: Members) -> Members:
    """Add or overwrite tags; all of them."""
    arn = _existing(scope, request["ResourceArn"])
    tags = scope.store.tags.setdefault(arn, {})
    tags |= {tag["Key"]: tag["Value"] for tag in request["Tags"]}
    return {"Tags": _as_list(tags)}


def list_tags(scope: Scope, request: Members) -> Members:
    """A resource's tags."""
    arn = _existing(scope, request["ResourceArn"])
    tags = _as_list(scope.store.tags.get(arn, {}))
    some, more = page(request, tags, invalid_token(), size=PAGE_SIZE)
    return {"Tags": some, **more}


def delete_tags(scope: Scope, request: Members) -> None:
    """Remove tags; a key that is not there is not missed."""
    tags = scope.store.tags.get(_existing(scope, request["ResourceArn"]), {})
    for key in request["TagKeys"]:
        tags.pop(key, None)


def forget(scope: Scope, arn: str) -> None:
    """The resource is gone."""
    scope.store.tags.pop(arn, None)


def _existing(scope: Scope, arn: str) -> str:
    store = scope.store
    nouns = (
        store.training_jobs,
        store.processing_jobs,
        store.models,
        store.model_package_groups,
        store.model_packages,
        store.job_definitions,
        store.monitoring_schedules,
        store.endpoint_configs,
        store.endpoints,
    )
    if not any(item.arn == arn for noun in nouns for item in noun.values()):
        raise resource_not_found()
    return arn


def _as_list(tags: dict[str, str]) -> list[Members]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]
