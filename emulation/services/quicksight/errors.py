"""QuickSight's errors.

ServiceException
  QuickSightError               with the kind of the resource, where there is one
    AccessDeniedException         401
    InvalidParameterValueException 400
    ResourceNotFoundException     404
    ResourceExistsException       409
    ConflictException             409
    QuickSightUserNotFoundException 404
    InvalidNextTokenException     400
"""

from localstack.aws.api import ServiceException


class QuickSightError(ServiceException):
    """An error of the API's model, with its members."""

    def __init__(self, code: str, message: str, status: int, resource: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.sender_fault = True
        self.status_code = status
        self.ResourceType = resource
        self.Message = message


def denied(message: str) -> QuickSightError:
    """Not for this caller."""
    return QuickSightError("AccessDeniedException", message, 401)


def invalid(message: str) -> QuickSightError:
    """A value that cannot be."""
    return QuickSightError("InvalidParameterValueException", message, 400)


def validation(message: str) -> QuickSightError:
    """A request that the API's front end refuses."""
    return QuickSightError("ValidationException", message, 400)


def not_found(kind: str, name: str) -> QuickSightError:
    """A resource that is not there; `kind` in AWS's words, such as DATA_SET."""
    return QuickSightError(
        "ResourceNotFoundException", f"{WORDS.get(kind, kind)} {name} is not found", 404, kind
    )


def exists(kind: str, name: str) -> QuickSightError:
    """An id that is taken."""
    return QuickSightError(
        "ResourceExistsException", f"{WORDS.get(kind, kind)} {name} already exists", 409, kind
    )


def conflict(message: str) -> QuickSightError:
    """Not in the state that the resource is in."""
    return QuickSightError("ConflictException", message, 409)


def no_user(arn: str) -> QuickSightError:
    """An embed URL for nobody."""
    return QuickSightError(
        "QuickSightUserNotFoundException", f"User {arn} is not found in the account.", 404
    )


def bad_token() -> QuickSightError:
    """A token that no page gave."""
    return QuickSightError("InvalidNextTokenException", "The NextToken value isn't valid.", 400)


WORDS = {
    "DATA_SOURCE": "DataSource", "DATA_SET": "DataSet", "INGESTION": "Ingestion",
    "DASHBOARD": "Dashboard", "ANALYSIS": "Analysis", "USER": "User", "NAMESPACE": "Namespace",
    "REFRESH_SCHEDULE": "RefreshSchedule", "SNAPSHOT_JOB": "Dashboard Snapshot Job",
}  # fmt: skip
