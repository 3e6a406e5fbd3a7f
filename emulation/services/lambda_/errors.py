"""Errors of the Lambda API that LocalStack does not raise, in AWS's words."""

from localstack.aws.api import CommonServiceException


def payload_too_large(size: int, invocation_type: str, limit: int) -> CommonServiceException:
    """Invoke with more than Lambda takes."""
    return CommonServiceException(
        "RequestEntityTooLargeException",
        f"{size} byte payload is too large for the {invocation_type} invocation type "
        f"(limit {limit} bytes)",
        status_code=413,
    )


def validation(complaints: list[str]) -> CommonServiceException:
    """Values outside of what the API declares."""
    plural = "s" if len(complaints) > 1 else ""
    return CommonServiceException(
        "ValidationException",
        f"{len(complaints)} validation error{plural} detected: {'; '.join(complaints)}",
    )
