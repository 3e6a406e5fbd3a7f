"""Service deployments and revisions: what a service was brought to, when, and how it went."""

import time
import uuid

from emulation.services.ecs import names
from emulation.services.ecs.definitions import listed
from emulation.services.ecs.errors import invalid
from emulation.services.ecs.store import DEFINITIONS, SERVICES, Members, Service
from emulation.services.scope import Scope

KEPT = 100
BRIEF = (
    "serviceDeploymentArn",
    "serviceArn",
    "clusterArn",
    "startedAt",
    "createdAt",
    "finishedAt",
    "targetServiceRevisionArn",
    "status",
    "statusReason",
)


def begin(service: Service, deployment: Members) -> None:
    """A service deployment begins."""
    revision = revision_arn(service, deployment)
    before = [item for item in service.history[:1] if item["status"] == "SUCCESSFUL"]
    now = time.time()
    breaker = service.members["deploymentConfiguration"]["deploymentCircuitBreaker"]
    service.history.insert(
        0,
        {
            "deployment": deployment["id"],
            "serviceDeploymentArn": service.scope.arn(
                "ecs",
                f"service-deployment/{service.cluster}/{service.name}/{uuid.uuid4().hex[:21]}",
            ),
            "serviceArn": service.arn,
            "clusterArn": service.scope.arn("ecs", f"cluster/{service.cluster}"),
            "createdAt": now,
            "startedAt": now,
            "updatedAt": now,
            "sourceServiceRevisions": [{"arn": item["revision"]["arn"]} for item in before],
            "targetServiceRevisionArn": revision,
            "status": "IN_PROGRESS",
            "deploymentConfiguration": service.members["deploymentConfiguration"],
            "breaker": "MONITORING" if breaker["enable"] else "DISABLED",
            "revision": revision_of(service, deployment, revision),
        },
    )
    del service.history[KEPT:]


def revision_arn(service: Service, deployment: Members) -> str:
    """The ARN of what a deployment brings."""
    number = deployment["id"].rpartition("/")[2]
    return service.scope.arn("ecs", f"service-revision/{service.cluster}/{service.name}/{number}")


def revision_of(service: Service, deployment: Members, arn: str) -> Members:
    """What a deployment brings."""
    key = deployment["taskDefinition"].rpartition("/")[2]
    definition = DEFINITIONS.of(service.scope).get(key)
    containers = definition.members["containerDefinitions"] if definition else []
    return {
        "arn": arn,
        "taskDefinition": deployment["taskDefinition"],
        "loadBalancers": deployment["loadBalancers"],
        "networkConfiguration": deployment["networkConfiguration"],
        "containerImages": [
            {"containerName": item["name"], "image": item["image"]} for item in containers
        ],
        "createdAt": deployment["createdAt"],
    }


def end(service: Service, deployment: Members, status: str, reason: str = "") -> None:
    """The service deployment of a deployment is over."""
    for item in service.history:
        if item["deployment"] == deployment["id"] and item["status"] == "IN_PROGRESS":
            now = time.time()
            item |= {"status": status, "finishedAt": now, "updatedAt": now}
            if reason:
                item["statusReason"] = reason
            if item["breaker"] == "MONITORING":
                triggered = "circuit breaker" in reason
                item["breaker"] = "TRIGGERED" if triggered else "MONITORING_COMPLETE"


def settle(service: Service) -> None:
    """What was to be taken back is taken back."""
    for item in service.history:
        if item["status"] == "ROLLBACK_IN_PROGRESS":
            item |= {"status": "ROLLBACK_SUCCESSFUL", "finishedAt": time.time()}


def rolled_back(service: Service, failed: Members, previous: Members, reason: str) -> None:
    """What has failed is taken back to what was there before."""
    for item in service.history:
        if item["deployment"] == failed["id"]:
            item["rollback"] = {
                "reason": reason,
                "startedAt": time.time(),
                "serviceRevisionArn": revision_arn(service, previous),
            }


def list_deployments(scope: Scope, request: Members) -> Members:
    """ListServiceDeployments."""
    service = names.service(scope, request.get("cluster"), request["service"])
    statuses = request.get("status") or []
    found = [
        {name: item[name] for name in BRIEF if name in item}
        for item in service.history
        if not statuses or item["status"] in statuses
    ]
    return listed(request, "serviceDeployments", found)


def describe_deployments(scope: Scope, request: Members) -> Members:
    """DescribeServiceDeployments."""
    arns = request["serviceDeploymentArns"]
    if not arns:
        raise invalid("serviceDeploymentArns cannot be empty.")
    known = {
        item["serviceDeploymentArn"]: told(service, item)
        for service in SERVICES.of(scope).values()
        for item in service.history
    }
    return {
        "serviceDeployments": [known[arn] for arn in arns if arn in known],
        "failures": [{"arn": arn, "reason": "MISSING"} for arn in arns if arn not in known],
    }


def told(service: Service, item: Members) -> Members:
    """A service deployment as the API tells it."""
    hidden = {"deployment", "breaker", "revision", "targetServiceRevisionArn"}
    live = service.deployment(item["deployment"]) or {}
    desired = service.desired
    return {
        **{name: value for name, value in item.items() if name not in hidden},
        "targetServiceRevision": {
            "arn": item["targetServiceRevisionArn"],
            "requestedTaskCount": desired,
        },
        "deploymentCircuitBreaker": {
            "status": item["breaker"],
            "failureCount": live.get("failedTasks", 0),
            "threshold": threshold(desired),
        },
    }


def threshold(desired: int) -> int:
    """How many tasks may fail before the circuit breaker acts: half of them, from 3 to 200."""
    return min(max(3, -(-desired // 2)), 200)


def describe_revisions(scope: Scope, request: Members) -> Members:
    """DescribeServiceRevisions."""
    arns = request["serviceRevisionArns"]
    known = {
        item["targetServiceRevisionArn"]: {
            "serviceRevisionArn": item["targetServiceRevisionArn"],
            "serviceArn": service.arn,
            "clusterArn": item["clusterArn"],
            "launchType": "FARGATE",
            "platformVersion": "1.4.0",
            "platformFamily": "Linux",
            **{name: value for name, value in item["revision"].items() if name != "arn"},
        }
        for service in SERVICES.of(scope).values()
        for item in service.history
    }
    return {
        "serviceRevisions": [known[arn] for arn in arns if arn in known],
        "failures": [{"arn": arn, "reason": "MISSING"} for arn in arns if arn not in known],
    }
