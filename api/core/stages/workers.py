"""The EC2 workers that score each planned flight as it comes."""

from typing import Any

from api.core.deployment import Clients, Deployment
from api.core.stages.metrics import day_sum
from api.core.stages.stage import Figure, Stage, State, absent

NAMESPACE = "Terrarium/Consumers"


def read_workers(clients: Clients, deployment: Deployment) -> Stage:
    """The group's instances, and what they have counted."""
    name, stream = (
        deployment.outputs.get(key, "") for key in ("WorkerGroupName", "EventStreamName")
    )
    if not name:
        return absent("The group of workers")
    answer = clients("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[name])
    instances = [item for group in answer["AutoScalingGroups"] for item in group["Instances"]]
    wanted = sum(group["DesiredCapacity"] for group in answer["AutoScalingGroups"])
    serving = sum(item["LifecycleState"] == "InService" for item in instances)
    scored, unscored = (
        day_sum(clients, NAMESPACE, metric, {"StreamName": stream})
        for metric in ("Predictions", "Unscored")
    )
    return Stage(
        state=_state(serving, wanted, scored),
        resource=name,
        summary=f"{serving} of {wanted} instances in service",
        figures=(
            Figure("scored", "flights scored in 24 h", scored),
            Figure("unscored", "refused by the model in 24 h", unscored),
            Figure("instances", "instances in service", serving),
        ),
        entries=tuple(_instance(item) for item in instances),
    )


def _state(serving: int, wanted: int, scored: float | None) -> State:
    if serving < wanted:
        return State.BUSY
    return State.DONE if scored else State.IDLE


def _instance(item: dict[str, Any]) -> dict[str, Any]:
    return {"name": item["InstanceId"], "state": item["LifecycleState"], "said": ""}
