"""What moto's records take and API Gateway refuses: one thing twice, or one that others need."""

import json
from typing import Any

from localstack.aws.api.apigateway import ConflictException

from emulation.services.apigateway.errors import bad_request, not_found


def check_resource(api: Any, parent: str, part: str) -> None:
    """A parent has each path part once."""
    if any(each.parent_id == parent and each.path_part == part for each in api.resources.values()):
        raise ConflictException(
            f"Another resource with the same parent already has this name: {part}"
        )


def check_method(api: Any, resource: str, verb: str) -> None:
    """A resource has each method once."""
    known = api.resources.get(resource)
    if known is not None and verb in known.resource_methods:
        raise ConflictException("Method already exists for this resource")


def check_schema(schema: str | None) -> None:
    """A model's schema is a JSON object."""
    try:
        found = json.loads(schema or "{}")
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise bad_request(
            "Invalid model specified: Validation Result: warnings : [], errors : "
            "[Invalid model schema specified]"
        )


def check_deployment(api: Any, deployment: str) -> None:
    """A stage is of a deployment that is there."""
    if deployment not in api.deployments:
        raise not_found("Invalid Deployment identifier specified")


def check_plan(plan: Any) -> None:
    """A plan goes when no stage is in it any more."""
    for stage in plan.api_stages or []:
        raise bad_request(
            f"Cannot delete Usage Plan {plan.id} because there are API Stages associated with it, "
            f"including {stage['apiId']}:{stage['stage']}"
        )


def check_authorizer(api: Any, authorizer: str, name: str) -> None:
    """An authorizer goes when no method asks it any more."""
    for resource in api.resources.values():
        for verb, method in resource.resource_methods.items():
            if method.authorizer_id == authorizer:
                raise ConflictException(
                    f"Cannot delete authorizer '{name}', is referenced in method: "
                    f"{verb}/{resource.get_path()}"
                )
