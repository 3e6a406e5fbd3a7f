"""The CloudFormation types of who may call: usage plans and API keys."""

from contextlib import suppress
from typing import Any

from localstack.services.apigateway.resource_providers.aws_apigateway_apikey import (
    ApiGatewayApiKeyProvider,
)
from localstack.services.apigateway.resource_providers.aws_apigateway_usageplan import (
    ApiGatewayUsagePlanProvider,
)
from localstack.services.apigateway.resource_providers.aws_apigateway_usageplankey import (
    ApiGatewayUsagePlanKeyProvider,
)

from emulation.services.apigateway.patches import differences, escaped, lowered, remove, replace
from emulation.services.apigateway.resources import Forgiving, Progress, Request, kept
from emulation.services.resource_types import Model, ResourceType
from emulation.services.typed import typed

PLAN, KEY = "AWS::ApiGateway::UsagePlan", "AWS::ApiGateway::ApiKey"


def tags_of(model: Model) -> dict[str, str]:
    """Tags as the API takes them."""
    return {tag["Key"]: tag["Value"] for tag in model.get("Tags") or []}


class UsagePlanResource(Forgiving, ApiGatewayUsagePlanProvider):
    """AWS::ApiGateway::UsagePlan; `Ref` is its id."""

    MADE = "Id"

    def create(self, request: Request) -> Progress:
        """CreateUsagePlan."""
        model = dict(request.desired_state)
        model.setdefault("UsagePlanName", ResourceType.default_name(request))
        members = {
            "name": model["UsagePlanName"],
            "description": model.get("Description"),
            "throttle": lowered(model.get("Throttle")),
            "quota": lowered(model.get("Quota")),
            "apiStages": [stage_of(stage) for stage in model.get("ApiStages") or []],
            "tags": tags_of(model),
        }
        given = typed("apigateway", "CreateUsagePlan", members, PLAN)
        plan = request.aws_client_factory.apigateway.create_usage_plan(**given)
        return ResourceType.done(model | {"Id": plan["id"]})

    def delete(self, request: Request) -> Progress:
        """DeleteUsagePlan, once no stage is in it."""
        model, client = request.desired_state, request.aws_client_factory.apigateway
        if model.get(self.MADE):
            with suppress(client.exceptions.NotFoundException):
                there = client.get_usage_plan(usagePlanId=model["Id"])["apiStages"]
                stages = [f"{stage['apiId']}:{stage['stage']}" for stage in there]
                operations = [remove("/apiStages", stage) for stage in stages]
                client.update_usage_plan(usagePlanId=model["Id"], patchOperations=operations)
        return super().delete(request)

    def update(self, request: Request) -> Progress:
        """UpdateUsagePlan; the counters go on."""
        before, model = request.previous_state or {}, kept(request, "Id", "UsagePlanName")
        operations = [
            *named(before, model, {"UsagePlanName": "/name", "Description": "/description"}),
            *limits(before, model, "Throttle"),
            *limits(before, model, "Quota"),
            *stages(before, model),
        ]
        if operations:
            request.aws_client_factory.apigateway.update_usage_plan(
                usagePlanId=model["Id"], patchOperations=operations
            )
        retag(request, "usageplans", model["Id"], before, model)
        return ResourceType.done(model)


def stage_of(stage: Model) -> dict[str, Any]:
    """A stage of a plan; the keys of its throttles are methods."""
    throttles = stage.get("Throttle") or {}
    return {
        "apiId": stage.get("ApiId"),
        "stage": stage.get("Stage"),
        "throttle": {method: lowered(limit) for method, limit in throttles.items()} or None,
    }


def named(before: Model, model: Model, paths: dict[str, str]) -> list[dict[str, str]]:
    """The operations for texts."""
    return [
        replace(path, model.get(name, ""))
        for name, path in paths.items()
        if before.get(name) != model.get(name)
    ]


def limits(before: Model, model: Model, name: str) -> list[dict[str, str]]:
    """The operations for a throttle or a quota."""
    old, new = before.get(name) or {}, model.get(name) or {}
    path = f"/{name.lower()}"
    if old and not new:
        return [remove(path)]
    return differences(lowered(old), lowered(new), path)


def stages(before: Model, model: Model) -> list[dict[str, str]]:
    """The operations for a plan's stages: those that changed leave and come again."""
    old, new = (
        {key_of(each): each for each in one.get("ApiStages") or []} for one in (before, model)
    )
    operations = [remove("/apiStages", key) for key in old if old[key] != new.get(key)]
    for key, stage in new.items():
        if stage == old.get(key):
            continue
        operations.append({"op": "add", "path": "/apiStages", "value": key})
        for method, limit in (stage.get("Throttle") or {}).items():
            path, _, verb = method.rpartition("/")
            place = f"/apiStages/{key}/throttle/{escaped(path)}/{verb}"
            operations += [
                replace(f"{place}/{name}", value) for name, value in lowered(limit).items()
            ]
    return operations


def key_of(stage: Model) -> str:
    """How a plan names a stage."""
    return f"{stage['ApiId']}:{stage['Stage']}"


def retag(request: Request, kind: str, identifier: str, before: Model, model: Model) -> None:
    """Change the tags."""
    old, new = tags_of(before), tags_of(model)
    if old == new:
        return
    arn = f"arn:aws:apigateway:{request.region_name}::/{kind}/{identifier}"
    client = request.aws_client_factory.apigateway
    if gone := [name for name in old if name not in new]:
        client.untag_resource(resourceArn=arn, tagKeys=gone)
    if new:
        client.tag_resource(resourceArn=arn, tags=new)


class UsagePlanKeyResource(Forgiving, ApiGatewayUsagePlanKeyProvider):
    """AWS::ApiGateway::UsagePlanKey, which nothing can change."""

    MADE = "Id"


class ApiKeyResource(Forgiving, ApiGatewayApiKeyProvider):
    """AWS::ApiGateway::ApiKey; `Ref` is its id, never its value."""

    MADE = "APIKeyId"

    def create(self, request: Request) -> Progress:
        """CreateApiKey."""
        model = dict(request.desired_state)
        names = (
            "Name",
            "Description",
            "CustomerId",
            "Enabled",
            "GenerateDistinctId",
            "Value",
            "StageKeys",
        )
        members = lowered({name: model[name] for name in names if name in model})
        members.setdefault("name", ResourceType.default_name(request))
        given = typed("apigateway", "CreateApiKey", {**members, "tags": tags_of(model)}, KEY)
        key = request.aws_client_factory.apigateway.create_api_key(**given)
        return ResourceType.done(model | {"APIKeyId": key["id"]})

    def update(self, request: Request) -> Progress:
        """UpdateApiKey."""
        before, model = request.previous_state or {}, kept(request, "APIKeyId", "Name", "Value")
        if before.get("StageKeys") != model.get("StageKeys"):
            raise NotImplementedError(f"a change of StageKeys of {KEY} is not emulated")
        operations = named(
            before, model, {"Description": "/description", "CustomerId": "/customerId"}
        )
        if before.get("Enabled") != model.get("Enabled"):
            operations.append(replace("/enabled", model.get("Enabled", False)))
        if operations:
            request.aws_client_factory.apigateway.update_api_key(
                apiKey=model["APIKeyId"], patchOperations=operations
            )
        retag(request, "apikeys", model["APIKeyId"], before, model)
        return ResourceType.done(model)
