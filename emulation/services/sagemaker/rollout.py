"""UpdateEndpoint: new servers beside the old, traffic shifted between them, and back when an alarm
says so.

The old (blue) servers run until the new (green) have all traffic and have had it for the whole last
baking period. So going back is one assignment, and nobody waits for it. What `kill -9` interrupts
is blue's again: the store says green only when blue may end.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from botocore.exceptions import BotoCoreError, ClientError
from localstack.runtime.events import infra_stopping

from emulation.services.sagemaker.deployments import Deployment
from emulation.services.sagemaker.endpoint_events import enter, tell_deployment
from emulation.services.sagemaker.guardrails import Policy, Step, alarms_in_alarm
from emulation.services.sagemaker.launching import DeploymentError, launch
from emulation.services.sagemaker.scope import Scope
from emulation.services.sagemaker.store import Endpoint, PendingDeployment, Variant
from emulation.services.sagemaker.traffic import Router, Share

ALARM_SECONDS = 1.0
"""How often the alarms are read while a deployment bakes."""


class EmulatorEndsError(Exception):
    """The deployment stays as it is; `restore` goes on from there."""


@dataclass(eq=False)
class Rollout:
    """One deployment under way."""

    scope: Scope
    endpoint: Endpoint
    router: Router
    policy: Policy
    pending: PendingDeployment
    save: Callable[[], None]
    """Puts the store on disk."""
    green: Deployment | None = None
    started: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.old = self.router.shares
        """What serves until the deployment has succeeded."""

    @property
    def variants(self) -> list[Variant]:
        """What is deployed."""
        return self.pending.variants

    @property
    def size(self) -> int:
        """How many instances are deployed."""
        return sum(len(variant.instances) for variant in self.variants)

    def start_green(self, variants: list[Variant]) -> Deployment:
        """Start new servers, still without traffic.

        Raises:
            DeploymentError: one does not answer.
        """
        self.green = launch(self.scope, self.endpoint.name, variants, self.seconds_left())
        return self.green

    def shift(self, part: float) -> None:
        """So much of the traffic goes to the new servers."""
        assert self.green is not None
        rest = (Share(old, share * (1 - part)) for old, share in self.old)
        self.router.route(Share(self.green, part), *rest)
        for variant in self.variants:
            variant.count = math.ceil(round(part * len(variant.instances), 6))

    def say(self, variants: list[Variant], status: str, message: str) -> None:
        """The deployment's next step, on DescribeEndpoint and on the bus; `{}` is how many
        instances.
        """
        for variant in variants:
            variant.enter(status, message.format(variant.count))
        tell_deployment(self.scope, self.endpoint)

    def seconds_left(self) -> float | None:
        """Of the time that the whole deployment has."""
        limit = self.policy.limit
        return None if limit is None else self.started + limit - time.monotonic()

    def bake(self, seconds: float) -> None:
        """Watch the alarms for so long.

        Raises:
            DeploymentError: one is in ALARM, or the deployment takes too long.
            EmulatorEndsError: there is nobody to watch any more.
        """
        end = time.monotonic() + seconds
        self.watch()
        while (left := end - time.monotonic()) > 0:
            if infra_stopping.wait(min(left, ALARM_SECONDS)):
                raise EmulatorEndsError
            self.watch()

    def watch(self) -> None:
        """One look at the alarms and the clock; a guard that cannot be read guards nothing."""
        left = self.seconds_left()
        if left is not None and left <= 0:
            raise DeploymentError(
                f"The deployment exceeded MaximumExecutionTimeoutInSeconds ({self.policy.limit})."
            )
        try:
            tripped = alarms_in_alarm(self.scope, self.policy.alarms)
        except LookupError as error:
            raise DeploymentError(f"Could not find CloudWatch alarm [{error.args[0]}].") from error
        except (ClientError, BotoCoreError) as error:
            raise DeploymentError(f"Could not read the CloudWatch alarms: {error}") from error
        if tripped:
            names = ", ".join(tripped)
            raise DeploymentError(
                "The deployment was rolled back because these CloudWatch alarms were in ALARM"
                f" state: [{names}]."
            )


def deploy(rollout: Rollout) -> None:
    """Blue/green: all new servers first, then their traffic, step by step."""
    try:
        rollout.watch()
        rollout.start_green(rollout.variants)
        for step in rollout.policy.steps(rollout.size):
            take_step(rollout, step)
    except DeploymentError as error:
        roll_back(rollout, str(error))
    else:
        finish(rollout)


def take_step(rollout: Rollout, step: Step) -> None:
    """Shift traffic and watch what becomes of it."""
    rollout.shift(step.part)
    rollout.say(
        rollout.variants,
        "ActivatingTraffic",
        f"Activating traffic on {step.capacity} capacity of {{}} instance(s).",
    )
    rollout.say(
        rollout.variants,
        "Baking",
        f"Baking for {step.seconds} seconds ({step.member}) with traffic enabled on"
        f" {step.capacity} capacity of {{}} instance(s).",
    )
    rollout.bake(step.seconds)


def finish(rollout: Rollout) -> None:
    """The old servers answer what they have and end; the new ones are the endpoint."""
    rollout.shift(1.0)
    endpoint = rollout.endpoint
    rollout.say(endpoint.variants, "Deleting", "Terminating {} instance(s).")
    for variant in rollout.variants:
        variant.status = None
    endpoint.config_name = rollout.pending.config_name
    endpoint.variants = rollout.variants
    endpoint.pending = None
    rollout.save()
    for old in rollout.old:
        old.deployment.end()
    enter(rollout.scope, endpoint, "InService")


def roll_back(rollout: Rollout, reason: str) -> None:
    """All traffic is the old servers' again, at once; then the new ones end.

    Raises:
        EmulatorEndsError: servers failed because everything ends.
    """
    if infra_stopping.is_set():
        raise EmulatorEndsError
    rollout.router.route(*rollout.old)
    enter(rollout.scope, rollout.endpoint, "RollingBack", reason)
    if rollout.green is not None:
        rollout.say(rollout.variants, "Deleting", "Terminating {} instance(s).")
        rollout.green.end()
    rollout.endpoint.pending = None
    enter(rollout.scope, rollout.endpoint, "InService", reason)
