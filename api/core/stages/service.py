"""The service that runs this API: its tasks, its deployments, and what the load balancer says."""

import re
from typing import Any

from api.core.clock import told
from api.core.deployment import Clients, Deployment
from api.core.stages.stage import Figure, Stage, State, absent

EVENTS = 6
WHAT = "The API's service"
WHOSE, ARN = re.compile(r"^\(service [^)]*\) "), re.compile(r"arn:[^\s()]*:")


def read_service(clients: Clients, deployment: Deployment) -> Stage:
    """The tasks of ECS, and their health as targets."""
    outputs = deployment.outputs
    if "ApiServiceName" not in outputs:
        return absent(WHAT)
    ecs = clients("ecs")
    found = ecs.describe_services(
        cluster=outputs["ApiClusterName"], services=[outputs["ApiServiceName"]]
    )["services"]
    if not found or found[0]["status"] == "INACTIVE":
        return absent(WHAT)
    service = found[0]
    targets = _targets(clients, outputs["ApiTargetGroupArn"])
    healthy = sum(target["state"] == "healthy" for target in targets)
    running, wanted = service["runningCount"], service["desiredCount"]
    return Stage(
        state=_state(service, healthy),
        resource=f"{outputs['ApiClusterName']}/{service['serviceName']}",
        summary=f"{running} of {wanted} tasks run, {_rollout(service)}",
        figures=(
            Figure("running", "tasks that run", running),
            Figure("desired", "tasks wanted", wanted),
            Figure("healthy", "healthy behind the load balancer", healthy),
        ),
        entries=(*map(_deployment, service["deployments"]), *targets),
        facts={
            "notes": [f"Image {_image(ecs, service['taskDefinition'])}"],
            "events": [_event(event) for event in service["events"][:EVENTS]],
        },
    )


def _state(service: dict[str, Any], healthy: int) -> State:
    if not healthy and service["desiredCount"]:
        return State.FAILED
    if _primary(service).get("rolloutState") == "FAILED":
        return State.FAILED
    moving = any(one.get("rolloutState") == "IN_PROGRESS" for one in service["deployments"])
    whole = service["runningCount"] == service["desiredCount"]
    return State.DONE if whole and not moving else State.BUSY


def _primary(service: dict[str, Any]) -> dict[str, Any]:
    return next((one for one in service["deployments"] if one["status"] == "PRIMARY"), {})


def _rollout(service: dict[str, Any]) -> str:
    primary = _primary(service)
    name = _last(primary.get("taskDefinition", service["taskDefinition"]))
    match primary.get("rolloutState"):
        case "COMPLETED":
            return f"deployed as {name}"
        case "FAILED":
            return f"{name} failed: {primary.get('rolloutStateReason', 'no reason given')}"
        case _:
            return f"{name} is being rolled out"


def _deployment(one: dict[str, Any]) -> dict[str, Any]:
    return {
        "state": one.get("rolloutState", one["status"]),
        "name": _last(one["taskDefinition"]),
        "said": f"{one['runningCount']} of {one['desiredCount']} tasks",
    }


def _targets(clients: Clients, group: str) -> list[dict[str, Any]]:
    answer = clients("elbv2").describe_target_health(TargetGroupArn=group)
    return [
        {
            "state": item["TargetHealth"]["State"],
            "name": f"{item['Target']['Id']}:{item['Target']['Port']}",
            "said": item["TargetHealth"].get("Description", ""),
        }
        for item in answer["TargetHealthDescriptions"]
    ]


def _image(ecs: Any, definition: str) -> str:
    told_of = ecs.describe_task_definition(taskDefinition=definition)["taskDefinition"]
    return _last(told_of["containerDefinitions"][0]["image"])


def _event(event: dict[str, Any]) -> dict[str, Any]:
    """An event; of which service it speaks is known, and of an ARN its end is enough."""
    text = WHOSE.sub("", ARN.sub("", event["message"]))
    return {"at": told(event["createdAt"]), "text": text}


def _last(name: str) -> str:
    """Of an ARN or of an image's address: what tells it from others."""
    return name.rpartition("/")[2]
