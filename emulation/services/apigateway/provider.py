"""API Gateway's provider: LocalStack's, which computes REST APIs."""

from localstack.services.apigateway.next_gen.provider import ApigatewayNextGenProvider


class ApiGatewayProvider(ApigatewayNextGenProvider):
    """REST APIs, their stages and what calls them."""
