"""TestInvokeMethod and TestInvokeAuthorizer: an invocation without a stage, and all it logs."""

import time
from collections.abc import Mapping
from typing import Any

from localstack.http import Request, Response
from localstack.services.apigateway.next_gen.execute_api import handlers
from localstack.services.apigateway.next_gen.execute_api.context import (
    RestApiInvocationContext,
)
from localstack.services.apigateway.next_gen.execute_api.gateway_response import (
    BaseGatewayException,
)
from localstack.services.apigateway.next_gen.execute_api.test_invoke import (
    create_test_invocation_context,
)
from rolo.gateway import HandlerChain
from werkzeug.datastructures import Headers

from emulation.services.apigateway.answers import answer_error
from emulation.services.apigateway.authorizers import answered
from emulation.services.apigateway.execution_log import told
from emulation.services.apigateway.integrating import integrate
from emulation.services.apigateway.policies import INVOKE
from emulation.services.apigateway.story import milliseconds, story_of
from emulation.services.apigateway.validating import validate

STAGE = "test-invoke-stage"
STAMP = "%a %b %d %H:%M:%S UTC %Y"


def invoke_method(request: Mapping[str, Any], deployment: Any) -> dict[str, Any]:
    """TestInvokeMethod; neither authorizer nor key is asked for."""
    context: Any = create_test_invocation_context(request, deployment)
    context.stage_configuration = {}
    story_of(context)
    response = Response(headers={"Content-Type": "application/json"})
    chain: Any = HandlerChain(
        request_handlers=[
            validate,
            handlers.integration_request_handler,
            integrate,
            handlers.integration_response_handler,
            handlers.method_response_handler,
        ],
        exception_handlers=[answer_error],
    )
    chain.handle(context, response)
    headers = {name: value for name, value in response.headers.items() if name != "Content-Length"}
    return {
        "status": response.status_code,
        "body": response.get_data(as_text=True),
        "headers": headers,
        "multiValueHeaders": {name: response.headers.getlist(name) for name in headers},
        "log": log_of(context, response),
        "latency": milliseconds(story_of(context).began),
    }


def log_of(context: Any, response: Response) -> str:
    """The execution log, line by line with its moment."""
    moment = time.strftime(STAMP, time.gmtime())
    request_id = context.context_variables["requestId"]
    lines = [
        line.removeprefix(f"({request_id}) ") for line, _ in told(context, response, full=True)
    ]
    return "".join(
        [
            f"Execution log for request {request_id}\n",
            *[f"{moment} : {line}\n" for line in lines],
        ]
    )


def invoke_authorizer(
    request: Mapping[str, Any], authorizer: dict[str, Any], deployment: Any
) -> dict[str, Any]:
    """TestInvokeAuthorizer: the function's answer, which is not kept."""
    context = context_of(request, deployment)
    response = Response()
    found: dict[str, Any] = {"clientStatus": 0}
    try:
        answer = answered({**authorizer, "authorizerResultTtlInSeconds": 0}, context)
        found |= {
            "principalId": answer.principal,
            "policy": str(answer.policy).replace("'", '"'),
            "authorization": {INVOKE: []},
        }
    except BaseGatewayException as error:
        response.status_code = found["clientStatus"] = int(error.status_code)
    return {
        **found,
        "log": log_of(context, response),
        "latency": milliseconds(story_of(context).began),
    }


def context_of(request: Mapping[str, Any], deployment: Any) -> Any:
    """An invocation of the API's root."""
    path, _, query = request.get("pathWithQueryString", "/").partition("?")
    headers = request.get("headers") or {}
    http = Request("GET", path or "/", query_string=query, headers=headers)
    context: Any = RestApiInvocationContext(http)
    context.deployment = deployment
    context.api_id, context.stage = request["restApiId"], STAGE
    context.account_id, context.region = deployment.account_id, deployment.region
    context.stage_configuration = {"variables": request.get("stageVariables") or {}}
    handlers.parse_request.parse_and_enrich(context)
    context.invocation_request["headers"] = Headers(headers)
    context.invocation_request["path_parameters"] = {}
    context.resource = {"path": "/"}
    return context
