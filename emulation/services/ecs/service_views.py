"""Services as the API tells them."""

import copy

from emulation.services.ecs.store import LOCK, Members, Service, Task, tasks_of

PENDING = {"PROVISIONING", "PENDING", "ACTIVATING"}
HIDDEN = {"loadBalancers", "zones"}
SERVICE_ROLE = "aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS"
KEPT = (
    "loadBalancers",
    "desiredCount",
    "capacityProviderStrategy",
    "taskDefinition",
    "deploymentConfiguration",
    "networkConfiguration",
    "healthCheckGracePeriodSeconds",
    "enableECSManagedTags",
    "propagateTags",
    "availabilityZoneRebalancing",
)


def running(tasks: list[Task]) -> int:
    """How many run."""
    return sum(task.status == "RUNNING" for task in tasks)


def pending(tasks: list[Task]) -> int:
    """How many are to run and do not yet."""
    return sum(task.is_wanted and task.status in PENDING for task in tasks)


def told(service: Service, include: list[str] | None = None) -> Members:
    """A service, as it is now."""
    with LOCK:
        tasks = [task for task in tasks_of(service) if not task.is_over]
        found: Members = {
            "serviceArn": service.arn,
            "serviceName": service.name,
            "clusterArn": service.scope.arn("ecs", f"cluster/{service.cluster}"),
            "status": service.status,
            "serviceRegistries": [],
            "runningCount": running(tasks),
            "pendingCount": pending(tasks),
            "platformVersion": service.members["platformVersion"],
            "platformFamily": "Linux",
            **{name: service.members[name] for name in KEPT if name in service.members},
            "deployments": [deployment_told(service, one, tasks) for one in service.deployments],
            "roleArn": f"arn:{service.partition}:iam::{service.account}:role/{SERVICE_ROLE}",
            "events": service.events,
            "createdAt": service.created,
            "createdBy": f"arn:{service.partition}:iam::{service.account}:root",
            "placementConstraints": [],
            "placementStrategy": [],
            "schedulingStrategy": "REPLICA",
            "deploymentController": {"type": "ECS"},
            "enableExecuteCommand": False,
        }
        if not service.members.get("provider"):
            found["launchType"] = "FARGATE"
        if service.history:
            found |= current(service, tasks)
        if "TAGS" in (include or []):
            found["tags"] = service.tags
        return copy.deepcopy(found)


def current(service: Service, tasks: list[Task]) -> Members:
    """The service deployment that is at work or was the last, and what it brings."""
    latest = service.history[0]
    counted = [task for task in tasks if task.deployment == latest["deployment"]]
    return {
        "currentServiceDeployment": latest["serviceDeploymentArn"],
        "currentServiceRevisions": [
            {
                "arn": latest["targetServiceRevisionArn"],
                "requestedTaskCount": service.desired,
                "runningTaskCount": running(counted),
                "pendingTaskCount": pending(counted),
            }
        ],
    }


def deployment_told(service: Service, deployment: Members, tasks: list[Task]) -> Members:
    """A deployment; one that goes wants as many tasks as it still has."""
    own = [task for task in tasks if task.deployment == deployment["id"]]
    primary = deployment["status"] == "PRIMARY"
    return {
        **{name: value for name, value in deployment.items() if name not in HIDDEN},
        "desiredCount": service.desired if primary else sum(task.is_wanted for task in own),
        "runningCount": running(own),
        "pendingCount": pending(own),
    }
