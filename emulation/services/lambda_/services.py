"""LocalStack's running service, for those of our modules that are no part of a request."""

from localstack.services.lambda_.invocation.lambda_service import LambdaService
from localstack.services.plugins import SERVICE_PLUGINS


def lambda_service() -> LambdaService:
    """The one that serves the API; a load of state replaces it."""
    return SERVICE_PLUGINS.get_service("lambda")._provider.lambda_service
