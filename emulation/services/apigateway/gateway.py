"""The way of a request through a REST API: LocalStack's steps, with ours where it has none.

Ours: size, resource policy, authorizer, key, quota, throttles, validation, the call of what is
behind, the gateway's own answers, logs and metrics. LocalStack's: parsing, routing, mapping
templates, parameter mappings.
"""

import logging
import time
from base64 import b64encode
from os import urandom
from typing import Any

from localstack.http import Response
from localstack.services.apigateway.models import apigateway_stores
from localstack.services.apigateway.next_gen.execute_api import handlers
from localstack.services.apigateway.next_gen.execute_api.gateway import RestApiGateway
from localstack.services.apigateway.next_gen.execute_api.router import ApiGatewayEndpoint
from werkzeug.datastructures import Headers

from emulation.services.apigateway.access_log import log_access
from emulation.services.apigateway.admission import admit, obey_policy
from emulation.services.apigateway.answers import UnknownApiError, answer_error
from emulation.services.apigateway.authorizers import authorize
from emulation.services.apigateway.compressing import compress
from emulation.services.apigateway.execution_log import log_execution
from emulation.services.apigateway.integrating import integrate
from emulation.services.apigateway.metering import meter
from emulation.services.apigateway.request_metrics import measure
from emulation.services.apigateway.story import story_of
from emulation.services.apigateway.validating import validate

LOG = logging.getLogger(__name__)

MOMENT = "%d/%b/%Y:%H:%M:%S +0000"


class MeteredGateway(RestApiGateway):
    """The steps, in AWS's order."""

    def __init__(self) -> None:
        super().__init__()
        self.request_handlers = [
            begin,
            handlers.parse_request,
            identify,
            admit,
            handlers.modify_request,
            handlers.route_request,
            handlers.preprocess_request,
            obey_policy,
            authorize,
            meter,
            validate,
            handlers.integration_request_handler,
            integrate,
            handlers.integration_response_handler,
            handlers.method_response_handler,
        ]
        self.exception_handlers = [answer_error]
        self.response_handlers = [handlers.response_enricher, compress, tell]


def begin(_: Any, context: Any, __: Response) -> None:
    """Request handler: the clock starts."""
    story_of(context)


def identify(_: Any, context: Any, __: Response) -> None:
    """Request handler: who is at the other end, the second id of the request, and its moment with
    the zone: LocalStack leaves them open.
    """
    context.context_variables["identity"]["sourceIp"] = context.request.remote_addr or "127.0.0.1"
    context.context_variables["extendedRequestId"] = b64encode(urandom(11)).decode()
    request = context.invocation_request
    # The server has made them small, but functions look for `Authorization`.
    request["headers"] = Headers([(name.title(), value) for name, value in request["headers"]])
    context.context_variables["requestTime"] = time.strftime(MOMENT, time.gmtime())


def tell(_: Any, context: Any, response: Response) -> None:
    """Response handler: logs and metrics."""
    response.headers["x-amz-apigw-id"] = context.context_variables["extendedRequestId"]
    measure(context, response)
    log_access(context, response)
    log_execution(context, response)


class Endpoint(ApiGatewayEndpoint):
    """Finds the API and the stage of a request's address."""

    def __init__(self) -> None:
        super().__init__(MeteredGateway(), apigateway_stores)

    @staticmethod
    def create_not_found_response(api_id: str) -> Response:
        """What AWS answers on the address of no API, or of no stage."""
        LOG.info("no stage of an API %s has this address", api_id)
        response = Response(status=403)
        response.set_json({"message": UnknownApiError.message})
        response.headers["x-amzn-ErrorType"] = UnknownApiError.code
        return response
