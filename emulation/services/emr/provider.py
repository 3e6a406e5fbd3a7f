"""EMR's wire: each operation checks the request against the API's model and hands it on."""

import copy
from collections.abc import Callable
from typing import Any

from localstack.aws.api import RequestContext
from localstack.services.plugins import ServiceLifecycleHook

from emulation.services import validation
from emulation.services.emr import clusters, instances, keeping, policies, steps
from emulation.services.emr.store import ENDED, Members, all_clusters
from emulation.services.operations import named
from emulation.services.scope import Scope

Operation = Callable[[Any, RequestContext, Members], Members]


def operation(name: str, work: Callable[[Scope, Members], Members]) -> Operation:
    """An operation: the request is valid before `work` sees it."""

    def call(_self: Any, context: RequestContext, request: Members) -> Members:
        assert context.operation is not None
        given = copy.deepcopy({name: value for name, value in request.items() if value is not None})
        validation.check(context.operation, given)
        return work(Scope.of(context), given)

    decorated: Operation = named(name, call)
    return decorated


class EmrProvider(ServiceLifecycleHook):
    """The operations on clusters and steps; all others are refused by name: fleets, changes of
    instances, studios, notebooks, security configurations, application pages.
    """

    service = "emr"

    run_job_flow = operation("RunJobFlow", clusters.run)
    describe_cluster = operation("DescribeCluster", clusters.describe)
    list_clusters = operation("ListClusters", clusters.list_clusters)
    terminate_job_flows = operation("TerminateJobFlows", clusters.terminate)
    set_termination_protection = operation("SetTerminationProtection", clusters.set_protection)
    set_keep_job_flow_alive_when_no_steps = operation(
        "SetKeepJobFlowAliveWhenNoSteps", clusters.set_kept
    )
    set_unhealthy_node_replacement = operation(
        "SetUnhealthyNodeReplacement", clusters.set_replacement
    )
    set_visible_to_all_users = operation("SetVisibleToAllUsers", clusters.set_visibility)
    modify_cluster = operation("ModifyCluster", clusters.modify)
    list_bootstrap_actions = operation("ListBootstrapActions", clusters.list_bootstrap_actions)

    add_job_flow_steps = operation("AddJobFlowSteps", steps.add)
    describe_step = operation("DescribeStep", steps.describe)
    list_steps = operation("ListSteps", steps.list_steps)
    cancel_steps = operation("CancelSteps", steps.cancel)

    list_instances = operation("ListInstances", instances.list_instances)
    list_instance_groups = operation("ListInstanceGroups", instances.list_groups)

    put_auto_termination_policy = operation("PutAutoTerminationPolicy", policies.put_idle)
    get_auto_termination_policy = operation("GetAutoTerminationPolicy", policies.get_idle)
    remove_auto_termination_policy = operation("RemoveAutoTerminationPolicy", policies.remove_idle)
    put_managed_scaling_policy = operation("PutManagedScalingPolicy", policies.put_scaling)
    get_managed_scaling_policy = operation("GetManagedScalingPolicy", policies.get_scaling)
    remove_managed_scaling_policy = operation("RemoveManagedScalingPolicy", policies.remove_scaling)

    add_tags = operation("AddTags", policies.add_tags)
    remove_tags = operation("RemoveTags", policies.remove_tags)

    def on_before_start(self) -> None:
        """Clusters go on where they were; what ran when the emulator ended has failed."""
        for cluster in list(all_clusters().values()):
            if cluster.state not in ENDED:
                keeping.resume(cluster)
