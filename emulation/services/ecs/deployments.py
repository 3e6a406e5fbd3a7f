"""Deployments of a service: begun, completed, failed, taken back; and what the service says."""

import secrets
import time
import uuid

from emulation.services.ecs import history, telling
from emulation.services.ecs.making import PLATFORM
from emulation.services.ecs.store import EVENTS, SERVICES, Members, Service

DIGITS = 10**18
CARRIED = ("taskDefinition", "networkConfiguration", "zones", "loadBalancers")
"""What a deployment brings, and a rollback brings back."""
BROKEN = "tasks failed to start."
CIRCUIT_BREAKER, ALARM = "circuit breaker", "alarm"


def announce(service: Service, text: str) -> None:
    """One event more; the latest first."""
    event = {
        "id": str(uuid.uuid4()),
        "createdAt": time.time(),
        "message": f"(service {service.name}) {text}",
    }
    service.events.insert(0, event)
    del service.events[EVENTS:]


def begin(service: Service) -> Members:
    """A deployment of what the service now is made of."""
    for before in service.deployments:
        if before["status"] == "PRIMARY":
            before["status"] = "ACTIVE"
            history.end(service, before, "STOPPED", "Superseded by a later deployment.")
    now = time.time()
    identifier = f"ecs-svc/{DIGITS + secrets.randbelow(9 * DIGITS)}"
    members = service.members
    made: Members = {
        "id": identifier,
        "status": "PRIMARY",
        **{name: members[name] for name in CARRIED},
        "createdAt": now,
        "updatedAt": now,
        "failedTasks": 0,
        "platformVersion": PLATFORM,
        "platformFamily": "Linux",
        "rolloutState": "IN_PROGRESS",
        "rolloutStateReason": f"ECS deployment {identifier} in progress.",
    }
    if members.get("provider"):
        made["capacityProviderStrategy"] = members["capacityProviderStrategy"]
    else:
        made["launchType"] = "FARGATE"
    service.deployments.insert(0, made)
    service.steady = False
    history.begin(service, made)
    telling.deployment_changed(service, made, "SERVICE_DEPLOYMENT_IN_PROGRESS", "INFO")
    SERVICES.save(service)
    return made


def enter(service: Service, deployment: Members, state: str, reason: str) -> None:
    """A deployment's rollout is somewhere else."""
    deployment |= {"rolloutState": state, "rolloutStateReason": reason, "updatedAt": time.time()}
    kind = "ERROR" if state == "FAILED" else "INFO"
    telling.deployment_changed(service, deployment, f"SERVICE_DEPLOYMENT_{state}", kind)


def complete(service: Service, deployment: Members) -> None:
    """All tasks of it run well, and no others."""
    identifier = deployment["id"]
    enter(service, deployment, "COMPLETED", f"ECS deployment {identifier} completed.")
    deployment["failedTasks"] = 0
    service.stable = identifier
    service.members["stableDeployment"] = dict(deployment)
    service.deployments = [deployment]
    history.end(service, deployment, "SUCCESSFUL")
    history.settle(service)
    announce(service, f"(deployment {identifier}) deployment completed.")


def prune(service: Service, used: set[str]) -> None:
    """Forget deployments that were superseded and have no tasks any more."""
    service.deployments = [
        one
        for one in service.deployments
        if one["status"] == "PRIMARY" or one["rolloutState"] == "FAILED" or one["id"] in used
    ]


def fail(service: Service, deployment: Members, what: str, *, cause: str, rollback: bool) -> None:
    """The primary deployment has failed; `cause` is who says so."""
    identifier = deployment["id"]
    reason = f"ECS deployment {cause}: {what}"
    enter(service, deployment, "FAILED", reason)
    announce(service, f"(deployment {identifier}) deployment failed: {what}")
    previous = service.deployment(service.stable) or kept(service)
    if rollback and previous is not None and previous["id"] != identifier:
        roll_back(service, deployment, previous, cause)
        because = f"Service deployment rolled back because of {reason}"
        history.end(service, deployment, "ROLLBACK_IN_PROGRESS", because)
    else:
        because = f"Service deployment stopped because of {reason}"
        history.end(service, deployment, "STOPPED", because)
    SERVICES.save(service)


def kept(service: Service) -> Members | None:
    """The last completed deployment, when its tasks are all gone."""
    found: Members | None = service.members.get("stableDeployment")
    return dict(found) if found else None


def roll_back(service: Service, failed: Members, previous: Members, cause: str) -> None:
    """The last completed deployment is the primary one again."""
    others = [one for one in service.deployments if one["id"] not in {failed["id"], previous["id"]}]
    failed["status"] = "ACTIVE"
    previous["status"] = "PRIMARY"
    service.deployments = [previous, failed, *others]
    service.members |= {name: previous[name] for name in CARRIED}
    service.steady = False
    reason = f"ECS deployment {cause}: rolling back to deploymentId {previous['id']}."
    enter(service, previous, "IN_PROGRESS", reason)
    announce(service, f"rolling back to deployment {previous['id']}.")
    history.rolled_back(service, failed, previous, reason)


def alarms(service: Service) -> str:
    """What the alarms of a deployment that is on its way say; empty when nothing. Asks CloudWatch,
    so not with the store locked.
    """
    rules = service.members["deploymentConfiguration"].get("alarms") or {}
    on_its_way = service.deployments and service.deployments[0]["rolloutState"] == "IN_PROGRESS"
    if not on_its_way or not rules.get("enable") or not rules.get("alarmNames"):
        return ""
    answer = service.scope.client("cloudwatch").describe_alarms(
        AlarmNames=rules["alarmNames"],
        AlarmTypes=["MetricAlarm", "CompositeAlarm"],
        StateValue="ALARM",
    )
    found = [*answer.get("MetricAlarms", []), *answer.get("CompositeAlarms", [])]
    return f"alarm(s) detected: {', '.join(one['AlarmName'] for one in found)}" if found else ""
