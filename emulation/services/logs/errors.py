"""CloudWatch Logs's errors, in its words.

ServiceException
  CommonServiceException
    InvalidParameterException       what a request does not allow
    ResourceNotFoundException       a group, stream, filter or query that is not there
    ResourceAlreadyExistsException  a name that is taken
    LimitExceededException          more than a group or account may have
    MalformedQueryException         a query that cannot be read, and where
    ValidationException             two members that exclude each other
"""

from typing import Any

from localstack.aws.api import CommonServiceException

GROUP = "The specified log group does not exist."
STREAM = "The specified log stream does not exist."


def _error(code: str, message: str) -> CommonServiceException:
    return CommonServiceException(code, message, 400, sender_fault=True)


def invalid(message: str) -> CommonServiceException:
    """The request is refused for what it says."""
    return _error("InvalidParameterException", message)


def not_found(message: str) -> CommonServiceException:
    """Something that is not there."""
    return _error("ResourceNotFoundException", message)


def exists(message: str) -> CommonServiceException:
    """A name that is taken."""
    return _error("ResourceAlreadyExistsException", message)


def limit_exceeded() -> CommonServiceException:
    """More than there may be."""
    return _error("LimitExceededException", "Resource limit exceeded.")


def validation(message: str) -> CommonServiceException:
    """Members that exclude each other."""
    return _error("ValidationException", message)


class MalformedQueryError(CommonServiceException):
    """A query that cannot be read; the answer says where."""

    def __init__(self, message: str, start: int, end: int) -> None:
        super().__init__("MalformedQueryException", message, 400, sender_fault=True)
        self.queryCompileError: dict[str, Any] = {
            "location": {"startCharOffset": start, "endCharOffset": end},
            "message": message,
        }
