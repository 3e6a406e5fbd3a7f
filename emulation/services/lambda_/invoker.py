"""Invoking the function of an event source mapping: in process, since a batch of megabytes would
otherwise be signed, sent through the gateway and parsed on its way to the same process.
"""

import json
import uuid
from dataclasses import dataclass
from typing import Any

from localstack.services.lambda_.api_utils import function_locators_from_arn
from localstack.services.lambda_.invocation.lambda_service import LambdaService
from localstack.services.plugins import SERVICE_PLUGINS


@dataclass(frozen=True, slots=True)
class Invoked:
    """What came back."""

    request_id: str
    executed_version: str
    function_error: str | None
    payload: bytes

    def answer(self) -> Any:
        """The handler's result; a result that is not JSON says nothing about single records."""
        try:
            return json.loads(self.payload or b"null")
        except ValueError:
            return None

    def failure(self) -> dict[str, Any]:
        """As the record of a failure destination tells it."""
        return {
            "requestId": self.request_id,
            "httpStatusCode": 200,
            "executedVersion": self.executed_version,
            "functionError": self.function_error,
        }


@dataclass(frozen=True, slots=True)
class Invoker:
    """Calls one function and waits."""

    function_arn: str

    def invoke(self, payload: bytes) -> Invoked:
        """Run the function once.

        Raises:
            ServiceException: Lambda refused.
            AssignmentException: no environment could be started.
        """
        name, qualifier, account, region = function_locators_from_arn(self.function_arn)
        request_id = str(uuid.uuid4())
        result = lambda_service().invoke(
            function_name=name,
            qualifier=qualifier,
            region=region,
            account_id=account,
            invocation_type="RequestResponse",
            client_context=None,
            request_id=request_id,
            payload=payload,
        )
        return Invoked(
            request_id=request_id,
            executed_version=result.executed_version or "$LATEST",
            function_error="Unhandled" if result.is_error else None,
            payload=result.payload,
        )


def lambda_service() -> LambdaService:
    """The one that serves the API; a load of state replaces it."""
    return SERVICE_PLUGINS.get_service("lambda")._provider.lambda_service
