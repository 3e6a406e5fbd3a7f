"""Names below localhost that are not the gateway's own: their requests go to another application.

A load balancer's name is one. They are told from all others by the Host header, before anything of
the gateway sees them, so that a request to a load balancer does not pay for the gateway's chain.
"""

from collections.abc import Awaitable, Callable
from typing import Any

HostApplication = Callable[[Any, Any, Any], Awaitable[None]]
"""An ASGI application."""

_APPLICATIONS: dict[bytes, HostApplication] = {}


def register(ending: str, application: HostApplication) -> None:
    """Give an application the requests to the names with an ending, as `.elb.localhost`."""
    _APPLICATIONS[ending.encode()] = application


def host_application(scope: Any) -> HostApplication | None:
    """The application of a request's host, None for the gateway."""
    if not _APPLICATIONS or scope["type"] not in {"http", "websocket"}:
        return None
    host = host_of(scope)
    for ending, application in _APPLICATIONS.items():
        if host.endswith(ending):
            return application
    return None


def host_of(scope: Any) -> bytes:
    """The name that a request asks, without its port and in lower case."""
    for name, value in scope["headers"]:
        if name == b"host":
            host: bytes = value.partition(b":")[0].lower()
            return host
    return b""
