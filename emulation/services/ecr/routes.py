"""The paths of the gateway that are the registry's and the image builder's."""

from importlib import import_module
from typing import Any

from localstack.http import Request, Response
from localstack.services.edge import ROUTER

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
ROUTES = {
    "/v2/": "registry:answer",
    "/v2/<path:rest>": "registry:answer",
    "/_terrarium/ecr/layers/<digest>": "registry:download",
    "/_terrarium/docker/<session>/<path:rest>": "docker_engine:answer",
}
"""What answers is loaded with its first request, as services are."""


def add_routes() -> None:
    """Serve them on the gateway."""
    for path, reference in ROUTES.items():
        ROUTER.add(path, _loaded(reference), methods=METHODS)


def _loaded(reference: str) -> Any:
    module, name = reference.split(":")

    def answer(request: Request, **parts: Any) -> Response:
        found = import_module(f"emulation.services.ecr.{module}")
        answered: Response = getattr(found, name)(request, **parts)
        return answered

    return answer
