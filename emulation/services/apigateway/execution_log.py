"""Execution logs: what the gateway did with a request, line by line, in the group
`API-Gateway-Execution-Logs_API/STAGE`.

The level is the method's setting: INFO tells all, ERROR what went wrong; bodies and headers only
with `dataTraceEnabled`.
"""

from typing import Any

from emulation.services.apigateway.access_log import STREAMS, stage_of
from emulation.services.apigateway.metering import setting_of
from emulation.services.apigateway.story import story_of

LONGEST = 1024
"""Characters of a body; AWS cuts them off too."""


def log_execution(context: Any, response: Any) -> None:
    """Write the lines of a request, where its method asks for them."""
    setting = setting_of(context)
    level = setting.get("loggingLevel", "OFF")
    if level not in ("INFO", "ERROR"):
        return
    group = f"API-Gateway-Execution-Logs_{context.api_id}/{context.stage}"
    lines = told(context, response, full=bool(setting.get("dataTraceEnabled")))
    for line, is_error in lines:
        if is_error or level == "INFO":
            STREAMS.write(context.account_id, context.region, group, stage_of(context), line)


def told(context: Any, response: Any, *, full: bool) -> list[tuple[str, bool]]:
    """All lines, and whether each is of an error."""
    request_id = context.context_variables["requestId"]
    lines = [
        *[(line, False) for line in beginning(context, full=full)],
        *story_of(context).lines,
        *[(line, False) for line in end(context, response, full=full)],
    ]
    return [(f"({request_id}) {line}", is_error) for line, is_error in lines]


def beginning(context: Any, *, full: bool) -> list[str]:
    """What came."""
    variables, request = context.context_variables, context.invocation_request
    resource = variables.get("resourcePath", "-")
    lines = [
        f"Extended Request Id: {variables['extendedRequestId']}",
        f"Starting execution for request: {variables['requestId']}",
        f"HTTP Method: {variables['httpMethod']}, Resource Path: {resource}",
    ]
    if full:
        lines += [
            f"Method request path: {braces(request.get('path_parameters'))}",
            f"Method request query string: {braces(request['query_string_parameters'])}",
            f"Method request headers: {braces(dict(request['headers']))}",
            f"Method request body before transformations: {shown(request['body'])}",
        ]
    return lines


def end(context: Any, response: Any, *, full: bool) -> list[str]:
    """What went back."""
    lines = []
    if full:
        answer = context.endpoint_response or {}
        lines = [
            f"Endpoint response body before transformations: {shown(answer.get('body', b''))}",
            f"Method response body after transformations: {shown(response.get_data())}",
            f"Method response headers: {braces(dict(response.headers))}",
        ]
    if not context.context_variables.get("error"):
        lines.append("Successfully completed execution")
    return [*lines, f"Method completed with status: {response.status_code}"]


def braces(values: Any) -> str:
    """A map as AWS prints one; API keys keep their end only."""
    shown_values = [f"{name}={hidden(name, value)}" for name, value in (values or {}).items()]
    return f"{{{', '.join(shown_values)}}}"


def hidden(name: str, value: Any) -> str:
    """A header's value, of a secret one the last letters."""
    if name.lower() in ("x-api-key", "authorization"):
        return f"{'*' * 10}{str(value)[-6:]}"
    return str(value)


def shown(body: bytes) -> str:
    """A body, cut off where it is long."""
    text = (body or b"")[: LONGEST * 4].decode(errors="replace")
    return f"{text[:LONGEST]} [TRUNCATED]" if len(text) > LONGEST else text
