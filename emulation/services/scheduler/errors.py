"""EventBridge Scheduler's errors, in its words.

ServiceException
  CommonServiceException
    ValidationException        what a request does not allow (400)
    ResourceNotFoundException  a schedule or group that is not there (404)
    ConflictException          a name that is taken (409)
"""

from localstack.aws.api import CommonServiceException


def validation(message: str) -> CommonServiceException:
    """The request is refused for what it says."""
    return CommonServiceException("ValidationException", message, 400, sender_fault=True)


def not_found(what: str, name: str) -> CommonServiceException:
    """Something that is not there."""
    message = f"{what} {name} does not exist."
    return CommonServiceException("ResourceNotFoundException", message, 404, sender_fault=True)


def exists(what: str, name: str) -> CommonServiceException:
    """A name that is taken."""
    message = f"{what} {name} already exists."
    return CommonServiceException("ConflictException", message, 409, sender_fault=True)
