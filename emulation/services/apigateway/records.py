"""What moto's records of APIs leave out, though an invocation needs it."""

from typing import Any

from localstack.utils.patch import patch
from moto.apigateway.models import Integration

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
