"""CreateTags and the like: of instances and launch templates here, of networks in LocalStack's
records.
"""

from collections.abc import Callable
from typing import Any

from localstack.aws.api import RequestContext
from localstack.services.moto import call_moto, call_moto_with_request

from emulation.services.ec2.errors import not_found
from emulation.services.ec2.filters import matching, member
from emulation.services.ec2.store import Members, instances, save_templates, templates
from emulation.services.scope import Scope

OURS = ("i-", "lt-")

READERS = {
    "key": member("Key"),
    "value": member("Value"),
    "resource-id": member("ResourceId"),
    "resource-type": member("ResourceType"),
}

Change = Callable[[dict[str, str]], Any]


def create(context: RequestContext, request: Members) -> Members | None:
    """CreateTags."""
    given = {tag["Key"]: tag.get("Value", "") for tag in request.get("Tags") or []}
    return change(context, request, lambda tags: tags.update(given))


def delete(context: RequestContext, request: Members) -> Members | None:
    """DeleteTags; a tag with a value goes only when it has that value, none means all."""
    asked = request.get("Tags")

    def remove(tags: dict[str, str]) -> None:
        for tag in asked or [{"Key": key} for key in tags]:
            if tag.get("Value") in (None, tags.get(tag["Key"])):
                tags.pop(tag["Key"], None)

    return change(context, request, remove)


def change(context: RequestContext, request: Members, do: Change) -> Members | None:
    """Change the tags of what is ours, and hand the rest on."""
    scope = Scope.of(context)
    resources = request.get("Resources") or []
    ours = [identifier for identifier in resources if identifier.startswith(OURS)]
    for tags, save in [owner(scope, identifier) for identifier in ours]:
        do(tags)
        save()
    theirs = [identifier for identifier in resources if identifier not in ours]
    if theirs:
        return call_moto_with_request(context, {**request, "Resources": theirs})
    return None


def owner(scope: Scope, identifier: str) -> tuple[dict[str, str], Callable[[], None]]:
    """The tags of a resource, and how they are kept.

    Raises:
        CommonServiceException: there is no such resource.
    """
    if identifier.startswith("i-"):
        live = instances(scope).get(identifier)
        if live is None:
            raise not_found("InvalidInstanceID", "instance ID", [identifier])
        return live.instance.tags, live.instance.save
    template = templates(scope).get(identifier)
    if template is None:
        raise not_found("InvalidLaunchTemplateId", "launch template ID", [identifier])
    return template.tags, lambda: save_templates(scope)


def describe(context: RequestContext, request: Members) -> Members:
    """DescribeTags, of both."""
    scope = Scope.of(context)
    listed = [
        {"ResourceId": live.instance.instance_id, "ResourceType": "instance", "Key": k, "Value": v}
        for live in instances(scope).values()
        for k, v in live.instance.tags.items()
    ] + [
        {"ResourceId": t.template_id, "ResourceType": "launch-template", "Key": k, "Value": v}
        for t in templates(scope).values()
        for k, v in t.tags.items()
    ]
    found = matching(listed, request.get("Filters"), READERS)
    return {"Tags": [*call_moto(context).get("Tags", []), *found]}
