"""What a method and its integration may be."""

from collections.abc import Mapping
from typing import Any

from emulation.services.apigateway.errors import bad_request, not_emulated

AUTHORIZATIONS = ("NONE", "CUSTOM")
REFUSED = ("AWS_IAM", "COGNITO_USER_POOLS")
SHORTEST, LONGEST = 50, 29_000
"""Milliseconds that an integration may take."""


def check_authorization(kind: str | None) -> None:
    """Callers are let in by nobody, or by a Lambda authorizer."""
    if (kind or "").upper() in REFUSED:
        raise not_emulated(f"authorization by {kind}")
    if (kind or "").upper() not in AUTHORIZATIONS:
        raise bad_request(
            "Invalid Authorization type specified. "
            f"Valid options are {', '.join((*AUTHORIZATIONS, *REFUSED))}"
        )


def check(request: Mapping[str, Any], links: Mapping[str, Any]) -> None:
    """Refuse an integration that AWS refuses, and what nobody here computes."""
    timeout = request.get("timeoutInMillis")
    if timeout is not None and not SHORTEST <= int(timeout) <= LONGEST:
        raise bad_request(f"Timeout should be between {SHORTEST} ms and {LONGEST} ms")
    if request.get("responseTransferMode") == "STREAM":
        raise not_emulated("responseTransferMode STREAM of an integration")
    if request.get("cacheKeyParameters"):
        raise not_emulated("cacheKeyParameters of an integration")
    if request.get("type") in ("HTTP", "HTTP_PROXY"):
        check_http(request, links)


def check_http(request: Mapping[str, Any], links: Mapping[str, Any]) -> None:
    """An address, and a link where the integration is private."""
    uri = request.get("uri") or ""
    if not uri.startswith(("http://", "https://", "${stageVariables.")):
        raise bad_request("Invalid HTTP endpoint specified for URI")
    if not request.get("integrationHttpMethod"):
        raise bad_request("Enumeration value for HttpMethod must be non-empty")
    if request.get("connectionType") != "VPC_LINK":
        return
    link = request.get("connectionId") or ""
    if not link:
        raise bad_request("Connection ID must be specified when the connection type is VPC_LINK")
    # A link of an integrationTarget is API Gateway V2's, which is not here.
    named = link.startswith("${stageVariables.") or request.get("integrationTarget")
    if not named and link not in links:
        raise bad_request("Invalid Vpc Link identifier specified")
