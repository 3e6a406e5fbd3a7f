"""`$context`, `$stageVariables` and `$method.request` in gateway responses and access logs.

Both are plain substitution, no template engine, as on AWS: what is not known becomes `-` in a log
and nothing in a response.
"""

import json
import re
from collections.abc import Callable
from typing import Any

from emulation.services.apigateway.story import Story, milliseconds, story_of

CONTEXT = re.compile(r"\$context\.([A-Za-z][\w-]*(?:\.[\w-]+)*)")
ANY = re.compile(
    r"\$(context|stageVariables|method\.request\.(?:header|querystring|path))"
    r"\.([A-Za-z][\w-]*(?:\.[\w-]+)*)"
)
PLACES = {
    "header": "headers",
    "querystring": "query_string_parameters",
    "path": "path_parameters",
}


def substituted(template: str, find: Callable[[str], Any], absent: str, *, quoted: bool) -> str:
    """A text with the values of its `$context` variables; `quoted` where it is JSON."""
    return CONTEXT.sub(
        lambda found: text(found[1], find(found[1]), absent, quoted=quoted), template
    )


def rendered(template: str, context: Any, *, quoted: bool) -> str:
    """The body of a gateway response."""

    def value(found: re.Match[str]) -> str:
        return text(found[2], named(context, f"{found[1]}.{found[2]}"), "", quoted=quoted)

    return ANY.sub(value, template)


def text(name: str, value: Any, absent: str, *, quoted: bool) -> str:
    """A value inside a text. `error.messageString` brings its own quotation marks."""
    if name == "error.messageString":
        return json.dumps(value if value is not None else absent or None)
    if value is None:
        return absent
    plain = str(value).lower() if isinstance(value, bool) else str(value)
    return json.dumps(plain)[1:-1] if quoted else plain


def named(context: Any, expression: str) -> Any:
    """The value of `context.x`, `stageVariables.x` or `method.request.header.x`; None if none."""
    place, _, rest = expression.partition(".")
    if place == "context":
        return of_path(context.context_variables or {}, rest)
    if place == "stageVariables":
        return (context.stage_variables or {}).get(rest)
    kind, _, name = rest.removeprefix("request.").partition(".")
    request = context.invocation_request or {}
    return (request.get(PLACES.get(kind, ""), None) or {}).get(name)


def of_path(values: Any, path: str) -> Any:
    """What a dotted path leads to."""
    for name in path.split("."):
        values = values.get(name) if isinstance(values, dict) else None
    return values


def logged(context: Any, response: Any) -> Callable[[str], Any]:
    """Finds the variables of an access log: those of the request, and what became of it."""
    known = dict(context.context_variables or {})
    known |= outcome(context, story_of(context), response)

    def find(name: str) -> Any:
        return of_path(known, name)

    return find


def outcome(context: Any, story: Story, response: Any) -> dict[str, Any]:
    """The variables that only an access log has."""
    integration = story.integration.variables()
    authorizer = {name: value for name, value in story.authorizer.variables().items() if value}
    given = (context.context_variables or {}).get("authorizer") or {}
    return {
        "status": response.status_code,
        "responseLatency": milliseconds(story.began),
        "responseLength": len(response.get_data()),
        "integration": integration,
        "integrationLatency": story.integration.latency,
        "integrationStatus": story.integration.status,
        "integrationErrorMessage": story.integration.error,
        "authorizer": {**given, **authorizer},
        "xrayTraceId": context.trace_id,
        "endpointType": endpoint_type(context),
    }


def endpoint_type(context: Any) -> str | None:
    """How the API is published."""
    if not context.deployment:
        return None
    configuration = context.deployment.rest_api.rest_api.get("endpointConfiguration") or {}
    types = configuration.get("types") or [None]
    kind: str | None = types[0]
    return kind
