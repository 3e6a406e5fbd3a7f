"""What is refused before an API looks at a request: its size, its address, its caller."""

import json
from typing import Any

from localstack.services.apigateway.next_gen.execute_api.gateway_response import (
    AccessDeniedError,
    RequestTooLargeError,
)

from emulation.services.apigateway.answers import UnknownApiError
from emulation.services.apigateway.authorizer_calls import method_arn
from emulation.services.apigateway.policies import INVOKE, Verdict, verdict

LARGEST = 10 * 1024 * 1024
"""Bytes of a request's or of a response's body."""


def admit(_: Any, context: Any, __: Any) -> None:
    """Request handler: by size, and by the API's own switch."""
    if len(context.invocation_request["body"] or b"") > LARGEST:
        raise RequestTooLargeError(f"HTTP content length exceeded {LARGEST} bytes.")
    if context.deployment.rest_api.rest_api.get("disableExecuteApiEndpoint"):
        raise UnknownApiError


def obey_policy(_: Any, context: Any, __: Any) -> None:
    """Request handler: what the API's resource policy says of an anonymous caller."""
    policy = policy_of(context.deployment.rest_api.rest_api)
    if policy is None:
        return
    values = {"aws:SourceIp": context.context_variables["identity"]["sourceIp"]}
    found = verdict(with_whole_arns(policy, context), INVOKE, method_arn(context), values, "*")
    if found is Verdict.ALLOWED:
        return
    suffix = " with an explicit deny" if found is Verdict.DENIED else ""
    raise AccessDeniedError(
        f"User: anonymous is not authorized to perform: {INVOKE} on resource: "
        f"{masked(method_arn(context))}{suffix}"
    )


def policy_of(api: Any) -> dict[str, Any] | None:
    """The resource policy of a deployed API, which the API gives with its quotes escaped."""
    given = api.get("policy")
    if not given:
        return None
    policy = json.loads(given.replace('\\"', '"')) if isinstance(given, str) else given
    found: dict[str, Any] = policy
    return found


def with_whole_arns(policy: dict[str, Any], context: Any) -> dict[str, Any]:
    """The policy with `execute-api:/stage/GET/path` as the ARN that it is short for."""
    arn = method_arn(context)
    head = arn[: arn.index("/")]
    written = json.dumps(policy).replace('"execute-api:/', f'"{head}/')
    whole: dict[str, Any] = json.loads(written)
    return whole


def masked(arn: str) -> str:
    """An ARN that does not tell the account."""
    parts = arn.split(":")
    parts[4] = f"********{parts[4][-4:]}"
    return ":".join(parts)
