"""The call of an integration: measured, and no longer than it may take.

HTTP integrations are ours. Those of AWS and of Lambda are LocalStack's, which wait for ever: they
run in a thread, and go on there when nobody waits any more, as a function does on AWS.
"""

import time
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import Any

from localstack.services.apigateway.next_gen.execute_api.gateway_response import (
    BaseGatewayException,
    IntegrationTimeoutError,
    InternalServerError,
)
from localstack.services.apigateway.next_gen.execute_api.helpers import (
    get_lambda_function_arn_from_invocation_uri,
    get_source_arn,
)
from localstack.services.apigateway.next_gen.execute_api.integrations import (
    REST_API_INTEGRATIONS,
)

from emulation.services.apigateway.lambdas import may_invoke
from emulation.services.apigateway.story import milliseconds, story_of
from emulation.services.apigateway.upstream import HttpIntegration, timeout_of

INTEGRATIONS: dict[str, Any] = {
    **REST_API_INTEGRATIONS,
    "HTTP": HttpIntegration("HTTP"),
    "HTTP_PROXY": HttpIntegration("HTTP_PROXY"),
}
WAITING = ThreadPoolExecutor(256, "apigateway")


def integrate(_: Any, context: Any, __: Any) -> None:
    """Request handler: call what is behind the method."""
    kind = context.integration["type"]
    call = story_of(context).integration
    if kind != "MOCK":
        tell_request(context)
    began = time.perf_counter()
    try:
        answer = called(kind, context)
    except BaseGatewayException as error:
        call.error = error.message
        raise
    finally:
        if kind != "MOCK":
            call.latency = milliseconds(began)
    call.status = answer["status_code"]
    if kind != "MOCK":
        tell_answer(context, answer)
    context.endpoint_response = answer
    if kind.endswith("PROXY"):
        context.invocation_response = answer


def called(kind: str, context: Any) -> Any:
    """The integration's answer."""
    integration = INTEGRATIONS[kind]
    if not kind.startswith("AWS"):
        return integration.invoke(context)
    check_permission(context)
    waiting = WAITING.submit(integration.invoke, context)
    try:
        return waiting.result(timeout_of(context.integration))
    except FutureTimeoutError as error:
        raise IntegrationTimeoutError("Endpoint request timed out") from error


def check_permission(context: Any) -> None:
    """A function is called only where its policy, or a role, lets the API."""
    uri = context.integration_request["uri"]
    if "functions/" not in uri or context.integration.get("credentials"):
        return
    function = get_lambda_function_arn_from_invocation_uri(uri)
    if not may_invoke(function, get_source_arn(context)):
        told = "Execution failed due to configuration error: Invalid permissions on Lambda function"
        story_of(context).say(told, error=True)
        raise InternalServerError("Internal server error")


def tell_request(context: Any) -> None:
    """What the execution log says before the call."""
    request = context.integration_request
    story_of(context).say(f"Endpoint request URI: {request['uri']}")
    story_of(context).say(f"Sending request to {request['uri']}")


def tell_answer(context: Any, answer: Any) -> None:
    """What the execution log says after it."""
    story = story_of(context)
    story.say(
        f"Received response. Status: {answer['status_code']}, "
        f"Integration latency: {story.integration.latency or 0} ms"
    )
