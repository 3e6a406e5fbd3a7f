"""EC2's errors, in its words.

ServiceException
  CommonServiceException
    InvalidX.NotFound, InvalidX.Malformed   a name of nothing, a name that is none
    InvalidParameterValue, ...Combination   what a request does not allow
    IncorrectInstanceState                  not in this state
    OperationNotPermitted                   protected
"""

import re

from localstack.aws.api import CommonServiceException


def refusal(code: str, message: str, status: int = 400) -> CommonServiceException:
    """An error of the request."""
    return CommonServiceException(code, message, status, sender_fault=True)


def invalid_value(message: str) -> CommonServiceException:
    """A value that does not fit."""
    return refusal("InvalidParameterValue", message)


def invalid_combination(message: str) -> CommonServiceException:
    """Values that do not fit each other."""
    return refusal("InvalidParameterCombination", message)


def missing(name: str) -> CommonServiceException:
    """A parameter that is needed."""
    return refusal("MissingParameter", f"The request must contain the parameter {name}")


def dry_run() -> CommonServiceException:
    """The answer to a request that is only to be checked."""
    return refusal("DryRunOperation", "Request would have succeeded, but DryRun flag is set.", 412)


def not_found(noun: str, words: str, identifiers: list[str]) -> CommonServiceException:
    """Things that are not there: `InvalidInstanceID`, `instance ID`."""
    if len(identifiers) == 1:
        message = f"The {words} '{identifiers[0]}' does not exist"
    else:
        message = f"The {words}s '{', '.join(identifiers)}' do not exist"
    return refusal(f"{noun}.NotFound", message)


def check_id(identifier: str, prefix: str, noun: str) -> None:
    """Refuse what cannot be an identifier.

    Raises:
        CommonServiceException: it has not the form.
    """
    if not re.fullmatch(rf"{prefix}-[0-9a-f]{{8}}(?:[0-9a-f]{{9}})?", identifier):
        raise refusal(f"{noun}.Malformed", f'Invalid id: "{identifier}" (expecting "{prefix}-...")')


def image_not_found(image_id: str) -> CommonServiceException:
    """An image that is none."""
    return refusal("InvalidAMIID.NotFound", f"The image id '[{image_id}]' does not exist")


def wrong_state(instance_id: str, done: str) -> CommonServiceException:
    """An instance that cannot be started, stopped or rebooted now."""
    return refusal(
        "IncorrectInstanceState",
        f"The instance '{instance_id}' is not in a state from which it can be {done}.",
    )


def is_protected(instance_id: str, what: str, attribute: str) -> CommonServiceException:
    """An instance that may not be terminated or stopped."""
    return refusal(
        "OperationNotPermitted",
        f"The instance '{instance_id}' may not be {what}. Modify its '{attribute}' instance "
        "attribute and try again.",
    )


def token_mismatch() -> CommonServiceException:
    """A client token that came with another request."""
    return refusal(
        "IdempotentParameterMismatch",
        "Arguments on this idempotent request are inconsistent with arguments used in previous "
        "request(s).",
    )


def not_emulated(operation: str, what: str) -> CommonServiceException:
    """A part of an operation that nobody carries out: refused, never accepted and ignored. No
    NotImplementedError, which would hand the request on to LocalStack's records.
    """
    message = f"ec2.{operation} with {what} is not emulated"
    return CommonServiceException("InternalFailure", message, 501)
