"""The errors of InvokeEndpoint, in its words."""

import json

from localstack.aws.api import CommonServiceException, ServiceException
from localstack.http import Response


class ModelError(ServiceException):
    """The model's server answered with an error, or not at all."""

    code = "ModelError"
    status_code = 424
    sender_fault = True

    def __init__(self, message: str, *, status: int, original: str, log_stream_arn: str) -> None:
        super().__init__(message)
        self.OriginalStatusCode = status
        self.OriginalMessage = original
        self.LogStreamArn = log_stream_arn


def validation_error(message: str) -> CommonServiceException:
    """The request is refused for what it says; the runtime's code is not the control plane's."""
    return CommonServiceException("ValidationError", message, 400, sender_fault=True)


def endpoint_not_found(name: str, account: str) -> CommonServiceException:
    """No such endpoint, or none that is in service yet."""
    return validation_error(f"Endpoint {name} of account {account} not found.")


def variant_not_found(variant: str, endpoint: str) -> CommonServiceException:
    """The caller asked for a variant that the endpoint does not have."""
    return validation_error(f"Variant {variant} not found for Request on endpoint {endpoint}.")


def service_unavailable() -> CommonServiceException:
    """No server of the variant is up; clients try again by themselves."""
    return CommonServiceException("ServiceUnavailable", "The service is currently unavailable", 503)


def payload_too_large(limit: int) -> Response:
    """AWS's front end refuses the length before any service code runs: no error code, the status
    stands for it.
    """
    body = {"Message": f"HTTP content length exceeded {limit} bytes."}
    return Response(json.dumps(body), 413, content_type="application/json")
