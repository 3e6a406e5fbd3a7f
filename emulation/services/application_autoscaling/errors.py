"""Application Auto Scaling's errors, in its words.

ServiceException
  CommonServiceException
    ValidationException      what a request does not allow
    ObjectNotFoundException  a scalable target, policy or scheduled action that is not there
    InvalidNextTokenException
    ResourceNotFoundException, TooManyTagsException   of tags
"""

from localstack.aws.api import CommonServiceException


def error(code: str, message: str) -> CommonServiceException:
    """A refusal by its code."""
    return CommonServiceException(code, message, 400, sender_fault=True)


def validation(message: str) -> CommonServiceException:
    """The request is refused for what it says."""
    return error("ValidationException", message)


def not_found(noun: str, place: tuple[str, str, str], rest: str = "") -> CommonServiceException:
    """Something that is not there; `place` is namespace, resource and dimension."""
    namespace, resource, dimension = place
    return error(
        "ObjectNotFoundException",
        f"No {noun} for service namespace: {namespace}, resource ID: {resource}, scalable "
        f"dimension: {dimension}{rest}",
    )


def not_emulated(operation: str, what: str) -> NotImplementedError:
    """A part of an operation that nobody carries out: refused, never accepted and ignored."""
    return NotImplementedError(f"application-autoscaling.{operation} with {what} is not emulated")
