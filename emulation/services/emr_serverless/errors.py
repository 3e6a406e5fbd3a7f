"""EMR Serverless's refusals, in its words.

ServiceException
  CommonServiceException
    ValidationException          what a value or a state does not allow
    ResourceNotFoundException    an application or job run that is not there
    ConflictException            a token that has been used for something else
    AccessDeniedException        a role of another account
"""

from collections.abc import Sequence

from localstack.aws.api import CommonServiceException


def invalid(message: str) -> CommonServiceException:
    """The request is refused for what it says."""
    return CommonServiceException("ValidationException", message, 400, sender_fault=True)


def not_found(kind: str, identifier: str) -> CommonServiceException:
    """An application or a job run that is not there."""
    return CommonServiceException(
        "ResourceNotFoundException", f"{kind} {identifier} does not exist", 404, sender_fault=True
    )


def wrong_state(identifier: str, states: Sequence[str], current: str) -> CommonServiceException:
    """An application in a state that the operation is not for."""
    return invalid(
        f"Application {identifier} must be in one of the following statuses "
        f"[{', '.join(states)}]. Current status: {current}"
    )


def cannot_stop() -> CommonServiceException:
    """An application that does not run."""
    return invalid(
        "Application cannot be STOPPED. Applications must be in one of the following statuses: "
        "[STARTING, STARTED]"
    )


def busy(identifier: str, count: int) -> CommonServiceException:
    """An application whose runs have not ended."""
    return invalid(
        f"Application {identifier} cannot be stopped: it has {count} active job runs. "
        "All scheduled and running jobs must be completed or cancelled before stopping an "
        "application."
    )


def not_started(identifier: str, state: str) -> CommonServiceException:
    """A run for an application that does not start by itself."""
    return wrong_state(identifier, ("STARTED",), state)


def terminated(identifier: str) -> CommonServiceException:
    """A run for an application that was deleted."""
    return invalid(f"Application {identifier} is terminated. Cannot start job run.")


def not_cancellable(identifier: str) -> CommonServiceException:
    """A run that has ended."""
    return invalid(f"Job run {identifier} is not in a cancellable state")


def foreign_role() -> CommonServiceException:
    """A role that is another account's."""
    return CommonServiceException(
        "AccessDeniedException", "Cross-account pass role is not allowed.", 403, sender_fault=True
    )


def token_taken(token: str) -> CommonServiceException:
    """A client token that came with other values before."""
    return CommonServiceException(
        "ConflictException",
        f"Client token {token} was already used with different parameters",
        409,
        sender_fault=True,
    )


def bad_token() -> CommonServiceException:
    """A page's token that no list gave."""
    return invalid("Invalid nextToken")


def not_emulated(operation: str, what: str) -> NotImplementedError:
    """A part of an operation that nobody computes here: refused, never accepted and ignored."""
    return NotImplementedError(f"emr-serverless.{operation} with {what} is not emulated")
