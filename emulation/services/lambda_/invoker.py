"""Invoking the function of an event source mapping: in process, since a batch of megabytes would
otherwise be signed, sent through the gateway and parsed on its way to the same process.
"""

import uuid
from dataclasses import dataclass

from localstack.aws.api import ServiceException
from localstack.services.lambda_.api_utils import function_locators_from_arn

from emulation.services.lambda_.invoked import Invoked, NotInvoked
from emulation.services.lambda_.services import lambda_service


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
        except ServiceException as error:
            raise NotInvoked(str(error)) from error
        return Invoked(
            request_id=request_id,
            executed_version=result.executed_version or "$LATEST",
            function_error="Unhandled" if result.is_error else None,
            payload=result.payload,
        )
