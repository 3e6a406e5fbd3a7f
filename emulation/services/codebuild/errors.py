"""CodeBuild's errors, in its words.

ServiceException
  CommonServiceException
    InvalidInputException            what a name, a value or a state does not allow
    ResourceNotFoundException        a project, build or report group that is not there
    ResourceAlreadyExistsException   the name is taken
    AccountLimitExceededException    more builds than the project may run
"""

from localstack.aws.api import CommonServiceException


def invalid_input(message: str) -> CommonServiceException:
    """The request is refused for what it says."""
    return CommonServiceException("InvalidInputException", message, 400, sender_fault=True)


def invalid_token() -> CommonServiceException:
    """A token that no list gave."""
    return invalid_input("Invalid pagination token")


def invalid_service_role(arn: str) -> CommonServiceException:
    """The role is missing, of another account, or does not trust CodeBuild."""
    return invalid_input(f"CodeBuild is not authorized to perform: sts:AssumeRole on {arn}")


def not_found(message: str) -> CommonServiceException:
    """Something that is not there."""
    return CommonServiceException("ResourceNotFoundException", message, 400, sender_fault=True)


def project_not_found(arn: str) -> CommonServiceException:
    """A project that is not there."""
    return not_found(f"Project cannot be found: {arn}")


def build_not_found(arn: str) -> CommonServiceException:
    """A build that is not there."""
    return not_found(f"Build {arn} does not exist")


def report_group_not_found(arn: str) -> CommonServiceException:
    """A report group that is not there."""
    return not_found(f"Report group {arn} not found")


def already_exists(noun: str, arn: str) -> CommonServiceException:
    """A project or report group of that name."""
    return CommonServiceException(
        "ResourceAlreadyExistsException", f"{noun} already exists: {arn}", 400, sender_fault=True
    )


def too_many_builds(limit: int) -> CommonServiceException:
    """A project runs as many builds as it may."""
    return CommonServiceException(
        "AccountLimitExceededException",
        f"Cannot have more than {limit} active builds for the project",
        400,
        sender_fault=True,
    )


def not_emulated(operation: str, what: str) -> NotImplementedError:
    """A part of an operation that nobody computes here: refused, never accepted and ignored."""
    return NotImplementedError(f"codebuild.{operation} with {what} is not emulated")
