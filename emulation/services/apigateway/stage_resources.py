"""The CloudFormation types of what is deployed: APIs, deployments, stages."""

import copy
import json
from typing import Any

from localstack.services.apigateway.resource_providers.aws_apigateway_deployment import (
    ApiGatewayDeploymentProvider,
)
from localstack.services.apigateway.resource_providers.aws_apigateway_restapi import (
    ApiGatewayRestApiProvider,
)
from localstack.services.apigateway.resource_providers.aws_apigateway_stage import (
    ApiGatewayStageProvider,
)

from emulation.services.apigateway.patches import differences, lowered, remove, replace, text
from emulation.services.apigateway.resources import Forgiving, Progress, Request, kept
from emulation.services.resource_types import Model, ResourceType
from emulation.services.typed import typed

STAGE = "AWS::ApiGateway::Stage"
AT_CREATION = (
    "RestApiId",
    "StageName",
    "DeploymentId",
    "Description",
    "Variables",
    "CacheClusterEnabled",
    "CacheClusterSize",
    "DocumentationVersion",
    "TracingEnabled",
)
SETTINGS = {
    "MetricsEnabled": "metrics/enabled",
    "LoggingLevel": "logging/loglevel",
    "DataTraceEnabled": "logging/dataTrace",
    "ThrottlingBurstLimit": "throttling/burstLimit",
    "ThrottlingRateLimit": "throttling/rateLimit",
    "CachingEnabled": "caching/enabled",
    "CacheTtlInSeconds": "caching/ttlInSeconds",
    "CacheDataEncrypted": "caching/dataEncrypted",
}
LOG = {"DestinationArn": "destinationArn", "Format": "format"}
API = {
    "Name": "/name",
    "Description": "/description",
    "ApiKeySourceType": "/apiKeySource",
    "MinimumCompressionSize": "/minimumCompressionSize",
    "DisableExecuteApiEndpoint": "/disableExecuteApiEndpoint",
}


class StageResource(ApiGatewayStageProvider):
    """AWS::ApiGateway::Stage with all that it says; `Ref` is its name."""

    def create(self, request: Request) -> Progress:
        """CreateStage, then what it does not take."""
        model = dict(request.desired_state)
        model.setdefault("StageName", "default")
        members = lowered({name: model[name] for name in AT_CREATION if name in model})
        if canary := model.get("CanarySetting"):
            members["canarySettings"] = lowered(canary)
        tags = {tag["Key"]: tag["Value"] for tag in model.get("Tags") or []}
        created = typed("apigateway", "CreateStage", {**members, "tags": tags}, STAGE)
        client = request.aws_client_factory.apigateway
        client.create_stage(**created)
        try:
            change_stage(client, model, settings_of({}, model))
        except client.exceptions.ClientError:
            # The stack fails and never hears of the stage: it would stay.
            client.delete_stage(restApiId=model["RestApiId"], stageName=model["StageName"])
            raise
        return ResourceType.done(model)

    def update(self, request: Request) -> Progress:
        """UpdateStage."""
        before, model = request.previous_state or {}, kept(request, "StageName")
        operations = [
            *changed(before, model, {"DeploymentId": "/deploymentId"}),
            *changed(before, model, {"Description": "/description"}),
            *changed(before, model, {"TracingEnabled": "/tracingEnabled"}),
            *changed(before, model, {"CacheClusterEnabled": "/cacheClusterEnabled"}),
            *differences(before.get("Variables") or {}, model.get("Variables") or {}, "/variables"),
            *settings_of(before, model),
        ]
        change_stage(request.aws_client_factory.apigateway, model, operations)
        return ResourceType.done(model)


def changed(before: Model, model: Model, paths: dict[str, str]) -> list[dict[str, str]]:
    """The operations for members that differ; one that is gone goes back to its default."""
    defaults = {"Description": "", "MinimumCompressionSize": "", "ApiKeySourceType": "HEADER"}
    return [
        replace(path, model.get(name, defaults.get(name, False)))
        for name, path in paths.items()
        if before.get(name) != model.get(name)
    ]


def change_stage(client: Any, model: Model, operations: list[dict[str, str]]) -> None:
    """UpdateStage, where there is something to change."""
    if operations:
        client.update_stage(
            restApiId=model["RestApiId"],
            stageName=model["StageName"],
            patchOperations=operations,
        )


def settings_of(before: Model, model: Model) -> list[dict[str, str]]:
    """The operations for the access log and for the settings of methods."""
    operations = []
    log, was = model.get("AccessLogSetting"), before.get("AccessLogSetting")
    if log and log != was:
        operations += [
            replace(f"/accessLogSettings/{LOG[name]}", text(log[name]))
            for name in LOG
            if log.get(name)
        ]
    if was and not log:
        operations.append(remove("/accessLogSettings"))
    old, new = by_method(before), by_method(model)
    operations += [remove(f"/{name}") for name in old if old[name] != new.get(name)]
    for name, setting in new.items():
        if setting != old.get(name):
            operations += [
                replace(f"/{name}/{SETTINGS[each]}", setting[each])
                for each in SETTINGS
                if each in setting
            ]
    return operations


def by_method(model: Model) -> dict[str, Model]:
    """The settings of a stage by method, as patches name it; `/*` are all paths."""
    found = {}
    for setting in model.get("MethodSettings") or []:
        path = setting.get("ResourcePath", "/*").replace("~1", "/").strip("/")
        method = setting.get("HttpMethod", "*")
        name = f"*/{method}" if path == "*" else f"~1{path.replace('/', '~1')}/{method}"
        found[name] = setting
    return found


class DeploymentResource(Forgiving, ApiGatewayDeploymentProvider):
    """AWS::ApiGateway::Deployment: a snapshot, of which only the description can change."""

    MADE = "DeploymentId"

    def create(self, request: Request) -> Progress:
        """CreateDeployment; a stage that it makes gets its settings."""
        model = copy.deepcopy(request.desired_state)
        stage = model.get("StageDescription") or {}
        members = {
            "restApiId": model["RestApiId"],
            "stageName": model.get("StageName"),
            "description": model.get("Description"),
            "stageDescription": stage.get("Description"),
            "variables": stage.get("Variables"),
            "canarySettings": lowered(model.get("DeploymentCanarySettings")),
            "tracingEnabled": stage.get("TracingEnabled"),
            "cacheClusterEnabled": stage.get("CacheClusterEnabled"),
        }
        given = typed("apigateway", "CreateDeployment", members, "AWS::ApiGateway::Deployment")
        client = request.aws_client_factory.apigateway
        model["DeploymentId"] = client.create_deployment(**given)["id"]
        described = {**stage, "RestApiId": model["RestApiId"], "StageName": model.get("StageName")}
        change_stage(client, described, settings_of({}, described))
        return ResourceType.done(model)

    def update(self, request: Request) -> Progress:
        """UpdateDeployment."""
        before, model = request.previous_state or {}, kept(request, "DeploymentId")
        for name in ("StageName", "StageDescription"):
            if before.get(name) != model.get(name):
                raise NotImplementedError(
                    f"a change of {name} of AWS::ApiGateway::Deployment is not emulated"
                )
        request.aws_client_factory.apigateway.update_deployment(
            restApiId=model["RestApiId"],
            deploymentId=model["DeploymentId"],
            patchOperations=[replace("/description", model.get("Description", ""))],
        )
        return ResourceType.done(model)


class RestApiResource(Forgiving, ApiGatewayRestApiProvider):
    """AWS::ApiGateway::RestApi."""

    MADE = "RestApiId"

    def create(self, request: Request) -> Progress:
        """CreateRestApi, with the source of its keys, which LocalStack leaves out."""
        progress: Progress = super().create(request)
        model = progress.resource_model or {}
        if source := model.get("ApiKeySourceType"):
            self._patch(request, model, [replace("/apiKeySource", source)])
        return progress

    def update(self, request: Request) -> Progress:
        """UpdateRestApi; another body overwrites all that was imported."""
        before = request.previous_state or {}
        model = kept(request, "RestApiId", "RootResourceId", "Name")
        operations = changed(before, model, API)
        if before.get("Policy") != model.get("Policy"):
            policy = model.get("Policy")
            written = policy if isinstance(policy, str) else json.dumps(policy)
            operations.append(replace("/policy", written if policy else ""))
        old, new = (set(each.get("BinaryMediaTypes") or []) for each in (before, model))
        kinds = [("add", new - old), ("remove", old - new)]
        operations += [
            {"op": op, "path": f"/binaryMediaTypes/{each.replace('/', '~1')}"}
            for op, types in kinds
            for each in sorted(types)
        ]
        if operations:
            self._patch(request, model, operations)
        self._put_body(request, before, model)
        return ResourceType.done(model)

    @staticmethod
    def _patch(request: Request, model: Model, operations: list[dict[str, str]]) -> None:
        request.aws_client_factory.apigateway.update_rest_api(
            restApiId=model["RestApiId"], patchOperations=operations
        )

    @staticmethod
    def _put_body(request: Request, before: Model, model: Model) -> None:
        if before.get("BodyS3Location") != model.get("BodyS3Location"):
            raise NotImplementedError(
                "a change of BodyS3Location of AWS::ApiGateway::RestApi is not emulated"
            )
        body = model.get("Body")
        if body and body != before.get("Body"):
            request.aws_client_factory.apigateway.put_rest_api(
                restApiId=model["RestApiId"],
                mode=model.get("Mode", "overwrite"),
                body=(body if isinstance(body, str) else json.dumps(body)).encode(),
                parameters={"basepath": "ignore", **(model.get("Parameters") or {})},
            )
