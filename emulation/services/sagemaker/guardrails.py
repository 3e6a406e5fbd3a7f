"""A DeploymentConfig: how traffic moves from the old servers to the new, what stops it, and which
sizes and times AWS refuses.

Source: https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails.html
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil
from typing import NamedTuple, Self

from emulation.services.sagemaker.errors import validation_exception
from emulation.services.sagemaker.scope import Scope
from emulation.services.sagemaker.store import Members, Variant

SIZES = {
    "CANARY": ("CanarySize", 0, 50),
    "LINEAR": ("LinearStepSize", 10, 50),
    "ROLLING": ("MaximumBatchSize", 5, 50),
}
"""The member that says how much at a time, and its least and greatest percentage."""


class Step(NamedTuple):
    """A part of the traffic, and how long to watch the alarms with it."""

    part: float
    seconds: int
    member: str
    """Where these seconds are from, as AWS's messages tell."""
    capacity: str
    """What it is called there: canary, linear or full."""


@dataclass(frozen=True, slots=True)
class Policy:
    """A deployment's course."""

    kind: str
    """ALL_AT_ONCE, CANARY, LINEAR or ROLLING."""
    size: Members
    wait: int
    final_wait: int
    limit: int | None
    """How long all of it may take, in s."""
    alarms: Sequence[str]
    rollback_size: Members

    @classmethod
    def of(cls, config: Members | None) -> Self:
        """The policy of a DeploymentConfig; without one traffic moves at once."""
        config = config or {}
        alarms = config.get("AutoRollbackConfiguration", {}).get("Alarms", [])
        names = [alarm["AlarmName"] for alarm in alarms]
        rolling = config.get("RollingUpdatePolicy")
        if rolling is not None:
            wait, limit = rolling["WaitIntervalInSeconds"], _limit(rolling)
            back = rolling.get("RollbackMaximumBatchSize", {})
            return cls("ROLLING", rolling["MaximumBatchSize"], wait, 0, limit, names, back)
        policy = config.get("BlueGreenUpdatePolicy", {})
        routing = policy.get("TrafficRoutingConfiguration", {})
        kind = routing.get("Type", "ALL_AT_ONCE")
        size = routing.get(SIZES[kind][0], {}) if kind in SIZES else {}
        wait = routing.get("WaitIntervalInSeconds", 0)
        final = policy.get("TerminationWaitInSeconds", 0)
        return cls(kind, size, wait, final, _limit(policy), names, {})

    def steps(self, count: int) -> list[Step]:
        """The shifts of a blue/green deployment to so many instances."""
        final = Step(1.0, self.final_wait, "TerminationWaitInSeconds", "full")
        if self.kind == "ALL_AT_ONCE":
            return [final]
        part = percentage(self.size, count) / 100
        number = 1 if self.kind == "CANARY" else ceil(round(1 / part, 6)) - 1
        name = self.kind.lower()
        before = [
            Step(part * (at + 1), self.wait, "WaitIntervalInSeconds", name) for at in range(number)
        ]
        return [*before, final]


def _limit(policy: Members) -> int | None:
    return policy.get("MaximumExecutionTimeoutInSeconds")


def percentage(size: Members, count: int) -> float:
    """A CapacitySize as a part of so many instances, in percent."""
    value = float(size["Value"])
    return value if size["Type"] == "CAPACITY_PERCENT" else 100 * value / count


def batches(size: Members, count: int) -> list[int]:
    """So many instances in batches of a size; without a size all at once."""
    one = max(1, ceil(percentage(size, count) * count / 100)) if size else count
    ends = [*range(0, count, one), count]
    return [end - start for start, end in pairwise(ends)]


def check(config: Members | None, variants: Iterable[Variant]) -> None:
    """Refuse a DeploymentConfig that no deployment to these variants could follow.

    Raises:
        CommonServiceException: ValidationException.
    """
    if config is None:
        return
    if "BlueGreenUpdatePolicy" in config and "RollingUpdatePolicy" in config:
        raise validation_exception(
            "Only one of BlueGreenUpdatePolicy and RollingUpdatePolicy can be specified in"
            " DeploymentConfig."
        )
    routing = config.get("BlueGreenUpdatePolicy", {}).get("TrafficRoutingConfiguration", {})
    _check_members(routing)
    policy = Policy.of(config)
    if policy.kind in SIZES:
        _check_size(policy, sum(len(variant.instances) for variant in variants))
    waits = [step.seconds for step in policy.steps(100)] if policy.kind != "ROLLING" else []
    if policy.limit is not None and sum(waits) >= policy.limit:
        raise validation_exception(
            "MaximumExecutionTimeoutInSeconds must be larger than the total waiting time specified"
            " in TerminationWaitInSeconds and WaitIntervalInSeconds."
        )


def _check_members(routing: Members) -> None:
    """A size is given for the type that has one, and for no other."""
    kind = routing.get("Type", "ALL_AT_ONCE")
    for owner in ("CANARY", "LINEAR"):
        member = SIZES[owner][0]
        if kind == owner and member not in routing:
            raise validation_exception(f"{member} is required for traffic routing type {kind}.")
        if kind != owner and member in routing:
            raise validation_exception(
                f"{member} cannot be specified for traffic routing type {kind}."
            )


def _check_size(policy: Policy, count: int) -> None:
    member, low, high = SIZES[policy.kind]
    if not low <= percentage(policy.size, count) <= high:
        between = f"between {low}% and {high}%" if low else f"less than or equal to {high}%"
        raise validation_exception(
            f"{member} must be {between} of the variant's total instance count."
        )


def check_names(config: Members | None, old: Iterable[Variant], new: Sequence[Variant]) -> None:
    """Guarded deployments go from a variant to the variant of the same name."""
    kind = Policy.of(config).kind
    if kind == "ALL_AT_ONCE":
        return
    if {variant.name for variant in old} != {variant.name for variant in new}:
        raise validation_exception(
            "The new endpoint configuration must have the same variant names as the old endpoint"
            f" configuration for a {kind} deployment."
        )
    if kind == "ROLLING" and len(new) > 1:
        raise validation_exception(
            "RollingUpdatePolicy is not supported for endpoints with multiple variants."
        )


def alarms_in_alarm(scope: Scope, names: Sequence[str]) -> list[str]:
    """Those of the alarms that are in ALARM now.

    Raises:
        LookupError: one of them does not exist; its name.
    """
    if not names:
        return []
    found = scope.client("cloudwatch").describe_alarms(
        AlarmNames=list(names), AlarmTypes=["MetricAlarm", "CompositeAlarm"]
    )
    states = {
        alarm["AlarmName"]: alarm["StateValue"]
        for kind in ("MetricAlarms", "CompositeAlarms")
        for alarm in found.get(kind, [])
    }
    for name in names:
        if name not in states:
            raise LookupError(name)
    return [name for name in names if states[name] == "ALARM"]


def check_alarms(scope: Scope, config: Members | None) -> None:
    """Refuse alarms that do not exist; those that are in ALARM end the deployment as it begins."""
    try:
        alarms_in_alarm(scope, Policy.of(config).alarms)
    except LookupError as error:
        raise validation_exception(f"Could not find CloudWatch alarm [{error.args[0]}].") from error
