"""EMR's refusals, in its words. Older operations speak of job flows, newer ones of clusters.

ServiceException
  CommonServiceException
    ValidationException        what the older operations refuse
    InvalidRequestException    what the newer ones do
"""

from localstack.aws.api import CommonServiceException


def invalid(message: str) -> CommonServiceException:
    """A request that is refused for what it says."""
    return CommonServiceException("ValidationException", message, 400, sender_fault=True)


def bad_request(message: str) -> CommonServiceException:
    """A request of a newer operation that is refused for what it says."""
    return CommonServiceException("InvalidRequestException", message, 400, sender_fault=True)


def no_job_flow() -> CommonServiceException:
    """A cluster that is not there, as the older operations tell it."""
    return invalid("Specified job flow ID not valid.")


def no_cluster(identifier: str) -> CommonServiceException:
    """A cluster that is not there, as the newer ones do."""
    return bad_request(f"Cluster id '{identifier}' is not valid.")


def no_step(identifier: str) -> CommonServiceException:
    """A step that the cluster does not have."""
    return bad_request(f"Step id '{identifier}' is not valid.")


def ended() -> CommonServiceException:
    """A cluster that takes no changes any more."""
    return invalid("A job flow that is shutting down, terminated, or finished may not be modified.")


def protected() -> CommonServiceException:
    """Clusters that are protected from being terminated."""
    return invalid(
        "Could not shut down one or more job flows since they are termination protected."
    )


def not_emulated(operation: str, what: str) -> NotImplementedError:
    """A part of an operation that nobody computes here: refused, never accepted and ignored."""
    return NotImplementedError(f"emr.{operation} with {what} is not emulated")
