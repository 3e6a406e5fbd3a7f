"""Glue's refusals, in Glue's words."""

from localstack.aws.api import CommonServiceException


class EntityNotFoundError(CommonServiceException):
    """A database, table, partition, crawler, job or run that is not there."""

    def __init__(self, message: str) -> None:
        super().__init__("EntityNotFoundException", message)


class AlreadyExistsError(CommonServiceException):
    """A name that is taken."""

    def __init__(self, message: str) -> None:
        super().__init__("AlreadyExistsException", message)


class InvalidInputError(CommonServiceException):
    """A request whose values do not fit together."""

    def __init__(self, message: str) -> None:
        super().__init__("InvalidInputException", message)


class IdempotentParameterMismatchError(CommonServiceException):
    """The same job once more, but not the same."""

    def __init__(self, name: str) -> None:
        super().__init__(
            "IdempotentParameterMismatchException",
            f"Job with name: {name} already submitted with different configuration",
        )


class ConcurrentRunsExceededError(CommonServiceException):
    """As many runs as `MaxConcurrentRuns` allows run already."""

    def __init__(self, name: str) -> None:
        super().__init__("ConcurrentRunsExceededException", f"Concurrent runs exceeded for {name}")


class VersionMismatchError(CommonServiceException):
    """The table has changed since the version that the caller names."""

    def __init__(self, message: str) -> None:
        super().__init__("VersionMismatchException", message)


class CrawlerRunningError(CommonServiceException):
    """A crawler that runs can be neither started, nor changed, nor deleted."""

    def __init__(self, name: str) -> None:
        super().__init__("CrawlerRunningException", f"Crawler with name {name} has already started")


class CrawlerNotRunningError(CommonServiceException):
    """Only a crawler that runs can be stopped."""

    def __init__(self, name: str) -> None:
        super().__init__("CrawlerNotRunningException", f"Crawler with name {name} isn't running.")


class CrawlerStoppingError(CommonServiceException):
    """It has been told to stop already."""

    def __init__(self, name: str) -> None:
        super().__init__("CrawlerStoppingException", f"Crawler with name {name} is stopping")
