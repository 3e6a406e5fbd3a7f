"""Task definitions: revisions of families, which never change."""

import time
from typing import Any

from emulation.services.ecs import definition_checks, names
from emulation.services.ecs.definition_checks import is_fargate, plain_size
from emulation.services.ecs.errors import client_error, invalid, not_emulated
from emulation.services.ecs.store import DEFINITIONS, LOCK, Definition, Members
from emulation.services.paging import CAMEL_NAMES, page
from emulation.services.scope import Scope

CONTAINER_DEFAULTS: Members = {
    "cpu": 0,
    "portMappings": [],
    "essential": True,
    "environment": [],
    "mountPoints": [],
    "volumesFrom": [],
    "systemControls": [],
}
KEPT = (
    "taskRoleArn",
    "executionRoleArn",
    "networkMode",
    "requiresCompatibilities",
    "runtimePlatform",
    "cpu",
    "memory",
    "ephemeralStorage",
)
MOST_DELETED = 10


def register(scope: Scope, request: Members) -> Members:
    """RegisterTaskDefinition: the next revision of its family."""
    given = dict(request)
    given["cpu"] = plain_size(given.get("cpu"), "vcpu", "cpu")
    given["memory"] = plain_size(given.get("memory"), "gb", "memory")
    definition_checks.check(given)
    with LOCK:
        family = given["family"]
        revisions = [
            item.revision for item in DEFINITIONS.of(scope).values() if item.family == family
        ]
        made = Definition(
            account=scope.account,
            region=scope.region,
            partition=scope.partition,
            family=family,
            revision=max(revisions, default=0) + 1,
            members={},
            tags=list(given.get("tags") or []),
        )
        made.members = members_of(made, given)
        DEFINITIONS.save(made)
    return answer(made)


def members_of(definition: Definition, given: Members) -> Members:
    """As the API tells it."""
    fargate = is_fargate(given)
    return {
        "taskDefinitionArn": definition.arn,
        "family": definition.family,
        "revision": definition.revision,
        "containerDefinitions": [container(item, given) for item in given["containerDefinitions"]],
        **{name: given[name] for name in KEPT if given.get(name)},
        "volumes": [{"host": {}, **volume} for volume in given.get("volumes") or []],
        "status": "ACTIVE",
        "requiresAttributes": [{"name": name} for name in attributes(given)],
        "placementConstraints": [],
        "compatibilities": ["EC2", "FARGATE"] if fargate else ["EC2"],
        "registeredAt": time.time(),
        "registeredBy": f"arn:{definition.partition}:iam::{definition.account}:root",
    }


def container(given: Members, request: Members) -> Members:
    """A container's definition with what is said by saying nothing."""
    found = {**CONTAINER_DEFAULTS, **given}
    awsvpc = request.get("networkMode") == "awsvpc"
    found["portMappings"] = [
        {"protocol": "tcp", **port, "hostPort": port["containerPort"]}
        if awsvpc
        else {"hostPort": 0, "protocol": "tcp", **port}
        for port in found["portMappings"]
    ]
    if check := found.get("healthCheck"):
        found["healthCheck"] = {"interval": 30, "timeout": 5, "retries": 3, **check}
    if log := found.get("logConfiguration"):
        found["logConfiguration"] = {"options": {}, "secretOptions": [], **log}
    return found


def attributes(given: Members) -> list[str]:
    """What an instance would have to have for it."""
    containers = given["containerDefinitions"]
    found = ["com.amazonaws.ecs.capability.docker-remote-api.1.18"]
    if any(item.get("logConfiguration") for item in containers):
        found.append("com.amazonaws.ecs.capability.logging-driver.awslogs")
        if given.get("executionRoleArn"):
            found.append("ecs.capability.execution-role-awslogs")
    if any(".dkr.ecr." in item["image"] for item in containers):
        found.append("com.amazonaws.ecs.capability.ecr-auth")
    if given.get("taskRoleArn"):
        found.append("com.amazonaws.ecs.capability.task-iam-role")
    if any(item.get("healthCheck") for item in containers):
        found.append("ecs.capability.container-health-check")
    if given.get("networkMode") == "awsvpc":
        found.append("ecs.capability.task-eni")
    return sorted(found)


def answer(definition: Definition) -> Members:
    """A definition with its tags beside it."""
    return {"taskDefinition": definition.members, "tags": definition.tags}


def describe(scope: Scope, request: Members) -> Members:
    """DescribeTaskDefinition."""
    found = names.find_definition(scope, request["taskDefinition"])
    if found is None:
        raise client_error("Unable to describe task definition.")
    told: Members = {"taskDefinition": found.members}
    if "TAGS" in (request.get("include") or []):
        told["tags"] = found.tags
    return told


def deregister(scope: Scope, request: Members) -> Members:
    """DeregisterTaskDefinition: INACTIVE from then on; what runs of it goes on."""
    identifier = request["taskDefinition"]
    if ":" not in names.last(identifier):
        raise invalid(f"Invalid revision number. Number: {names.last(identifier)}")
    with LOCK:
        found = names.find_definition(scope, identifier)
        if found is None:
            raise client_error("The specified task definition does not exist.")
        if found.status == "ACTIVE":
            found.members |= {"status": "INACTIVE", "deregisteredAt": time.time()}
            DEFINITIONS.save(found)
        return {"taskDefinition": found.members}


def delete(scope: Scope, request: Members) -> Members:
    """DeleteTaskDefinitions: of what is INACTIVE; on AWS too it is told of for some time."""
    identifiers = request["taskDefinitions"]
    if not identifiers:
        raise invalid("size of TaskDefinition references list must be greater than 0")
    if len(identifiers) > MOST_DELETED:
        raise invalid(f"Size of TaskDefinition references list cannot exceed {MOST_DELETED}")
    deleted: list[Members] = []
    failures: list[Members] = []
    with LOCK:
        for identifier in identifiers:
            if ":" not in names.last(identifier):
                raise invalid(f"Invalid revision number. Number: {names.last(identifier)}")
            found = names.find_definition(scope, identifier)
            if found is None or found.status == "ACTIVE":
                failures.append(failure(scope, identifier, found))
                continue
            found.members["status"] = "DELETE_IN_PROGRESS"
            DEFINITIONS.save(found)
            deleted.append(found.members)
    return {"taskDefinitions": deleted, "failures": failures}


def failure(scope: Scope, identifier: str, found: Definition | None) -> Members:
    """Why a definition is not deleted."""
    if found is None:
        arn = scope.arn("ecs", f"task-definition/{names.last(identifier)}")
        reason = "The specified task definition does not exist. Specify a valid account, family, "
        return {"arn": arn, "reason": f"{reason}revision and try again."}
    reason = "The specified task definition is still in ACTIVE status. Please deregister the target"
    return {"arn": found.arn, "reason": f"{reason} and try again."}


def list_definitions(scope: Scope, request: Members) -> Members:
    """ListTaskDefinitions."""
    status, family = request.get("status") or "ACTIVE", request.get("familyPrefix")
    found = sorted(
        (
            item
            for item in DEFINITIONS.of(scope).values()
            if item.status == status and family in {None, item.family}
        ),
        key=lambda item: (item.family, item.revision),
        reverse=request.get("sort") == "DESC",
    )
    return listed(request, "taskDefinitionArns", [item.arn for item in found])


def list_families(scope: Scope, request: Members) -> Members:
    """ListTaskDefinitionFamilies; a family is ACTIVE when one of its revisions is."""
    every = {item.family for item in DEFINITIONS.of(scope).values()}
    active = {item.family for item in DEFINITIONS.of(scope).values() if item.status == "ACTIVE"}
    kinds = {"ACTIVE": active, "INACTIVE": every - active, "ALL": every}
    prefix = request.get("familyPrefix") or ""
    chosen = kinds[request.get("status") or "ALL"]
    return listed(request, "families", sorted(name for name in chosen if name.startswith(prefix)))


def listed(request: Members, name: str, items: list[Any]) -> Members:
    """A page of a list."""
    found, more = page(request, items, invalid("Invalid token"), names=CAMEL_NAMES)
    return {name: found, **more}


def refuse_sessions(operation: str, request: Members) -> None:
    """Nobody carries sessions into tasks."""
    if request.get("enableExecuteCommand"):
        raise not_emulated(operation, "enableExecuteCommand")
