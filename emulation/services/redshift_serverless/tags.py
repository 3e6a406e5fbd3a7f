"""Tags of namespaces and workgroups, by ARN."""

from localstack.aws.api import RequestContext, handler

from emulation.services.redshift_serverless.errors import resource_not_found
from emulation.services.redshift_serverless.store import Members, store_of


def as_tags(tags: list[Members]) -> dict[str, str]:
    """Tags by key."""
    return {tag["key"]: tag["value"] for tag in tags}


class TagOperations:
    """Read and change tags."""

    @handler("TagResource", expand=False)
    def tag_resource(self, context: RequestContext, request: Members) -> Members:
        """Add or overwrite tags."""
        _existing(context, request["resourceArn"]).update(as_tags(request["tags"]))
        return {}

    @handler("UntagResource", expand=False)
    def untag_resource(self, context: RequestContext, request: Members) -> Members:
        """Remove tags; a key that is not there is not missed."""
        tags = _existing(context, request["resourceArn"])
        for key in request["tagKeys"]:
            tags.pop(key, None)
        return {}

    @handler("ListTagsForResource", expand=False)
    def list_tags_for_resource(self, context: RequestContext, request: Members) -> Members:
        """A resource's tags."""
        tags = _existing(context, request["resourceArn"])
        return {"tags": [{"key": key, "value": value} for key, value in tags.items()]}


def _existing(context: RequestContext, arn: str) -> dict[str, str]:
    store = store_of(context)
    if arn not in store.tags:
        raise resource_not_found(arn)
    return store.tags[arn]
