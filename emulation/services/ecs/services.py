"""Services: created, changed, deleted, described; the scheduler brings them to what they want."""

import json

from emulation.services.ecs import deployments, making, names, placing, scheduler, service_checks
from emulation.services.ecs.definitions import listed
from emulation.services.ecs.errors import (
    invalid,
    not_emulated,
    service_not_active,
)
from emulation.services.ecs.service_views import told
from emulation.services.ecs.store import (
    LOCK,
    SERVICES,
    Cluster,
    Definition,
    Members,
    Service,
    services_in,
)
from emulation.services.scope import Scope

MOST_DESCRIBED = 10
MOST_TASKS = 5000
CHANGED = ("networkConfiguration", "platformVersion", "loadBalancers", "capacityProviderStrategy")
"""What only a new deployment brings."""


def create(scope: Scope, request: Members) -> Members:
    """CreateService; a request that is sent again is answered again."""
    service_checks.refuse("CreateService", request)
    name = names.last(request["serviceName"])
    if not service_checks.NAME.fullmatch(name):
        raise invalid("Service name contains invalid characters.")
    if "desiredCount" not in request:
        raise invalid("Desired count cannot be null.")
    check_count(request["desiredCount"])
    cluster = names.cluster(scope, request.get("cluster"))
    asked = json.dumps(request, sort_keys=True)
    if (before := asked_before(cluster, name, asked)) is not None:
        return {"service": told(before)}
    definition = definition_of(scope, request.get("taskDefinition"))
    members = members_of(scope, cluster, definition, request)
    service = Service(
        account=scope.account,
        region=scope.region,
        partition=scope.partition,
        tags=list(request.get("tags") or []),
        name=name,
        cluster=cluster.name,
        members=members | {"asked": asked},
    )
    with LOCK:
        names.check_active(cluster)
        deployments.begin(service)
        answer = told(service, ["TAGS"])
    scheduler.wake()
    return {"service": answer}


def asked_before(cluster: Cluster, name: str, asked: str) -> Service | None:
    """The service of the same request.

    Raises:
        CommonServiceException: InvalidParameterException.
    """
    found = SERVICES.of(cluster.scope).get(f"{cluster.name}/{name}")
    if found is None or found.status == "INACTIVE":
        return None
    if found.status == "DRAINING":
        raise invalid("Unable to Start a service that is still Draining.")
    if found.members["asked"] != asked:
        raise invalid("Creation of service was not idempotent.")
    return found


def check_count(count: int) -> None:
    """How many tasks a service may want."""
    if not 0 <= count <= MOST_TASKS:
        raise invalid(f"The desired count must be from 0 to {MOST_TASKS}.")


def definition_of(scope: Scope, identifier: str | None) -> Definition:
    """A task definition that Fargate runs."""
    if not identifier:
        raise invalid("TaskDefinition can not be blank.")
    found = names.runnable(scope, identifier)
    making.check_definition(found)
    return found


def members_of(scope: Scope, cluster: Cluster, definition: Definition, request: Members) -> Members:
    """What the service is made of, checked."""
    provider = making.provider_of(request, cluster)
    if provider is None:
        raise not_emulated("CreateService", f"launchType {request.get('launchType') or 'EC2'}")
    making.check_platform(request.get("platformVersion"))
    network = placing.check(scope, request.get("networkConfiguration"))
    making.check_roles(scope, definition, {})
    balancers = list(request.get("loadBalancers") or [])
    service_checks.check_balancers(scope, balancers, definition)
    grace = request.get("healthCheckGracePeriodSeconds")
    service_checks.check_grace(grace, balancers)
    members: Members = {
        "taskDefinition": definition.arn,
        "desiredCount": request["desiredCount"],
        "loadBalancers": balancers,
        "networkConfiguration": network,
        "zones": placing.zones_of(scope, network),
        "platformVersion": request.get("platformVersion") or "LATEST",
        "deploymentConfiguration": service_checks.configuration(
            "CreateService", request.get("deploymentConfiguration")
        ),
        "enableECSManagedTags": bool(request.get("enableECSManagedTags")),
        "propagateTags": request.get("propagateTags") or "NONE",
        "availabilityZoneRebalancing": request.get("availabilityZoneRebalancing") or "DISABLED",
        "provider": provider,
    }
    if provider:
        chosen = request.get("capacityProviderStrategy") or cluster.strategy
        members["capacityProviderStrategy"] = chosen
    if grace is not None or balancers:
        members["healthCheckGracePeriodSeconds"] = grace or 0
    return members


def update(scope: Scope, request: Members) -> Members:
    """UpdateService."""
    service_checks.refuse("UpdateService", request)
    service = names.service(scope, request.get("cluster"), request["service"])
    if service.status != "ACTIVE":
        raise service_not_active()
    changed = changes(scope, service, request)
    with LOCK:
        before = dict(service.members)
        service.members |= changed
        new = ("taskDefinition", *CHANGED)
        if request.get("forceNewDeployment") or any(
            before.get(name) != service.members.get(name) for name in new
        ):
            deployments.begin(service)
        service.steady = False
        SERVICES.save(service)
        answer = told(service)
    scheduler.wake()
    return {"service": answer}


def changes(scope: Scope, service: Service, request: Members) -> Members:
    """What is asked for that is not as it is, checked."""
    found: Members = {}
    if request.get("desiredCount") is not None:
        check_count(request["desiredCount"])
        found["desiredCount"] = request["desiredCount"]
    identifier = request.get("taskDefinition") or service.members["taskDefinition"]
    if request.get("taskDefinition") or request.get("forceNewDeployment"):
        definition = definition_of(scope, identifier)
        making.check_roles(scope, definition, {})
        found["taskDefinition"] = definition.arn
        balancers = request.get("loadBalancers") or service.members["loadBalancers"]
        service_checks.check_balancers(scope, balancers, definition)
    if request.get("loadBalancers") is not None:
        definition = definition_of(scope, identifier)
        service_checks.check_balancers(scope, request["loadBalancers"], definition)
        found["loadBalancers"] = request["loadBalancers"]
    if request.get("networkConfiguration"):
        network = placing.check(scope, request["networkConfiguration"])
        found["networkConfiguration"] = network
        found["zones"] = placing.zones_of(scope, network)
    return found | settings_of(scope, service, request)


def settings_of(scope: Scope, service: Service, request: Members) -> Members:
    """What is changed without a look at the task definition."""
    found: Members = {}
    if request.get("platformVersion"):
        making.check_platform(request["platformVersion"])
        found["platformVersion"] = request["platformVersion"]
    if request.get("deploymentConfiguration"):
        found["deploymentConfiguration"] = service_checks.configuration(
            "UpdateService",
            request["deploymentConfiguration"],
            service.members["deploymentConfiguration"],
        )
    if request.get("capacityProviderStrategy"):
        cluster = names.cluster(scope, service.cluster)
        found["provider"] = making.provider_of(request, cluster)
        found["capacityProviderStrategy"] = request["capacityProviderStrategy"]
    if request.get("healthCheckGracePeriodSeconds") is not None:
        balancers = request.get("loadBalancers") or service.members["loadBalancers"]
        service_checks.check_grace(request["healthCheckGracePeriodSeconds"], balancers)
    for name in (
        "healthCheckGracePeriodSeconds",
        "enableECSManagedTags",
        "propagateTags",
        "availabilityZoneRebalancing",
    ):
        if request.get(name) is not None:
            found[name] = request[name]
    return found


def delete(scope: Scope, request: Members) -> Members:
    """DeleteService: DRAINING until its tasks are gone, INACTIVE then."""
    service = names.service(scope, request.get("cluster"), request["service"])
    if service.status == "INACTIVE":
        raise service_not_active()
    with LOCK:
        if service.desired > 0 and not request.get("force"):
            raise invalid("The service cannot be stopped while it is scaled above 0.")
        service.status = "DRAINING"
        service.members["desiredCount"] = 0
        SERVICES.save(service)
        answer = told(service)
    scheduler.wake()
    return {"service": answer}


def describe(scope: Scope, request: Members) -> Members:
    """DescribeServices."""
    identifiers = request["services"]
    if not identifiers:
        raise invalid("Services cannot be empty.")
    if len(identifiers) > MOST_DESCRIBED:
        raise invalid(f"Services cannot have more than {MOST_DESCRIBED} elements.")
    cluster = names.cluster(scope, request.get("cluster"))
    found, failures = [], []
    for identifier in identifiers:
        if (service := names.find_service(cluster, identifier)) is None:
            arn = scope.arn("ecs", f"service/{cluster.name}/{names.last(identifier)}")
            failures.append({"arn": arn, "reason": "MISSING"})
        else:
            found.append(told(service, request.get("include")))
    return {"services": found, "failures": failures}


def list_services(scope: Scope, request: Members) -> Members:
    """ListServices: those that are not INACTIVE."""
    cluster = names.cluster(scope, request.get("cluster"))
    if request.get("schedulingStrategy") == "DAEMON" or request.get("launchType") not in {
        None,
        "FARGATE",
    }:
        return {"serviceArns": []}
    arns = [item.arn for item in services_in(cluster) if item.status != "INACTIVE"]
    return listed({"maxResults": 10, **request}, "serviceArns", sorted(arns))
