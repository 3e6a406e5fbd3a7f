"""Clusters: names under which tasks and services are, with settings and capacity providers."""

import re

from emulation.services.ecs import names
from emulation.services.ecs.errors import client_error, invalid, not_emulated, refusal
from emulation.services.ecs.store import (
    CLUSTERS,
    LOCK,
    Cluster,
    Members,
    services_in,
    tasks_in,
)
from emulation.services.paging import CAMEL_NAMES, page
from emulation.services.scope import Scope

NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_-]{0,254}")
PROVIDERS = ("FARGATE", "FARGATE_SPOT")
INSIGHTS = ("enhanced", "enabled", "disabled")
DEFAULT_SETTINGS = [{"name": "containerInsights", "value": "disabled"}]
PENDING = {"PROVISIONING", "PENDING", "ACTIVATING"}


def create(scope: Scope, request: Members) -> Members:
    """CreateCluster; one that is there is answered as it is."""
    refuse_connect("CreateCluster", request)
    name = request.get("clusterName") or names.DEFAULT
    if not NAME.fullmatch(name):
        raise invalid("Invalid identifier: " + ("Identifier contains invalid characters."))
    providers = list(request.get("capacityProviders") or [])
    strategy = list(request.get("defaultCapacityProviderStrategy") or [])
    check_providers(providers, strategy)
    settings = checked_settings(request.get("settings"))
    with LOCK:
        found = CLUSTERS.of(scope).get(name)
        if found is None or found.status != "ACTIVE":
            found = Cluster(
                account=scope.account,
                region=scope.region,
                partition=scope.partition,
                name=name,
                settings=settings,
                configuration=request.get("configuration") or {},
                capacity_providers=providers,
                strategy=strategy,
                tags=list(request.get("tags") or []),
            )
            CLUSTERS.save(found)
    return {"cluster": told(found, everything=True)}


def refuse_connect(operation: str, request: Members) -> None:
    """Service Connect needs a mesh that nobody runs here; sessions into tasks, an agent."""
    if request.get("serviceConnectDefaults"):
        raise not_emulated(operation, "serviceConnectDefaults")
    if (request.get("configuration") or {}).get("managedStorageConfiguration"):
        raise not_emulated(operation, "managedStorageConfiguration")


def checked_settings(given: list[Members] | None) -> list[Members]:
    """Settings, with the defaults of those that are not given."""
    found = {item["name"]: item["value"] for item in DEFAULT_SETTINGS}
    for item in given or []:
        if item.get("name") not in found:
            raise invalid(f"Unsupported cluster setting name '{item.get('name')}'.")
        if item.get("value") not in INSIGHTS:
            raise invalid("You must specify a valid value for containerInsights.")
        found[item["name"]] = item["value"]
    return [{"name": name, "value": value} for name, value in found.items()]


def check_providers(providers: list[str], strategy: list[Members]) -> None:
    """Only Fargate's are there; a strategy names those of the cluster."""
    for name in providers:
        if name not in PROVIDERS:
            raise client_error("The specified capacity provider was not found.")
    for item in strategy:
        if item["capacityProvider"] not in providers:
            raise invalid(
                "The specified capacity provider strategy cannot contain a capacity provider that "
                "is not associated with the cluster. Associate the capacity provider with the "
                "cluster or specify a different capacity provider and try again."
            )
    if strategy and not any(item.get("weight") or item.get("base") for item in strategy):
        raise invalid(
            "At least one capacity provider in the capacity provider strategy must have a weight "
            "value greater than zero. Specify a weight and try again."
        )


def update(scope: Scope, request: Members) -> Members:
    """UpdateCluster."""
    refuse_connect("UpdateCluster", request)
    with LOCK:
        found = names.cluster(scope, request["cluster"])
        if request.get("settings") is not None:
            found.settings = checked_settings(request["settings"])
        if request.get("configuration") is not None:
            found.configuration = request["configuration"]
        CLUSTERS.save(found)
        return {"cluster": told(found, everything=True)}


def update_settings(scope: Scope, request: Members) -> Members:
    """UpdateClusterSettings."""
    with LOCK:
        found = names.cluster(scope, request["cluster"])
        found.settings = checked_settings(request["settings"])
        CLUSTERS.save(found)
        return {"cluster": told(found, everything=True)}


def put_providers(scope: Scope, request: Members) -> Members:
    """PutClusterCapacityProviders."""
    with LOCK:
        found = names.cluster(scope, request["cluster"])
        providers = list(request["capacityProviders"])
        strategy = list(request["defaultCapacityProviderStrategy"])
        check_providers(providers, strategy)
        found.capacity_providers, found.strategy = providers, strategy
        CLUSTERS.save(found)
        return {"cluster": told(found, everything=True)}


def delete(scope: Scope, request: Members) -> Members:
    """DeleteCluster: it must be empty, and is INACTIVE from then on."""
    with LOCK:
        found = names.cluster(scope, request["cluster"])
        if any(service.status != "INACTIVE" for service in services_in(found)):
            raise refusal(
                "ClusterContainsServicesException",
                "The Cluster cannot be deleted while Services are active.",
            )
        if any(not task.is_over for task in tasks_in(found)):
            raise refusal(
                "ClusterContainsTasksException",
                "The Cluster cannot be deleted while Tasks are active.",
            )
        found.status = "INACTIVE"
        CLUSTERS.save(found)
        return {"cluster": told(found, everything=True)}


def describe(scope: Scope, request: Members) -> Members:
    """DescribeClusters; the default one when none is named."""
    include = request.get("include") or []
    found, failures = [], []
    for identifier in request.get("clusters") or [names.DEFAULT]:
        if (item := names.find_cluster(scope, identifier)) is None:
            arn = scope.arn("ecs", f"cluster/{names.last(identifier)}")
            failures.append({"arn": arn, "reason": "MISSING"})
        else:
            found.append(told(item, include))
    return {"clusters": found, "failures": failures}


def list_clusters(scope: Scope, request: Members) -> Members:
    """ListClusters: those that are ACTIVE."""
    arns = [item.arn for item in CLUSTERS.of(scope).values() if item.status == "ACTIVE"]
    items, more = page(request, sorted(arns), invalid("Invalid token"), names=CAMEL_NAMES)
    return {"clusterArns": items, **more}


def told(
    cluster: Cluster, include: list[str] | None = None, *, everything: bool = False
) -> Members:
    """A cluster, as the API tells it; what is not asked for is empty."""
    asked = set(include or [])
    tasks = [task for task in tasks_in(cluster) if not task.is_over]
    services = [item for item in services_in(cluster) if item.status != "INACTIVE"]
    statistics = {
        "runningFargateTasksCount": sum(task.status == "RUNNING" for task in tasks),
        "pendingFargateTasksCount": sum(task.status in PENDING for task in tasks),
        "activeServiceCount": sum(item.status == "ACTIVE" for item in services),
        "drainingServiceCount": sum(item.status == "DRAINING" for item in services),
    }
    found: Members = {
        "clusterArn": cluster.arn,
        "clusterName": cluster.name,
        "status": cluster.status,
        "registeredContainerInstancesCount": 0,
        "runningTasksCount": statistics["runningFargateTasksCount"],
        "pendingTasksCount": statistics["pendingFargateTasksCount"],
        "activeServicesCount": len(services),
        "statistics": [
            {"name": name, "value": str(value)}
            for name, value in statistics.items()
            if "STATISTICS" in asked
        ],
        "tags": cluster.tags if everything or "TAGS" in asked else [],
        "settings": cluster.settings if everything or "SETTINGS" in asked else [],
        "capacityProviders": cluster.capacity_providers,
        "defaultCapacityProviderStrategy": cluster.strategy,
    }
    if cluster.configuration and (everything or "CONFIGURATIONS" in asked):
        found["configuration"] = cluster.configuration
    return found


def describe_providers(scope: Scope, request: Members) -> Members:
    """DescribeCapacityProviders: Fargate's two."""
    wanted = [names.last(name) for name in request.get("capacityProviders") or PROVIDERS]
    found = [
        {
            "capacityProviderArn": scope.arn("ecs", f"capacity-provider/{name}"),
            "name": name,
            "status": "ACTIVE",
            "tags": [],
            "type": name,
        }
        for name in wanted
        if name in PROVIDERS
    ]
    missing = [
        {"arn": scope.arn("ecs", f"capacity-provider/{name}"), "reason": "MISSING"}
        for name in wanted
        if name not in PROVIDERS
    ]
    return {"capacityProviders": found, "failures": missing}
