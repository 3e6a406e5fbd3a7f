"""LocalStack's running service, for those of our modules that are no part of a request."""

from localstack.services.lambda_.invocation.lambda_service import LambdaService
from localstack.services.lambda_.provider import LambdaProvider
from localstack.services.plugins import SERVICE_PLUGINS


def lambda_provider() -> LambdaProvider:
    """The one that serves the API."""
    return SERVICE_PLUGINS.get_service("lambda")._provider


def lambda_service() -> LambdaService:
    """What runs its functions; a load of state replaces it."""
    return lambda_provider().lambda_service
