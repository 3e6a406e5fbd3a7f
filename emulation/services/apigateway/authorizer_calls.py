"""The call of an authorizer's function: what it is told, and what its answer must be."""

import json
import time
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from localstack.services.apigateway.next_gen.execute_api.gateway_response import (
    AuthorizerConfigurationError,
    AuthorizerFailureError,
    UnauthorizedError,
)
from localstack.services.apigateway.next_gen.execute_api.header_utils import (
    build_multi_value_headers,
)
from localstack.services.apigateway.next_gen.execute_api.helpers import (
    get_lambda_function_arn_from_invocation_uri,
    render_uri_with_stage_variables,
)

from emulation.services.apigateway.lambdas import invoke, may_invoke
from emulation.services.apigateway.policies import MalformedPolicyError, statements
from emulation.services.apigateway.story import milliseconds, story_of

SCALAR = (str, int, float, bool)


@dataclass(frozen=True, slots=True)
class AuthorizerAnswer:
    """Who calls and what the caller may do."""

    principal: str
    policy: dict[str, Any]
    context: dict[str, Any] = field(default_factory=dict)
    usage_key: str | None = None


def ask(authorizer: dict[str, Any], token: str, context: Any) -> AuthorizerAnswer:
    """Call the function.

    Raises:
        UnauthorizedError: it says so.
        AuthorizerFailureError: it failed.
        AuthorizerConfigurationError: it may not be called, or its answer is no policy.
    """
    payload = event(authorizer, token, context)
    uri = render_uri_with_stage_variables(authorizer["authorizerUri"], context.stage_variables)
    function = get_lambda_function_arn_from_invocation_uri(uri)
    source = (
        f"arn:aws:execute-api:{context.region}:{context.account_id}:{context.api_id}"
        f"/authorizers/{authorizer['id']}"
    )
    role = authorizer.get("authorizerCredentials")
    if not role and not may_invoke(function, source):
        told = "Execution failed due to configuration error: Invalid permissions on Lambda function"
        story_of(context).say(told, error=True)
        raise AuthorizerConfigurationError
    return read(called(function, source, role, payload, context), context)


def called(function: str, source: str, role: str | None, payload: Any, context: Any) -> Any:
    """The function's answer, measured."""
    call = story_of(context).authorizer
    began = time.perf_counter()
    try:
        result = invoke(function, source, role, json.dumps(payload).encode())
    except (ClientError, BotoCoreError) as error:
        call.latency, call.status, call.error = milliseconds(began), 500, str(error)
        raise AuthorizerConfigurationError from error
    call.latency, call.status = milliseconds(began), 200
    call.request_id = result.request_id
    if not result.failed:
        return result.payload
    said = result.payload.get("errorMessage") if isinstance(result.payload, dict) else None
    call.status, call.error = (401, "Unauthorized") if said == "Unauthorized" else (500, said)
    if said == "Unauthorized":
        raise UnauthorizedError("Unauthorized")
    story_of(context).say(f"Authorizer function failed: {said}", error=True)
    failure = AuthorizerFailureError()
    # AWS says null.
    failure.message = None
    raise failure


def read(answer: Any, context: Any) -> AuthorizerAnswer:
    """The answer, if it is one."""
    try:
        return parsed(answer)
    except (MalformedPolicyError, KeyError, TypeError) as error:
        told = f"Execution failed due to configuration error: Invalid JSON in response: {error}"
        story_of(context).say(told, error=True)
        raise AuthorizerConfigurationError from error


def parsed(answer: Any) -> AuthorizerAnswer:
    """The answer's parts.

    Raises:
        MalformedPolicyError, KeyError, TypeError: it is none.
    """
    given = answer.get("context") or {}
    if not all(isinstance(value, SCALAR) for value in given.values()):
        raise MalformedPolicyError("a value of the context is neither text, number nor truth")
    statements(answer["policyDocument"])
    return AuthorizerAnswer(
        str(answer.get("principalId", "")),
        answer["policyDocument"],
        given,
        answer.get("usageIdentifierKey"),
    )


def event(authorizer: dict[str, Any], token: str, context: Any) -> dict[str, Any]:
    """What the function is told."""
    told = {"type": authorizer["type"], "methodArn": method_arn(context)}
    if authorizer["type"] == "TOKEN":
        return {**told, "authorizationToken": token}
    request = context.invocation_request
    return {
        **told,
        "resource": context.resource["path"],
        "path": request["path"],
        "httpMethod": request["http_method"],
        "headers": dict(request["headers"]),
        "multiValueHeaders": build_multi_value_headers(request["headers"]),
        "queryStringParameters": request["query_string_parameters"],
        "multiValueQueryStringParameters": request["multi_value_query_string_parameters"],
        "pathParameters": request["path_parameters"] or {},
        "stageVariables": context.stage_variables or {},
        "requestContext": context.context_variables,
    }


def method_arn(context: Any) -> str:
    """The ARN of what is called: with the path as it was asked for, not as it is declared."""
    path = context.invocation_request["path"].lstrip("/")
    method = context.invocation_request["http_method"]
    return (
        f"arn:aws:execute-api:{context.region}:{context.account_id}:{context.api_id}"
        f"/{context.stage}/{method}/{path}"
    )
