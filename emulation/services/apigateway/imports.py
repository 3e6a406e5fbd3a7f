"""What LocalStack leaves out of an imported OpenAPI document without a word: gateway responses, and
authorization that it does not know, whose methods would be open to everybody.
"""

from collections.abc import Iterator
from typing import Any

import yaml
from localstack.services.apigateway.next_gen.execute_api.gateway_response import (
    DEFAULT_GATEWAY_RESPONSES,
    build_gateway_response,
)

from emulation.services.apigateway.errors import bad_request, not_emulated
from emulation.services.apigateway.method_checks import REFUSED

RESPONSES = "x-amazon-apigateway-gateway-responses"
AUTH = "x-amazon-apigateway-auth"
SCHEME = "x-amazon-apigateway-authtype"
SCHEMES = {"awsSigv4": "AWS_IAM", "cognito_user_pools": "COGNITO_USER_POOLS"}


def document(body: bytes) -> dict[str, Any]:
    """The document, in JSON or YAML.

    Raises:
        BadRequestException: it is neither, or no OpenAPI.
    """
    try:
        found = yaml.safe_load(body)
    except yaml.YAMLError as error:
        raise bad_request("Invalid OpenAPI input.") from error
    if not isinstance(found, dict) or not {"swagger", "openapi"} & set(found):
        raise bad_request("Invalid OpenAPI input.")
    return found


def check(spec: dict[str, Any]) -> None:
    """Refuse a document whose methods would be open where they should not."""
    schemes = {
        **(spec.get("securityDefinitions") or {}),
        **((spec.get("components") or {}).get("securitySchemes") or {}),
    }
    for scheme in schemes.values():
        if kind := SCHEMES.get(scheme.get(SCHEME, "")):
            raise not_emulated(f"authorization by {kind}")
    for operation in operations(spec):
        kind = str((operation.get(AUTH) or {}).get("type", "")).upper()
        if kind in REFUSED:
            raise not_emulated(f"authorization by {kind}")


def operations(spec: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The methods of all paths."""
    for path in (spec.get("paths") or {}).values():
        yield from (each for each in path.values() if isinstance(each, dict))


def put_responses(spec: dict[str, Any], container: Any) -> None:
    """Take over the document's gateway responses."""
    for kind, given in (spec.get(RESPONSES) or {}).items():
        if kind not in DEFAULT_GATEWAY_RESPONSES:
            raise bad_request(f"Invalid gateway response type specified: {kind}")
        status = given.get("statusCode")
        container.gateway_responses[kind] = build_gateway_response(
            kind,
            status_code=str(status) if status else None,
            response_parameters=given.get("responseParameters"),
            response_templates=given.get("responseTemplates"),
            default_response=False,
        )
