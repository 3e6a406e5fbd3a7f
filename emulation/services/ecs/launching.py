"""Tasks of a service: made of what its primary deployment brings."""

from emulation.services.ecs import making, names, tasks
from emulation.services.ecs.making import Order
from emulation.services.ecs.store import Members, Service


def start(service: Service, count: int) -> tuple[list[Members], Members | None]:
    """Start tasks; those that were started, and why not all were.

    Raises:
        CommonServiceException: what they need is not there any more.
    """
    order = order_of(service)
    started: list[Members] = []
    for number in range(count):
        if failure := tasks.unplaceable(order, 1):
            return started, failure
        started.append(tasks.start(order, number))
    return started, None


def order_of(service: Service) -> Order:
    """What is to be run."""
    scope, members = service.scope, service.members
    deployment = service.deployments[0]
    cluster = names.cluster(scope, service.cluster)
    definition = names.known(scope, deployment["taskDefinition"])
    making.check_roles(scope, definition, {})
    network = deployment["networkConfiguration"]
    tags = {
        "propagateTags": members["propagateTags"],
        "enableECSManagedTags": members["enableECSManagedTags"],
        "serviceName": service.name,
    }
    return Order(
        cluster=cluster,
        definition=definition,
        network=network,
        zones=deployment["zones"],
        overrides=making.check_overrides(definition, None),
        provider=members.get("provider") or "",
        group=f"service:{service.name}",
        started_by=deployment["id"],
        tags=making.tags_of(tags, definition, cluster, service.tags),
        service=service.name,
        deployment=deployment["id"],
        load_balancers=tuple(deployment["loadBalancers"]),
    )
