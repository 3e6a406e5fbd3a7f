"""DynamoDB's errors, in its words; most come from the engine, which has them.

ServiceException
  CommonServiceException
    ValidationException        an item without a key
    ResourceNotFoundException  a table that is not there
    InternalServerError        the engine ended: try again
"""

from localstack.aws.api import CommonServiceException


def missing_key(name: str) -> CommonServiceException:
    """An item without one of its keys."""
    return CommonServiceException(
        "ValidationException",
        f"One or more parameter values were invalid: Missing the key {name} in the item",
        400,
        sender_fault=True,
    )


def arn_not_found(arn: str) -> CommonServiceException:
    """A tagged resource that is not there."""
    return CommonServiceException(
        "ResourceNotFoundException",
        f"Requested resource not found: ResourcArn: {arn} not found",
        400,
        sender_fault=True,
    )


def internal_server_error(message: str) -> CommonServiceException:
    """The request may be sent again; SDKs do."""
    return CommonServiceException("InternalServerError", message, 500)


def not_emulated(what: str) -> NotImplementedError:
    """A part of an operation that nobody computes here."""
    return NotImplementedError(f"dynamodb.{what} is not emulated")
