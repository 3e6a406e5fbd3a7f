"""HTTP and HTTP_PROXY integrations: one request to somebody's server, of bounded time and size.

Redirects are the client's to follow. Names below `localhost` are this machine, for which no name
server is asked: load balancers here have such names. A private integration calls the load balancer
that its VPC link leads to.
"""

import time
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

import urllib3
from localstack.services.apigateway.next_gen.execute_api.context import EndpointResponse
from localstack.services.apigateway.next_gen.execute_api.gateway_response import (
    IntegrationFailureError,
    IntegrationTimeoutError,
    InternalServerError,
)
from localstack.services.apigateway.next_gen.execute_api.integrations.core import (
    RestApiIntegration,
)
from werkzeug.datastructures import Headers

from emulation.services.apigateway.admission import LARGEST
from emulation.services.apigateway.balancers import balancer_of

WITHOUT_BODY = {"OPTIONS", "GET", "HEAD"}
DEFAULT_MS = 29_000
PIECE = 64 * 1024
LOOPBACK = "127.0.0.1"

NO_ADDRESS = (
    urllib3.exceptions.LocationValueError,
    urllib3.exceptions.NameResolutionError,
    UnicodeError,
)

POOL = urllib3.PoolManager(num_pools=64, maxsize=64, retries=False)
"""Kept connections to the servers behind APIs."""


class HttpIntegration(RestApiIntegration):
    """Both types: what differs between them is done before and after."""

    def __init__(self, name: str) -> None:
        self.name = name

    def invoke(self, context: Any) -> EndpointResponse:
        """Ask the server and give its answer.

        Raises:
            IntegrationTimeoutError: it takes longer than the integration may.
            IntegrationFailureError: it cannot be reached, or hangs up.
            InternalServerError: the address is none, or the answer is too large.
        """
        request = context.integration_request
        url, headers = address(context)
        method = str(request["http_method"])
        deadline = time.monotonic() + timeout_of(context.integration)
        try:
            response = POOL.request(
                method,
                url,
                fields=None,
                body=None if method in WITHOUT_BODY else request["body"],
                headers=headers,
                redirect=False,
                preload_content=False,
                timeout=urllib3.Timeout(total=timeout_of(context.integration)),
            )
            body = whole(response, deadline)
        except NO_ADDRESS as error:
            raise InternalServerError("Internal server error") from error
        except urllib3.exceptions.NewConnectionError as error:
            raise unreachable() from error
        except urllib3.exceptions.TimeoutError as error:
            raise IntegrationTimeoutError("Endpoint request timed out") from error
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise unreachable() from error
        return EndpointResponse(
            body=body,
            status_code=response.status,
            headers=Headers(list(response.headers.iteritems())),
        )


def unreachable() -> IntegrationFailureError:
    """What AWS says of any network error."""
    return IntegrationFailureError("Network error communicating with endpoint", status_code=504)


def timeout_of(integration: Mapping[str, Any]) -> float:
    """How long the integration may take, in s."""
    return int(integration.get("timeoutInMillis") or DEFAULT_MS) / 1000


def whole(response: urllib3.BaseHTTPResponse, deadline: float) -> bytes:
    """The body, piece by piece, so that a slow one is noticed."""
    pieces: list[bytes] = []
    size = 0
    with ExitStack() as cleanup:
        # What is not read to its end must not be the beginning of the next answer.
        cleanup.callback(response.close)
        for piece in response.stream(PIECE, decode_content=True):
            pieces.append(piece)
            size += len(piece)
            if time.monotonic() > deadline:
                raise IntegrationTimeoutError("Endpoint request timed out")
            if size > LARGEST:
                raise InternalServerError("Internal server error")
        cleanup.pop_all()
    response.release_conn()
    return b"".join(pieces)


def address(context: Any) -> tuple[str, dict[str, str]]:
    """Where the request goes, and its headers."""
    request = context.integration_request
    parts = urlsplit(request["uri"])
    query = urlencode(pairs(request["query_string_parameters"]))
    parts = parts._replace(query="&".join(each for each in (parts.query, query) if each))
    headers = joined(request["headers"])
    if context.integration.get("connectionType") == "VPC_LINK":
        parts = parts._replace(scheme="http", netloc=balancer_of(context))
        headers.pop("Host", None)
    if (parts.hostname or "").endswith(".localhost"):
        headers.setdefault("Host", parts.netloc)
        port = f":{parts.port}" if parts.port else ""
        parts = parts._replace(netloc=f"{LOOPBACK}{port}")
    return urlunsplit(parts), headers


def pairs(parameters: Mapping[str, str | list[str]]) -> list[tuple[str, str]]:
    """A query's parameters, each with one value."""
    return [
        (name, value)
        for name, values in parameters.items()
        for value in (values if isinstance(values, list) else [values])
    ]


def joined(headers: Headers) -> dict[str, str]:
    """Headers with all their values in one."""
    found: dict[str, str] = {}
    for name, value in headers.items():
        found[name] = f"{found[name]},{value}" if name in found else str(value)
    return found
