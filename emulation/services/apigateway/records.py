"""What the records of APIs leave out or say otherwise than AWS, LocalStack's and moto's."""

from typing import Any

from localstack.services.apigateway.exporter import (
    _OpenApiOAS30Exporter,
    _OpenApiSwaggerExporter,
)
from localstack.services.moto import call_moto
from localstack.utils.patch import patch
from moto.apigateway.exceptions import NotFoundException, RestAPINotFound
from moto.apigateway.models import APIGatewayBackend, Integration

from emulation.services.apigateway.errors import bad_request

ANY_METHOD = "x-amazon-apigateway-any-method"
PRIVATE = {"connectionId": "connection_id", "integrationTarget": "integration_target"}


def complete() -> None:
    """Patch the records; called once, before they are used."""
    patch(Integration.to_json)(with_connection)
    patch(APIGatewayBackend.get_rest_api)(found_by_name)
    for exporter in (_OpenApiSwaggerExporter, _OpenApiOAS30Exporter):
        patch(exporter._add_paths)(with_any_method)


def with_connection(to_json: Any, integration: Integration) -> dict[str, Any]:
    """An integration with its VPC link and its load balancer."""
    answer: dict[str, Any] = to_json(integration)
    for name, attribute in PRIVATE.items():
        if value := getattr(integration, attribute, None):
            answer[name] = value
    return answer


def found_by_name(get_rest_api: Any, backend: APIGatewayBackend, api_id: str) -> Any:
    """An API; that there is none is said with its name."""
    try:
        return get_rest_api(backend, api_id)
    except RestAPINotFound as error:
        named = f"Invalid API identifier specified {backend.account_id}:{api_id}"
        raise NotFoundException(named) from error


def with_any_method(
    add_paths: Any, exporter: Any, spec: Any, resources: dict[str, Any], *more: Any
) -> None:
    """A document's paths; ANY is no method of OpenAPI, which AWS has an extension for."""
    for item in resources.get("items") or []:
        methods = item.get("resourceMethods") or {}
        if "ANY" in methods:
            methods[ANY_METHOD] = methods.pop("ANY")
    add_paths(exporter, spec, resources, *more)


def forward(context: Any) -> Any:
    """The record's own answer to a request."""
    return call_moto(context)


def check_complete(api: Any) -> None:
    """A deployment is of methods that all lead somewhere.

    Raises:
        BadRequestException: there is no method, or one without an integration.
    """
    methods = [
        method
        for resource in api.resources.values()
        for method in resource.resource_methods.values()
    ]
    if not methods:
        raise bad_request("The REST API doesn't contain any methods")
    if any(method.method_integration is None for method in methods):
        raise bad_request("No integration defined for method")
