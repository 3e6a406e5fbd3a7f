"""ECS's errors, in its words.

ServiceException
  CommonServiceException
    ClientException                  what a request does not allow
    InvalidParameterException        a parameter that is wrong
    ClusterNotFoundException, ServiceNotFoundException, ServiceNotActiveException
    ClusterContainsServicesException, ClusterContainsTasksException
    ServiceDeploymentNotFoundException, ConflictException, ResourceNotFoundException
    PlatformUnknownException
"""

from localstack.aws.api import CommonServiceException


def refusal(code: str, message: str) -> CommonServiceException:
    """Any of them."""
    return CommonServiceException(code, message, 400, sender_fault=True)


def client_error(message: str) -> CommonServiceException:
    """The request is not allowed as it is."""
    return refusal("ClientException", message)


def invalid(message: str) -> CommonServiceException:
    """A parameter is wrong."""
    return refusal("InvalidParameterException", message)


def cluster_not_found() -> CommonServiceException:
    """There is no such cluster, or no more."""
    return refusal("ClusterNotFoundException", "Cluster not found.")


def service_not_found() -> CommonServiceException:
    """There is no such service."""
    return refusal("ServiceNotFoundException", "Service not found.")


def service_not_active() -> CommonServiceException:
    """The service is being deleted, or is deleted."""
    return refusal("ServiceNotActiveException", "Service was not ACTIVE.")


def task_not_found() -> CommonServiceException:
    """There is no such task."""
    return invalid("The referenced task was not found.")


def no_role(role: str) -> CommonServiceException:
    """A role that is not there, or that does not trust tasks."""
    return client_error(
        f"ECS was unable to assume the role '{role}' that was provided for this task. Please "
        "verify that the role being passed has the proper trust relationship and permissions and "
        "that your IAM user has permissions to pass this role."
    )


def not_emulated(operation: str, what: str) -> NotImplementedError:
    """A part of an operation that nobody carries out: refused, never accepted and ignored."""
    return NotImplementedError(f"ecs.{operation} with {what} is not emulated")
