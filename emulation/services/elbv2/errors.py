"""Elastic Load Balancing's errors, in its words.

ServiceException
  CommonServiceException
    ValidationError               what a request does not allow
    ...NotFound                   a load balancer, listener, rule, target group or subnet
    Duplicate...Name, DuplicateListener, PriorityInUse, ResourceInUse
    InvalidTarget, InvalidConfigurationRequest, OperationNotPermitted, TooMany...
"""

from localstack.aws.api import CommonServiceException


def error(code: str, message: str) -> CommonServiceException:
    """A refusal by its code; all of this service's are 400."""
    return CommonServiceException(code, message, 400, sender_fault=True)


def validation_error(message: str) -> CommonServiceException:
    """The request is refused for what it says."""
    return error("ValidationError", message)


def balancer_not_found(name: str) -> CommonServiceException:
    """A load balancer that is not there; by ARN or by name."""
    return error("LoadBalancerNotFound", f"Load balancers '[{name}]' not found")


def group_not_found() -> CommonServiceException:
    """A target group that is not there."""
    return error("TargetGroupNotFound", "One or more target groups not found")


def listener_not_found() -> CommonServiceException:
    """A listener that is not there."""
    return error("ListenerNotFound", "One or more listeners not found")


def rule_not_found() -> CommonServiceException:
    """A rule that is not there."""
    return error("RuleNotFound", "One or more rules not found")


def duplicate_name(code: str, noun: str, name: str) -> CommonServiceException:
    """A name that is taken by something that is not the same."""
    return error(
        f"Duplicate{code}Name",
        f"A {noun} with the same name '{name}' exists, but with different settings",
    )


def not_emulated(operation: str, what: str) -> NotImplementedError:
    """A part of an operation that nobody carries out: refused, never accepted and ignored."""
    return NotImplementedError(f"elbv2.{operation} with {what} is not emulated")
