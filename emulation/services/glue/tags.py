"""Tags of jobs, crawlers and databases."""

from typing import Any

from localstack.aws.api import RequestContext, handler

from emulation.services.glue.store import LOCK, scope_of


class TagOperations:
    """The operations on tags; resources that are deleted take theirs along."""

    @handler("TagResource", expand=False)
    def tag_resource(self, context: RequestContext, request: Any) -> dict[str, Any]:
        """Add or replace tags."""
        with LOCK:
            tags = scope_of(context).store.tags.setdefault(request["ResourceArn"], {})
            tags.update(request["TagsToAdd"])
        return {}

    @handler("UntagResource", expand=False)
    def untag_resource(self, context: RequestContext, request: Any) -> dict[str, Any]:
        """Take tags away."""
        with LOCK:
            tags = scope_of(context).store.tags.get(request["ResourceArn"], {})
            for name in request["TagsToRemove"]:
                tags.pop(name, None)
        return {}

    @handler("GetTags", expand=False)
    def get_tags(self, context: RequestContext, request: Any) -> dict[str, Any]:
        """The tags of a resource."""
        return {"Tags": dict(scope_of(context).store.tags.get(request["ResourceArn"], {}))}
