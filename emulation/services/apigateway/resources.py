"""API Gateway's CloudFormation types, updated in place.

LocalStack's own create most of them and update none; ours inherit what is right in them. An update
is the patch operations between two models.
"""

import copy
import json
from contextlib import suppress
from typing import ClassVar

from localstack.services.apigateway.resource_providers.aws_apigateway_account import (
    ApiGatewayAccountProvider,
)
from localstack.services.apigateway.resource_providers.aws_apigateway_gatewayresponse import (
    ApiGatewayGatewayResponseProvider,
)
from localstack.services.apigateway.resource_providers.aws_apigateway_method import (
    ApiGatewayMethodProvider,
)
from localstack.services.apigateway.resource_providers.aws_apigateway_model import (
    ApiGatewayModelProvider,
)
from localstack.services.apigateway.resource_providers.aws_apigateway_requestvalidator import (
    ApiGatewayRequestValidatorProvider,
)
from localstack.services.cloudformation.resource_provider import ProgressEvent, ResourceRequest

from emulation.services.apigateway.patches import differences, lowered, replace
from emulation.services.resource_types import Model, ResourceType
from emulation.services.typed import typed

type Request = ResourceRequest[Model]
type Progress = ProgressEvent[Model]


def kept(request: Request, *read_only: str) -> Model:
    """The new model, with what only the resource itself knows."""
    before = request.previous_state or {}
    given = {name: before[name] for name in read_only if name in before}
    return {**given, **request.desired_state}


class Forgiving:
    """Deleting what was never made, or is gone already with its API, is no failure."""

    MADE: ClassVar[str]
    """The property that only a resource that was made has."""

    def delete(self, request: Request) -> Progress:
        """Delete it if it is there."""
        model = request.desired_state
        if model.get(self.MADE):
            with suppress(request.aws_client_factory.apigateway.exceptions.NotFoundException):
                super().delete(request)  # type: ignore[misc]
        return ResourceType.done(model)


class AuthorizerResource(ResourceType):
    """AWS::ApiGateway::Authorizer; `Ref` is its id."""

    TYPE: ClassVar[str] = "AWS::ApiGateway::Authorizer"
    IDENTIFIER: ClassVar[str] = "AuthorizerId"

    def create(self, request: Request) -> Progress:
        """CreateAuthorizer."""
        model = dict(request.desired_state)
        members = typed("apigateway", "CreateAuthorizer", members_of(model), self.TYPE)
        answer = request.aws_client_factory.apigateway.create_authorizer(**members)
        return self.done(model | {"AuthorizerId": answer["id"]})

    def update(self, request: Request) -> Progress:
        """UpdateAuthorizer."""
        before, model = request.previous_state or {}, kept(request, "AuthorizerId")
        operations = differences(members_of(before), members_of(model))
        request.aws_client_factory.apigateway.update_authorizer(
            restApiId=model["RestApiId"],
            authorizerId=model["AuthorizerId"],
            patchOperations=operations,
        )
        return self.done(model)

    def delete(self, request: Request) -> Progress:
        """DeleteAuthorizer; gone already with its API is gone too."""
        model, client = request.desired_state, request.aws_client_factory.apigateway
        if model.get("AuthorizerId"):
            with suppress(client.exceptions.NotFoundException):
                client.delete_authorizer(
                    restApiId=model["RestApiId"], authorizerId=model["AuthorizerId"]
                )
        return self.done(model)


AuthorizerResource.SCHEMA["createOnlyProperties"] = ["/properties/RestApiId"]


def members_of(model: Model) -> Model:
    """An authorizer as the API spells it."""
    members: Model = lowered({name: model[name] for name in model if name != "AuthorizerId"})
    return members


class VpcLinkResource(ResourceType):
    """AWS::ApiGateway::VpcLink; `Ref` is its id, and a link that fails fails its stack."""

    TYPE: ClassVar[str] = "AWS::ApiGateway::VpcLink"
    IDENTIFIER: ClassVar[str] = "VpcLinkId"

    def create(self, request: Request) -> Progress:
        """CreateVpcLink."""
        model, client = dict(request.desired_state), request.aws_client_factory.apigateway
        members = lowered(
            {name: model[name] for name in model if name not in ("Tags", "VpcLinkId")}
        )
        tags = {tag["Key"]: tag["Value"] for tag in model.get("Tags") or []}
        link = client.create_vpc_link(**members, tags=tags)
        model["VpcLinkId"] = link["id"]
        found = client.get_vpc_link(vpcLinkId=link["id"])
        if found["status"] == "FAILED":
            return self.failed(model, found["statusMessage"])
        return self.done(model)

    def update(self, request: Request) -> Progress:
        """UpdateVpcLink."""
        before, model = request.previous_state or {}, kept(request, "VpcLinkId")
        changed = [
            replace(f"/{name.lower()}", model.get(name, ""))
            for name in ("Name", "Description")
            if before.get(name) != model.get(name)
        ]
        request.aws_client_factory.apigateway.update_vpc_link(
            vpcLinkId=model["VpcLinkId"], patchOperations=changed
        )
        return self.done(model)

    def delete(self, request: Request) -> Progress:
        """DeleteVpcLink."""
        client = request.aws_client_factory.apigateway
        if link := request.desired_state.get("VpcLinkId"):
            with suppress(client.exceptions.NotFoundException):
                client.delete_vpc_link(vpcLinkId=link)
        return self.done(request.desired_state)


VpcLinkResource.SCHEMA["createOnlyProperties"] = ["/properties/TargetArns"]


class MethodResource(ApiGatewayMethodProvider):
    """AWS::ApiGateway::Method; an update puts the whole method anew."""

    def create(self, request: Request) -> Progress:
        """Put the method, its integration, their responses."""
        whole = copy.deepcopy(request.desired_state)
        progress: Progress = super().create(request)
        # LocalStack takes the integration's responses out of the model.
        progress.resource_model = whole
        return progress

    def update(self, request: Request) -> Progress:
        """Deployments are snapshots: nobody sees the moment between."""
        model = request.desired_state
        request.aws_client_factory.apigateway.delete_method(
            restApiId=model["RestApiId"],
            resourceId=model["ResourceId"],
            httpMethod=model["HttpMethod"],
        )
        return self.create(request)


class ModelResource(ApiGatewayModelProvider):
    """AWS::ApiGateway::Model; its schema and its description change in place."""

    def create(self, request: Request) -> Progress:
        """CreateModel, which LocalStack leaves without its description."""
        progress: Progress = super().create(request)
        model = progress.resource_model or {}
        if model.get("Description"):
            self._patch(request, model, [replace("/description", model["Description"])])
        return progress

    def update(self, request: Request) -> Progress:
        """UpdateModel."""
        model = kept(request, "Name", "ContentType")
        schema = model.get("Schema", {})
        written = schema if isinstance(schema, str) else json.dumps(schema)
        operations = [
            replace("/schema", written),
            replace("/description", model.get("Description", "")),
        ]
        self._patch(request, model, operations)
        return ResourceType.done(model)

    @staticmethod
    def _patch(request: Request, model: Model, operations: list[dict[str, str]]) -> None:
        request.aws_client_factory.apigateway.update_model(
            restApiId=model["RestApiId"], modelName=model["Name"], patchOperations=operations
        )


class RequestValidatorResource(Forgiving, ApiGatewayRequestValidatorProvider):
    """AWS::ApiGateway::RequestValidator."""

    MADE = "RequestValidatorId"

    def update(self, request: Request) -> Progress:
        """UpdateRequestValidator."""
        model = kept(request, "Name", "RequestValidatorId")
        operations = [
            replace(f"/v{name[1:]}", model.get(name, False))
            for name in ("ValidateRequestBody", "ValidateRequestParameters")
        ]
        request.aws_client_factory.apigateway.update_request_validator(
            restApiId=model["RestApiId"],
            requestValidatorId=model["RequestValidatorId"],
            patchOperations=operations,
        )
        return ResourceType.done(model)


class GatewayResponseResource(Forgiving, ApiGatewayGatewayResponseProvider):
    """AWS::ApiGateway::GatewayResponse; an update puts it anew."""

    MADE = "Id"

    def create(self, request: Request) -> Progress:
        """PutGatewayResponse; names of headers keep their letters."""
        model = dict(request.desired_state)
        model.setdefault("Id", f"{model['RestApiId']}-{model['ResponseType']}")
        members = typed(
            "apigateway",
            "PutGatewayResponse",
            lowered({name: model[name] for name in model if name != "Id"}),
            "AWS::ApiGateway::GatewayResponse",
        )
        request.aws_client_factory.apigateway.put_gateway_response(**members)
        return ResourceType.done(model)

    def update(self, request: Request) -> Progress:
        """PutGatewayResponse."""
        request.desired_state.update(kept(request, "Id"))
        return self.create(request)


class AccountResource(ApiGatewayAccountProvider):
    """AWS::ApiGateway::Account; deleting it changes nothing, as on AWS."""

    def create(self, request: Request) -> Progress:
        """UpdateAccount."""
        model = dict(request.desired_state)
        role = model.get("CloudWatchRoleArn", "")
        request.aws_client_factory.apigateway.update_account(
            patchOperations=[replace("/cloudwatchRoleArn", role)]
        )
        model.setdefault("Id", ResourceType.default_name(request))
        return ResourceType.done(model)

    def update(self, request: Request) -> Progress:
        """UpdateAccount."""
        request.desired_state.update(kept(request, "Id"))
        return self.create(request)
