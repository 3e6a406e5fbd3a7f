"""API Gateway's provider: LocalStack's records of REST APIs, with a gateway that means them."""

from localstack.services.apigateway.next_gen.execute_api.router import ApiGatewayRouter
from localstack.services.apigateway.next_gen.provider import ApigatewayNextGenProvider
from localstack.services.edge import ROUTER

from emulation.services.apigateway import records
from emulation.services.apigateway.access_log import STREAMS
from emulation.services.apigateway.gateway import Endpoint


class ApiGatewayProvider(ApigatewayNextGenProvider):
    """REST APIs, their stages and what calls them."""

    def __init__(self) -> None:
        super().__init__(ApiGatewayRouter(ROUTER, handler=Endpoint()))

    def on_after_init(self) -> None:
        """Let the records keep all that they are given."""
        super().on_after_init()
        records.complete()

    def on_before_stop(self) -> None:
        """Write the last lines of the logs."""
        STREAMS.close()
