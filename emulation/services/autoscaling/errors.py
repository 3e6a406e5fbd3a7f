"""Auto Scaling's errors, in its words.

ServiceException
  CommonServiceException
    ValidationError   what a request does not allow, a group or instance that is not there
    AlreadyExists     a group of that name
    ResourceInUse     a group that still has instances
"""

from localstack.aws.api import CommonServiceException


def validation_error(message: str) -> CommonServiceException:
    """The request is refused for what it says."""
    return CommonServiceException("ValidationError", message, 400, sender_fault=True)


def already_exists(name: str) -> CommonServiceException:
    """A name that is taken."""
    return CommonServiceException(
        "AlreadyExists",
        "AutoScalingGroup by this name already exists - A group with the name "
        f"{name} already exists",
        400,
        sender_fault=True,
    )


def group_not_found(name: str) -> CommonServiceException:
    """A group that is not there."""
    return validation_error(
        f"AutoScalingGroup name not found - AutoScalingGroup '{name}' not found"
    )


def instance_not_found(instance_id: str) -> CommonServiceException:
    """An instance that is in no group."""
    return validation_error(
        f"Instance Id not found - No managed instance found for instance ID: {instance_id}"
    )


def has_instances() -> CommonServiceException:
    """A group that is to be deleted, but not with its instances."""
    return CommonServiceException(
        "ResourceInUse",
        "You cannot delete an AutoScalingGroup while there are instances or pending Spot instance "
        "request(s) still in the group.",
        400,
        sender_fault=True,
    )


def not_emulated(operation: str, what: str) -> NotImplementedError:
    """A part of an operation that nobody carries out: refused, never accepted and ignored."""
    return NotImplementedError(f"autoscaling.{operation} with {what} is not emulated")
