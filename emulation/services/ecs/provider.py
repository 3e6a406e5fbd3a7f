"""ECS's wire: each operation checks the request against the API's model and hands it on."""

import copy
from collections.abc import Callable
from typing import Any

from localstack.aws.api import RequestContext
from localstack.services.plugins import SERVICE_PLUGINS, ServiceLifecycleHook

from emulation.services import validation
from emulation.services.ecs import (
    clusters,
    definitions,
    history,
    recovery,
    scheduler,
    services,
    step_functions,
    tags,
    tasks,
    usage,
)
from emulation.services.ecs.errors import invalid
from emulation.services.ecs.store import Members
from emulation.services.operations import named
from emulation.services.scope import Scope


def operation(name: str, work: Callable[[Scope, Members], Members]) -> Any:
    """An operation: the request is valid before `work` sees it."""

    def call(_self: Any, context: RequestContext, request: Members) -> Members:
        assert context.operation is not None
        validation.check(context.operation, request, invalid)
        return work(Scope.of(context), copy.deepcopy(dict(request)))

    return named(name, call)


class EcsProvider(ServiceLifecycleHook):
    """The operations that are carried out; all others are refused by name."""

    service = "ecs"

    create_cluster = operation("CreateCluster", clusters.create)
    update_cluster = operation("UpdateCluster", clusters.update)
    update_cluster_settings = operation("UpdateClusterSettings", clusters.update_settings)
    put_cluster_capacity_providers = operation(
        "PutClusterCapacityProviders", clusters.put_providers
    )
    delete_cluster = operation("DeleteCluster", clusters.delete)
    describe_clusters = operation("DescribeClusters", clusters.describe)
    list_clusters = operation("ListClusters", clusters.list_clusters)
    describe_capacity_providers = operation(
        "DescribeCapacityProviders", clusters.describe_providers
    )

    register_task_definition = operation("RegisterTaskDefinition", definitions.register)
    describe_task_definition = operation("DescribeTaskDefinition", definitions.describe)
    deregister_task_definition = operation("DeregisterTaskDefinition", definitions.deregister)
    delete_task_definitions = operation("DeleteTaskDefinitions", definitions.delete)
    list_task_definitions = operation("ListTaskDefinitions", definitions.list_definitions)
    list_task_definition_families = operation(
        "ListTaskDefinitionFamilies", definitions.list_families
    )

    run_task = operation("RunTask", tasks.run)
    stop_task = operation("StopTask", tasks.stop)
    describe_tasks = operation("DescribeTasks", tasks.describe)
    list_tasks = operation("ListTasks", tasks.list_tasks)

    create_service = operation("CreateService", services.create)
    update_service = operation("UpdateService", services.update)
    delete_service = operation("DeleteService", services.delete)
    describe_services = operation("DescribeServices", services.describe)
    list_services = operation("ListServices", services.list_services)
    list_service_deployments = operation("ListServiceDeployments", history.list_deployments)
    describe_service_deployments = operation(
        "DescribeServiceDeployments", history.describe_deployments
    )
    describe_service_revisions = operation("DescribeServiceRevisions", history.describe_revisions)

    tag_resource = operation("TagResource", tags.tag)
    untag_resource = operation("UntagResource", tags.untag)
    list_tags_for_resource = operation("ListTagsForResource", tags.list_tags)

    def on_after_init(self) -> None:
        """Tasks have interfaces of EC2; services are kept from now on."""
        SERVICE_PLUGINS.require("ec2")
        usage.start()
        step_functions.complete()
        scheduler.start()

    def on_after_state_load(self) -> None:
        """Go on with the services of the last run; its tasks have died with it."""
        recovery.recover()
        scheduler.wake()

    def on_before_stop(self) -> None:
        """Tasks have ended: write down how."""
        recovery.end_all()
