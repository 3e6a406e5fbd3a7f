"""Request validators: parameters that must be there, bodies that must be of their model.

The model is the one of the request's content type, otherwise that of `$default`; where neither is
declared nothing is checked, as on AWS.
"""

import json
from typing import Any
from weakref import WeakKeyDictionary

from jsonschema import Draft4Validator
from localstack.services.apigateway.helpers import EMPTY_MODEL, ModelResolver
from localstack.services.apigateway.next_gen.execute_api.gateway_response import (
    ApiConfigurationError,
    BadRequestBodyError,
    BadRequestParametersError,
)

from emulation.services.apigateway.story import story_of
from emulation.services.apigateway.variables import PLACES
from emulation.services.apigateway.violations import told

JSON = "application/json"

CHECKS: WeakKeyDictionary[Any, dict[str, Draft4Validator]] = WeakKeyDictionary()
"""The models of each deployment's API, ready to use."""


def validate(_: Any, context: Any, __: Any) -> None:
    """Request handler: refuse what the method's validator refuses."""
    method, api = context.resource_method, context.deployment.rest_api
    validator = api.validators.get(method.get("requestValidatorId") or "")
    if not validator:
        return
    if validator.get("validateRequestParameters"):
        check_parameters(method, context.invocation_request)
    if validator.get("validateRequestBody"):
        check_body(method, api, context)


def check_parameters(method: dict[str, Any], request: Any) -> None:
    """Refuse a request without a required parameter, or with an empty one."""
    missing = []
    for expression, required in sorted((method.get("requestParameters") or {}).items()):
        place, _, name = expression.removeprefix("method.request.").partition(".")
        given = request.get(PLACES.get(place, "")) or {}
        if str(required).lower() == "true" and not given.get(name):
            missing.append(name)
    if missing:
        raise BadRequestParametersError(
            f"Missing required request parameters: [{', '.join(missing)}]"
        )


def check_body(method: dict[str, Any], api: Any, context: Any) -> None:
    """Refuse a body that is not of its model."""
    request = context.invocation_request
    name = model_name(method.get("requestModels") or {}, request["headers"].get("Content-Type"))
    if name is None or name == EMPTY_MODEL:
        return
    violations = violations_of(request["body"], model(api, name))
    if violations:
        story = story_of(context)
        story.validation_error = violations
        story.say(f"Request body does not match model schema: {violations}", error=True)
        raise BadRequestBodyError("Invalid request body")


def model_name(models: dict[str, str], content_type: str | None) -> str | None:
    """The model of a content type; without one it is JSON."""
    kind = (content_type or JSON).partition(";")[0].strip().lower()
    return models.get(kind) or models.get("$default")


def violations_of(body: bytes, check: Draft4Validator) -> str:
    """What a body does wrong; an empty one is an empty object."""
    try:
        instance = json.loads(body or b"{}")
    except ValueError as error:
        return f"[{error}]"
    return told(check.iter_errors(instance))


def model(api: Any, name: str) -> Draft4Validator:
    """A model of a deployed API, with what it refers to."""
    checks = CHECKS.setdefault(api, {})
    if name not in checks:
        schema = ModelResolver(api, name).get_resolved_model()
        if not schema:
            raise ApiConfigurationError("Internal server error")
        checks[name] = Draft4Validator(schema)
    return checks[name]
