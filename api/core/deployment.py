"""What is deployed, as CloudFormation says it: the stacks, and the names in their outputs.

Everything else that the API reads it finds through these outputs, so it needs no setting but the
pipeline's name.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

Clients = Callable[[str], Any]
"""`clients("s3")` is a client of that service."""

SPINE = ("storage", "streaming", "lake", "warehouse", "training", "serving", "consumers")
LOOP = ("deployment", "delivery", "monitoring")
"""What retrains and delivers; a pipeline predicts without it."""
FRONT = ("network", "api_image", "api", "api_gateway", "features_stream")
"""What the API itself runs in, and whose features it looks up; a pipeline predicts without it."""
REPORTS = ("quicksight", "dashboards", "renewal")
"""What people look at, and what keeps it new."""
STACKS = (*SPINE, *FRONT, *REPORTS, *LOOP)

MISSING = "NOT_DEPLOYED"
AT_ONCE = 6
"""Stacks that are asked for at a time; the account's other stacks are none of this API's."""


@dataclass(frozen=True, slots=True)
class Stack:
    """One stack; its status is CloudFormation's, or that it is not there."""

    name: str
    status: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Deployment:
    """The stacks in their order, and all their outputs."""

    stacks: tuple[Stack, ...] = ()
    outputs: Mapping[str, str] = field(default_factory=dict)


def is_deployed(stacks: Sequence[Mapping[str, Any]]) -> bool:
    """Whether everything is there that a prediction needs."""
    return {stack["name"] for stack in stacks if stack["status"] != MISSING} >= set(SPINE)


def read_deployment(clients: Clients, name: str) -> Deployment:
    """What is deployed under the pipeline's name."""
    cloudformation = clients("cloudformation")
    names = [f"{name}-{stack}" for stack in STACKS]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = pool.map(lambda stack: _describe(cloudformation, stack), names)
        described = dict(zip(STACKS, answers, strict=True))
    outputs = {
        output["OutputKey"]: output["OutputValue"]
        for stack in described.values()
        for output in stack.get("Outputs", ())
    }
    return Deployment(
        tuple(_stack(name, description) for name, description in described.items()), outputs
    )


def _stack(name: str, description: Mapping[str, Any]) -> Stack:
    status = description.get("StackStatus", MISSING)
    return Stack(name, status, description.get("StackStatusReason", ""))


def _describe(cloudformation: Any, name: str) -> Mapping[str, Any]:
    try:
        found: Mapping[str, Any] = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as error:
        # CloudFormation's word for a stack that is not there.
        if error.response["Error"]["Code"] == "ValidationError":
            return {}
        raise
    return found
