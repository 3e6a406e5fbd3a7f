"""Redshift Serverless's errors, in its words."""

from localstack.aws.api import CommonServiceException


def validation_exception(message: str) -> CommonServiceException:
    """The request is refused for what it says."""
    return CommonServiceException("ValidationException", message, 400, sender_fault=True)


def conflict(message: str) -> CommonServiceException:
    """The request does not fit what is there."""
    return CommonServiceException("ConflictException", message, 400, sender_fault=True)


def not_found(noun: str, name: str) -> CommonServiceException:
    """There is no such namespace or workgroup."""
    message = f"Serverless {noun} {name} not found."
    return CommonServiceException("ResourceNotFoundException", message, 400, sender_fault=True)


def resource_not_found(arn: str) -> CommonServiceException:
    """There is no resource of this ARN."""
    message = f"Resource {arn} not found."
    return CommonServiceException("ResourceNotFoundException", message, 400, sender_fault=True)


def invalid_token() -> CommonServiceException:
    """A token that no list operation gave."""
    message = "The provided pagination token is invalid."
    return CommonServiceException("InvalidPaginationException", message, 400, sender_fault=True)
