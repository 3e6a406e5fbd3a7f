"""What an endpoint becomes, told to its account's event bus.

Format: https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html;
there a status is written IN_SERVICE, not InService.
"""

import re

from emulation.services.sagemaker import state_events
from emulation.services.sagemaker.endpoint_descriptions import describe
from emulation.services.sagemaker.scope import Scope
from emulation.services.sagemaker.store import Endpoint, Members

STATE = "SageMaker Endpoint State Change"
DEPLOYMENT_STATE = "SageMaker Endpoint Deployment State Change"
MEMBERS = (
    "EndpointName",
    "EndpointArn",
    "EndpointConfigName",
    "ProductionVariants",
    "FailureReason",
    "CreationTime",
    "LastModifiedTime",
    "PendingDeploymentSummary",
)


def enter(scope: Scope, endpoint: Endpoint, status: str, reason: str | None = None) -> None:
    """The endpoint's next status, told."""
    endpoint.enter(status, reason)
    tell(scope, endpoint, STATE)


def tell_deployment(scope: Scope, endpoint: Endpoint) -> None:
    """A step of a deployment."""
    tell(scope, endpoint, DEPLOYMENT_STATE)


def tell(scope: Scope, endpoint: Endpoint, detail_type: str) -> None:
    """One event about the endpoint as it is now."""
    state_events.put_in_milliseconds(scope, detail_type, endpoint.arn, detail(scope, endpoint))


def detail(scope: Scope, endpoint: Endpoint) -> Members:
    """The endpoint as events have it."""
    found = describe(scope, endpoint)
    return {
        **{member: found[member] for member in MEMBERS if member in found},
        "EndpointStatus": shouted(endpoint.status),
        "Tags": dict(scope.store.tags.get(endpoint.arn, {})),
    }


def shouted(status: str) -> str:
    """InService as IN_SERVICE."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", status).upper()
