"""CloudWatch's errors, in its words.

ServiceException
  CommonServiceException
    ValidationError             what a request does not allow
    InvalidParameterValue       a value
    InvalidParameterCombination values that exclude each other
    MissingParameter            a value that is needed
    InvalidFormat               data that cannot be read
    InvalidNextToken            a token that was not given
    ResourceNotFound            an alarm, a dashboard, a detector that is not there
    InvalidParameterInput       a dashboard's body, with what is wrong in it
"""

from typing import Any

from localstack.aws.api import CommonServiceException
from localstack.aws.api.cloudwatch import (
    DashboardInvalidInputError,
    DashboardNotFoundError,
    InvalidFormatFault,
    InvalidNextToken,
    InvalidParameterCombinationException,
    InvalidParameterValueException,
    MissingRequiredParameterException,
    ResourceNotFound,
    ResourceNotFoundException,
)


def validation_error(message: str) -> CommonServiceException:
    """The request is refused for what it says."""
    return CommonServiceException("ValidationError", message, 400, sender_fault=True)


def constraint(name: str, value: Any, rule: str) -> CommonServiceException:
    """A member that breaks a rule of the API's model."""
    return validation_error(
        f"1 validation error detected: Value '{value}' at '{name}' failed to satisfy constraint: "
        f"{rule}"
    )


def not_one_of(name: str, value: Any, allowed: list[str]) -> CommonServiceException:
    """A member that is none of those that the API knows."""
    return constraint(name, value, f"Member must satisfy enum value set: [{', '.join(allowed)}]")


def invalid_value(message: str) -> InvalidParameterValueException:
    """A value that cannot be."""
    return InvalidParameterValueException(message)


def invalid_combination(message: str) -> InvalidParameterCombinationException:
    """Values that cannot be together."""
    return InvalidParameterCombinationException(message)


def missing(message: str) -> MissingRequiredParameterException:
    """A value that is needed."""
    return MissingRequiredParameterException(message)


def bad_token() -> InvalidNextToken:
    """A token of another list, or of nobody."""
    return InvalidNextToken("The value for NextToken is invalid.")


def invalid_format(message: str) -> InvalidFormatFault:
    """Data that cannot be read."""
    return InvalidFormatFault(message)


def no_alarm() -> ResourceNotFound:
    """An alarm that is not there."""
    return ResourceNotFound("Alarm does not exist.")


def no_resource(arn: str) -> ResourceNotFoundException:
    """A resource that has no tags because it is not there."""
    return ResourceNotFoundException(f"Unknown resource {arn}")


def no_detector() -> ResourceNotFoundException:
    """A detector that is not there."""
    return ResourceNotFoundException("Anomaly detector does not exist.")


def no_dashboard(name: str) -> DashboardNotFoundError:
    """A dashboard that is not there."""
    return DashboardNotFoundError(f"Dashboard {name} does not exist")


def bad_dashboard(message: str, found: list[dict[str, str]]) -> DashboardInvalidInputError:
    """A dashboard's body that is none, with what is wrong where."""
    return DashboardInvalidInputError(message, dashboardValidationMessages=found)


def not_emulated(operation: str, what: str) -> NotImplementedError:
    """A part of an operation that nobody carries out: refused, never accepted and ignored."""
    return NotImplementedError(f"cloudwatch.{operation} with {what} is not emulated")
