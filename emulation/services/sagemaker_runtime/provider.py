"""SageMaker's data plane: InvokeEndpoint asks the servers that `sagemaker.deployments` keeps."""

import time
from datetime import UTC, datetime
from http.client import responses
from typing import Any
from uuid import uuid4

from localstack.aws.api import RequestContext, ServiceException, handler
from localstack.http import Response

from emulation.compute.serving import NoServerError, Reply, ServerGoneError, ServerTimeoutError
from emulation.services.sagemaker.capture import Recorder
from emulation.services.sagemaker.capture_lines import Captured, Payload
from emulation.services.sagemaker.deployments import ServingVariant
from emulation.services.sagemaker.endpoint_metrics import Invocation
from emulation.services.sagemaker.scope import Scope
from emulation.services.sagemaker.traffic import NoVariantError, Router, active
from emulation.services.sagemaker_runtime.errors import (
    ModelError,
    endpoint_not_found,
    payload_too_large,
    service_unavailable,
    variant_not_found,
)

OCTETS = "application/octet-stream"

PAYLOAD_BYTES = 6 * 1024 * 1024

CUSTOM_ATTRIBUTES = "X-Amzn-SageMaker-Custom-Attributes"

REFUSED = (
    "TargetModel",
    "TargetContainerHostname",
    "EnableExplanations",
    "InferenceComponentName",
    "SessionId",
)

TIMED_OUT = (
    "Your invocation timed out while waiting for a response from container primary. Review the"
    " latency metrics for each container in Amazon CloudWatch, resolve the issue, and try again."
)

GONE = "The container closed the connection before it answered."

NO_REPLY = Reply(503, {}, b"", 0.0)
"""No server was up; that counts as an error of the server, so that an alarm sees it."""


class SageMakerRuntimeProvider:
    """Invocations in real time; the other two operations are refused by name."""

    service = "sagemaker-runtime"

    @handler("InvokeEndpoint", expand=False)
    def invoke_endpoint(self, context: RequestContext, request: dict[str, Any]) -> Response:
        """Ask a model."""
        started = time.perf_counter()
        refuse(request)
        name = request["EndpointName"]
        scope = Scope.of(context)
        router = active(scope, name)
        if router is None:
            raise endpoint_not_found(name, context.account_id)
        stream = request.get("Body")
        body = b"" if stream is None else stream.read()
        if len(body) > PAYLOAD_BYTES:
            return payload_too_large(PAYLOAD_BYTES)
        serving, reply = invoke(router, request, body)
        seconds = time.perf_counter() - started
        instances = len(serving.instances)
        serving.tally.count(Invocation(reply.status, reply.seconds, seconds, instances))
        if reply.status != 200:
            raise refusal(context, name, reply)
        content_type = reply.header("Content-Type") or OCTETS
        capture(context, serving.recorder, request, body, Payload(content_type, reply.body))
        return answer(context, serving, reply, content_type)


def invoke(router: Router, request: dict[str, Any], body: bytes) -> tuple[ServingVariant, Reply]:
    """Who answers, and what; until then its servers do not end."""
    serving = enter(router, request)
    try:
        return serving, ask(serving, request, body)
    finally:
        router.leave(serving)


def refuse(request: dict[str, Any]) -> None:
    """Name what would be ignored otherwise."""
    for member in REFUSED:
        if member in request:
            raise NotImplementedError(
                f"sagemaker-runtime.InvokeEndpoint with {member} is not emulated"
            )


def enter(router: Router, request: dict[str, Any]) -> ServingVariant:
    """The variant that the caller names, or one by weight."""
    target = request.get("TargetVariant")
    try:
        return router.enter(target)
    except NoVariantError as error:
        raise variant_not_found(str(target), request["EndpointName"]) from error


def ask(serving: ServingVariant, request: dict[str, Any], body: bytes) -> Reply:
    """The server's reply; the container sees these headers and no others."""
    headers = {
        header: request[member]
        for member, header in (
            ("ContentType", "Content-Type"),
            ("Accept", "Accept"),
            ("CustomAttributes", CUSTOM_ATTRIBUTES),
        )
        if member in request
    }
    started = time.perf_counter()
    try:
        return serving.fleet.invoke(headers, body)
    except NoServerError:
        return NO_REPLY
    except (ServerTimeoutError, ServerGoneError) as error:
        text = TIMED_OUT if isinstance(error, ServerTimeoutError) else GONE
        return Reply(0, {}, text.encode(), time.perf_counter() - started)


def refusal(context: RequestContext, endpoint: str, reply: Reply) -> ServiceException:
    """What the caller is told when the model has not answered with a success."""
    if reply is NO_REPLY:
        return service_unavailable()
    return model_error(context, endpoint, reply.status, reply.body.decode(errors="replace"))


def model_error(context: RequestContext, endpoint: str, status: int, text: str) -> ModelError:
    """AWS's sentence, with the way to the log."""
    kind = "client" if 400 <= status < 500 else "server"
    region, account = context.region, context.account_id
    group = f"/aws/sagemaker/Endpoints/{endpoint}"
    console = f"https://{region}.console.aws.amazon.com/cloudwatch/home?region={region}"
    return ModelError(
        f'Received {kind} error ({status}) from primary with message "{text}".'
        f" See {console}#logEventViewer:group={group} in account {account} for more information.",
        status=status,
        original=text or responses.get(status, ""),
        log_stream_arn=f"arn:{context.partition}:logs:{region}:{account}:log-group:{group}",
    )


def capture(
    context: RequestContext,
    recorder: Recorder | None,
    request: dict[str, Any],
    asked: bytes,
    answered: Payload,
) -> None:
    """Keep the inference, where the endpoint's data capture wants it."""
    if recorder is None or not recorder.wants():
        return
    recorder.take(
        Captured(
            datetime.now(UTC),
            context.request_id or str(uuid4()),
            Payload(request.get("ContentType", OCTETS), asked),
            answered,
            request.get("InferenceId"),
            request.get("CustomAttributes"),
        )
    )


def answer(
    context: RequestContext, serving: ServingVariant, reply: Reply, content_type: str
) -> Response:
    """The body as it is, whatever it is."""
    response = Response(reply.body, 200, content_type=content_type)
    response.headers["x-amzn-RequestId"] = context.request_id
    response.headers["x-Amzn-Invoked-Production-Variant"] = serving.variant.name
    attributes = reply.header(CUSTOM_ATTRIBUTES)
    if attributes is not None:
        response.headers[CUSTOM_ATTRIBUTES] = attributes
    return response
