"""EventBridge's errors, in its words.

ServiceException
  CommonServiceException
    ValidationException           what a request does not allow
    InvalidEventPatternException  a pattern that is none
    ResourceNotFoundException     a bus, rule or archive that is not there
    LimitExceededException        more targets than a rule may have
    ManagedRuleException          a rule that a service keeps
"""

from localstack.aws.api import CommonServiceException


def validation(message: str) -> CommonServiceException:
    """The request is refused for what it says."""
    return CommonServiceException("ValidationException", message, 400, sender_fault=True)


def invalid_pattern(reason: str) -> CommonServiceException:
    """A pattern that is none."""
    message = f"Event pattern is not valid. Reason: {reason}"
    return CommonServiceException("InvalidEventPatternException", message, 400, sender_fault=True)


def not_found(message: str) -> CommonServiceException:
    """Something that is not there."""
    return CommonServiceException("ResourceNotFoundException", message, 400, sender_fault=True)


def limit_exceeded() -> CommonServiceException:
    """More than a rule may have."""
    return CommonServiceException(
        "LimitExceededException",
        "The requested resource exceeds the maximum number allowed.",
        400,
        sender_fault=True,
    )


def managed_rule(name: str) -> CommonServiceException:
    """A rule that a service keeps for itself."""
    return CommonServiceException(
        "ManagedRuleException",
        f"Rule '{name}' is managed by an AWS service can only be modified if force is True.",
        400,
        sender_fault=True,
    )


def already_exists(message: str) -> CommonServiceException:
    """A name that is taken."""
    return CommonServiceException("ResourceAlreadyExistsException", message, 400, sender_fault=True)


def illegal_status(replay: str, state: str | None) -> CommonServiceException:
    """A replay that has ended cannot be cancelled."""
    message = f"Replay {replay} is not in a valid state for this operation : {state}"
    return CommonServiceException("IllegalStatusException", message, 400, sender_fault=True)
