"""Gateway responses: what the gateway itself answers, in the API's own words where it has some."""

import json
import logging
from typing import Any

from localstack.http import Response
from localstack.services.apigateway.next_gen.execute_api.gateway_response import (
    AccessDeniedError,
    BaseGatewayException,
    get_gateway_response_or_default,
)

from emulation.services.apigateway.story import story_of
from emulation.services.apigateway.variables import named, rendered

LOG = logging.getLogger(__name__)

JSON = "application/json"
OWN_TEMPLATE = '{"message":$context.error.messageString}'
"""Every response has it until somebody puts another."""


class UnknownApiError(BaseGatewayException):
    """No API or no stage has this address; AWS does not say which."""

    code = "ForbiddenException"
    status_code = 403
    message = "Forbidden"


def answer_error(_: Any, error: Exception, context: Any, response: Response) -> None:
    """Exception handler: answer as the API's gateway response says."""
    if isinstance(error, BaseGatewayException):
        response.update_from(answered(error, context))
        return
    message = "Internal server error"
    if isinstance(error, NotImplementedError):
        message = str(error)
        response.status_code = 501
    else:
        LOG.error("an invocation of %s failed", context.api_id, exc_info=error)
        response.status_code = 500
    story_of(context).say(f"Execution failed due to configuration error: {message}", error=True)
    response.headers["x-amzn-ErrorType"] = "InternalServerErrorException"
    response.set_json({"message": message})


def answered(error: BaseGatewayException, context: Any) -> Response:
    """The gateway response of an error."""
    tell(error, context)
    configured = get_gateway_response_or_default(
        error.type, context.deployment.rest_api.gateway_responses
    )
    status = configured.get("statusCode") or error.status_code or 500
    kind, template = chosen(configured.get("responseTemplates") or {}, context)
    if template == OWN_TEMPLATE:
        body = default_body(error)
    else:
        body = rendered(template, context, quoted=kind == JSON)
    response = Response(body, int(status), {"Content-Type": kind})
    response.headers["x-amzn-ErrorType"] = error.code
    for name, source in (configured.get("responseParameters") or {}).items():
        value = header_value(source, context)
        if value is not None:
            response.headers[name.removeprefix("gatewayresponse.header.")] = value
    return response


def tell(error: BaseGatewayException, context: Any) -> None:
    """Where templates and logs find it."""
    story = story_of(context)
    context.context_variables["error"] = {
        "message": error.message,
        "messageString": error.message,
        "responseType": error.type,
        "validationErrorString": story.validation_error or None,
    }
    story.say(
        f"Gateway response type: {error.type} with status code: {error.status_code}", error=True
    )


def default_body(error: BaseGatewayException) -> str:
    """The body without a template; a refused authorization spells its member otherwise."""
    if isinstance(error, AccessDeniedError):
        return json.dumps({"Message": error.message}, separators=(",", ":"))
    return json.dumps({"message": error.message}, separators=(",", ":"))


def chosen(templates: dict[str, str], context: Any) -> tuple[str, str]:
    """The template that the client accepts, otherwise the one for JSON, otherwise the first."""
    accepted = (context.invocation_request or {}).get("headers", {}).get("Accept") or ""
    kinds = [kind.partition(";")[0].strip() for kind in accepted.split(",")]
    for kind in (*kinds, JSON, *templates):
        if kind in templates:
            return kind, templates[kind]
    return JSON, OWN_TEMPLATE


def header_value(source: str, context: Any) -> str | None:
    """The value of a header's mapping: `'a text'` or the name of a variable."""
    if len(source) > 1 and source[0] == source[-1] == "'":
        return source[1:-1]
    value = named(context, source)
    return None if value is None else str(value)
