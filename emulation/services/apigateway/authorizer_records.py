"""What an authorizer may be: Lambda functions; user pools are refused by name."""

import re
from collections.abc import Mapping
from typing import Any

from emulation.services.apigateway.errors import bad_request, not_emulated

URI = re.compile(
    r"arn:[\w-]+:apigateway:[\w-]+:lambda:path/2015-03-31/functions/.+/invocations", re.DOTALL
)
SOURCE = re.compile(
    r"method\.request\.(header|querystring)\.[\w.-]+|stageVariables\.[\w.-]+|context\.[\w.-]+"
)
LONGEST_TTL = 3600


def check(authorizer: Mapping[str, Any]) -> None:
    """Refuse what AWS refuses, and what nobody here computes."""
    kind = authorizer.get("type")
    if kind == "COGNITO_USER_POOLS":
        raise not_emulated("authorizer type COGNITO_USER_POOLS")
    if kind not in ("TOKEN", "REQUEST"):
        raise bad_request(f"Invalid authorizer type specified: {kind}")
    uri = authorizer.get("authorizerUri")
    if not uri or not URI.fullmatch(uri):
        raise bad_request(
            f"Invalid Authorizer URI: {uri}. Authorizer URI should be a valid API Gateway ARN that "
            "represents a Lambda function invocation."
        )
    check_identity(kind, authorizer)


def check_identity(kind: str, authorizer: Mapping[str, Any]) -> None:
    """Its identity sources, its expression and how long its answers are kept."""
    ttl = int(authorizer.get("authorizerResultTtlInSeconds", 300))
    if not 0 <= ttl <= LONGEST_TTL:
        raise bad_request(f"Authorizer result TTL must be between 0 and {LONGEST_TTL} seconds")
    given = authorizer.get("identitySource") or ""
    sources = [each.strip() for each in given.split(",") if each.strip()]
    if not sources and (kind == "TOKEN" or ttl):
        raise bad_request("Identity source must be specified")
    if kind == "TOKEN" and len(sources) > 1:
        raise bad_request("Only one identity source may be specified for a TOKEN authorizer")
    for source in sources:
        if not SOURCE.fullmatch(source):
            raise bad_request(f"Invalid mapping expression specified: {source}")
    try:
        re.compile(authorizer.get("identityValidationExpression") or "")
    except re.error as error:
        raise bad_request(f"Invalid identity validation expression: {error}") from error


def changed(authorizer: Mapping[str, Any], operations: list[dict[str, Any]]) -> dict[str, Any]:
    """What an authorizer becomes."""
    found = dict(authorizer)
    for operation in operations:
        name = operation["path"].strip("/").partition("/")[0]
        if operation["op"] == "remove":
            found.pop(name, None)
        else:
            found[name] = operation.get("value")
    return found
