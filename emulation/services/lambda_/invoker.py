"""Invoking the function of an event source mapping: in process, since a batch of megabytes would
otherwise be signed, sent through the gateway and parsed on its way to the same process.
"""

import uuid
from dataclasses import dataclass

from localstack.aws.api import ServiceException
from localstack.services.lambda_.api_utils import function_locators_from_arn
from localstack.services.lambda_.invocation.assignment import AssignmentException
from localstack.services.lambda_.invocation.lambda_service import LambdaService
from localstack.services.plugins import SERVICE_PLUGINS

from emulation.services.lambda_.invoked import Invoked, NotInvoked


@dataclass(frozen=True, slots=True)
class Invoker:
    """Calls one function and waits."""

    function_arn: str

    def invoke(self, payload: bytes) -> Invoked:
        """Run the function once.

        Raises:
            NotInvoked: the message says why.
        """
        name, qualifier, account, region = function_locators_from_arn(self.function_arn)
        request_id = str(uuid.uuid4())
        try:
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
        except (ServiceException, AssignmentException) as error:
            raise NotInvoked(str(error)) from error
        return Invoked(
            request_id=request_id,
            executed_version=result.executed_version or "$LATEST",
            function_error="Unhandled" if result.is_error else None,
            payload=result.payload,
        )


def lambda_service() -> LambdaService:
    """The one that serves the API; a load of state replaces it."""
    return SERVICE_PLUGINS.get_service("lambda")._provider.lambda_service
