"""The Data API's errors, in its words."""

from localstack.aws.api import CommonServiceException

ID_PATTERN = r"^[a-z0-9]{8}(-[a-z0-9]{4}){3}-[a-z0-9]{12}(:\d+)?$"


def validation_exception(message: str) -> CommonServiceException:
    """The request is refused for what it says."""
    return CommonServiceException("ValidationException", message, 400, sender_fault=True)


def invalid_token() -> CommonServiceException:
    """A token that no page gave."""
    return validation_exception("The next token is not valid.")


def resource_not_found(message: str) -> CommonServiceException:
    """What the request names is not there."""
    return CommonServiceException("ResourceNotFoundException", message, 400, sender_fault=True)


def no_statement() -> CommonServiceException:
    """No statement has this id, or it is older than a day."""
    return resource_not_found("Query does not exist.")


def no_result() -> CommonServiceException:
    """The statement has not finished, failed, or gives no rows."""
    return resource_not_found(
        "Query does not have result. Please check query status with DescribeStatement."
    )


def malformed_id() -> CommonServiceException:
    """Ids have a pattern, which the Data API checks first."""
    return validation_exception(f"id must satisfy regex pattern: {ID_PATTERN}")


def no_endpoint() -> CommonServiceException:
    """There is no such workgroup or cluster."""
    return validation_exception("Redshift endpoint doesn't exist in this region.")


def query_failed(message: str) -> CommonServiceException:
    """A metadata operation's own query failed."""
    return validation_exception(message)


def too_many_statements() -> CommonServiceException:
    """The Data API's limit on active statements."""
    return CommonServiceException(
        "ActiveStatementsExceededException",
        "Active statements exceeded the allowed quota (500).",
        400,
        sender_fault=True,
    )
