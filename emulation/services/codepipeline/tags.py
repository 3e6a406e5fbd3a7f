"""Tags of pipelines."""

from emulation.services import paging
from emulation.services.codepipeline.errors import invalid_token, refused
from emulation.services.codepipeline.store import LOCK, Members, Pipeline, pipelines
from emulation.services.scope import Scope

MOST = 50


def tag(scope: Scope, request: Members) -> Members:
    """TagResource."""
    given = checked(request["tags"])
    with LOCK:
        pipeline = find(scope, request["resourceArn"])
        after = pipeline.tags | given
        check_count(after)
        pipeline.tags = after
        pipeline.save()
    return {}


def untag(scope: Scope, request: Members) -> Members:
    """UntagResource."""
    with LOCK:
        pipeline = find(scope, request["resourceArn"])
        for key in request["tagKeys"]:
            pipeline.tags.pop(key, None)
        pipeline.save()
    return {}


def list_tags(scope: Scope, request: Members) -> Members:
    """ListTagsForResource."""
    with LOCK:
        found = told(find(scope, request["resourceArn"]))
    items, token = paging.page(request, found, invalid_token(), names=paging.CAMEL_NAMES)
    return {"tags": items, **token}


def told(pipeline: Pipeline) -> list[dict[str, str]]:
    """A pipeline's tags."""
    return [{"key": key, "value": value} for key, value in sorted(pipeline.tags.items())]


def checked(given: list[dict[str, str]]) -> dict[str, str]:
    """Tags by key.

    Raises:
        CommonServiceException: one is AWS's own, or there are too many.
    """
    for item in given:
        if item["key"].lower().startswith("aws:"):
            raise refused(
                "InvalidTagsException",
                "Not allowed to modify system tags. System tags start with 'aws:'. "
                "msg=[Caller is an end user and not allowed to mutate system tags]",
            )
    found = {item["key"]: item["value"] for item in given}
    check_count(found)
    return found


def check_count(found: dict[str, str]) -> None:
    """A pipeline has so many at most."""
    if len(found) > MOST:
        raise refused("TooManyTagsException", "The tags limit for a resource has been exceeded.")


def find(scope: Scope, arn: str) -> Pipeline:
    """The pipeline of an ARN.

    Raises:
        CommonServiceException: there is none.
    """
    name = arn.split(":", 5)[-1]
    pipeline = pipelines(scope).get(name)
    if pipeline is None or pipeline.arn != arn:
        raise refused(
            "ResourceNotFoundException",
            f"The account with id '{scope.account}' does not include a pipeline with the name "
            f"'{name}'",
        )
    return pipeline
