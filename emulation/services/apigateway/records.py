"""What moto's records of APIs leave out, though an invocation needs it."""

from typing import Any

from localstack.services.moto import call_moto
from localstack.utils.patch import patch
from moto.apigateway.models import Integration

from emulation.services.apigateway.errors import bad_request

PRIVATE = {"connectionId": "connection_id", "integrationTarget": "integration_target"}


def complete() -> None:
    """Patch the records; called once, before they are used."""
    patch(Integration.to_json)(with_connection)


def with_connection(to_json: Any, integration: Integration) -> dict[str, Any]:
    """An integration with its VPC link and its load balancer."""
    answer: dict[str, Any] = to_json(integration)
    for name, attribute in PRIVATE.items():
        if value := getattr(integration, attribute, None):
            answer[name] = value
    return answer


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
