"""Glacier's errors, in its words: each has a type (`Client`), a code and a message.

ServiceException
  CommonServiceException
    GlacierError
      InvalidParameterValueException   what a value does not allow (400)
      MissingParameterValueException   something that a request must have (400)
      ResourceNotFoundException        a vault, archive, upload or job that is not there (404)
      PolicyEnforcedException          a retrieval that the data retrieval policy denies (400)
      AccessDeniedException            what another account, or a vault lock, forbids (403)
"""

from localstack.aws.api import CommonServiceException


class GlacierError(CommonServiceException):
    """An error as Glacier's body says it: `{"code": ..., "message": ..., "type": "Client"}`."""

    type = "Client"


def invalid(message: str) -> GlacierError:
    """A value that does not do."""
    return GlacierError("InvalidParameterValueException", message, 400, sender_fault=True)


def missing(name: str) -> GlacierError:
    """Something that must be there."""
    message = f"Required parameter missing: {name}"
    return GlacierError("MissingParameterValueException", message, 400, sender_fault=True)


def not_found(what: str, name: str) -> GlacierError:
    """An archive, upload or job that is not there."""
    message = f"The {what} ID was not found: {name}"
    return GlacierError("ResourceNotFoundException", message, 404, sender_fault=True)


def vault_not_found(arn: str) -> GlacierError:
    """A vault that is not there."""
    message = f"Vault not found for ARN: {arn}"
    return GlacierError("ResourceNotFoundException", message, 404, sender_fault=True)


def nothing_set(what: str, arn: str) -> GlacierError:
    """A setting that the vault does not have."""
    message = f"No {what} is set for: {arn}"
    return GlacierError("ResourceNotFoundException", message, 404, sender_fault=True)


def denied_by_policy() -> GlacierError:
    """More than the data retrieval policy lets through."""
    message = "InitiateJob request denied by current data retrieval policy."
    return GlacierError("PolicyEnforcedException", message, 400, sender_fault=True)


def access_denied(message: str) -> GlacierError:
    """Forbidden."""
    return GlacierError("AccessDeniedException", message, 403, sender_fault=True)
