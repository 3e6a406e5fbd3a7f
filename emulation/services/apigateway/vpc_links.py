"""VPC links: names of network load balancers that an integration may call."""

from typing import Any
from uuid import uuid4

from emulation.services.apigateway.balancers import problem
from emulation.services.apigateway.errors import bad_path, bad_request, not_found
from emulation.services.scope import Scope

READY = "Your vpc link is ready for use"
PATHS = ("/name", "/description")


def create(scope: Scope, links: dict[str, Any], request: dict[str, Any]) -> dict[str, Any]:
    """CreateVpcLink: pending as on AWS, and failed where it leads nowhere."""
    if not request.get("name"):
        raise bad_request("Name cannot be empty")
    targets = request.get("targetArns") or []
    if len(targets) != 1:
        raise bad_request("Exactly one target ARN must be specified")
    if not targets[0].startswith("arn:"):
        raise bad_request(f"Invalid ARN. ARN is not well formed {targets[0]}")
    link = {
        "id": uuid4().hex[:10],
        "name": request["name"],
        "description": request.get("description"),
        "targetArns": targets,
        "tags": request.get("tags") or {},
    }
    wrong = problem(scope, targets[0])
    state = {"status": "FAILED", "statusMessage": wrong}
    if wrong is None:
        state = {"status": "AVAILABLE", "statusMessage": READY}
    links[link["id"]] = {**link, **state}
    return {**link, "status": "PENDING"}


def update(links: dict[str, Any], request: dict[str, Any]) -> dict[str, Any]:
    """UpdateVpcLink."""
    link: dict[str, Any] | None = links.get(request["vpcLinkId"])
    if link is None:
        raise not_found("Invalid Vpc Link identifier specified")
    for operation in request.get("patchOperations") or []:
        if operation["path"] not in PATHS or operation["op"] != "replace":
            raise bad_path(operation["path"], operation["op"], PATHS)
        link[operation["path"][1:]] = operation.get("value")
    return link
