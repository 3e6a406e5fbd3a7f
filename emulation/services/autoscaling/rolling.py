"""`UpdatePolicy.AutoScalingRollingUpdate`: instances of an old launch template are replaced in
batches, so many staying in service, before the update is complete.
"""

import re
import time
from dataclasses import dataclass
from typing import Any

Model = dict[str, Any]

DONE = {"MinInstancesInService", "MaxBatchSize", "PauseTime"}
ASKS_FOR_NOTHING = {
    "WaitOnResourceSignals": "false",
    "MinSuccessfulInstancesPercent": "100",
    "MinActiveInstancesPercent": "100",
}
UPDATE = "UpdatePolicy of AWS::AutoScaling::AutoScalingGroup"


@dataclass(frozen=True, slots=True)
class Rolling:
    """How instances are replaced."""

    in_service: int
    batch: int
    pause_seconds: float


def rolling_policy(policy: Model) -> Rolling | None:
    """The policy of a template; None where instances are left alone.

    Raises:
        NotImplementedError: a part of it that nobody carries out.
    """
    for name in policy.keys() - {"AutoScalingRollingUpdate", "AutoScalingScheduledAction"}:
        raise NotImplementedError(f"{name} in the {UPDATE} is not emulated")
    rolling = policy.get("AutoScalingRollingUpdate")
    if rolling is None:
        return None
    for name, value in rolling.items():
        if name == "SuspendProcesses" and not value:
            continue
        if name not in DONE and str(value).lower() != ASKS_FOR_NOTHING.get(name):
            raise NotImplementedError(f"{name} in the {UPDATE} is not emulated")
    return Rolling(
        int(rolling.get("MinInstancesInService", 0)),
        int(rolling.get("MaxBatchSize", 1)),
        duration(str(rolling.get("PauseTime", "PT0S"))),
    )


def keeps_sizes(policy: Model) -> bool:
    """Whether sizes that the template does not change are left as somebody else has set them."""
    scheduled = policy.get("AutoScalingScheduledAction") or {}
    return str(scheduled.get("IgnoreUnmodifiedGroupSizeProperties")).lower() == "true"


def duration(text: str) -> float:
    """A duration of ISO 8601, in s."""
    found = re.fullmatch(r"PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?", text)
    if found is None:
        raise NotImplementedError(f"PauseTime {text} in the {UPDATE} is not emulated")
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return float(3600 * hours + 60 * minutes + seconds)


def replace_some(client: Any, group: Model, policy: Rolling, context: Model) -> bool:
    """One step of a rolling update; True when no instance of an old template is left.

    `context` is kept between the steps: until when to pause, the size that was asked for.
    """
    name = group["AutoScalingGroupName"]
    in_service = [i for i in group["Instances"] if i["LifecycleState"] == "InService"]
    old = [item for item in in_service if item["LaunchTemplate"] != context["template"]]
    wanted = int(context["desired"])
    if not old:
        if group["DesiredCapacity"] != wanted:
            client.set_desired_capacity(AutoScalingGroupName=name, DesiredCapacity=wanted)
            return False
        return len(in_service) == wanted == len(group["Instances"])
    if len(in_service) != group["DesiredCapacity"] or time.time() < context.get("until", 0):
        return False
    free = min(policy.batch, len(in_service) - policy.in_service, len(old))
    if free <= 0:
        make_room(client, group)
        return False
    for item in old[:free]:
        client.terminate_instance_in_auto_scaling_group(
            InstanceId=item["InstanceId"], ShouldDecrementDesiredCapacity=False
        )
    context["until"] = time.time() + policy.pause_seconds
    return False


def make_room(client: Any, group: Model) -> None:
    """One instance more, where so many must stay in service that none can go.

    Raises:
        ValueError: the group may not have one more.
    """
    if group["DesiredCapacity"] >= group["MaxSize"]:
        raise ValueError("MinInstancesInService must be less than the autoscaling group's MaxSize")
    client.set_desired_capacity(
        AutoScalingGroupName=group["AutoScalingGroupName"],
        DesiredCapacity=group["DesiredCapacity"] + 1,
    )
