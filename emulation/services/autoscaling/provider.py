"""Auto Scaling's wire: groups of instances; policies, hooks, refreshes and the rest are refused."""

from collections.abc import Callable
from typing import Any

from localstack.aws.api import RequestContext
from localstack.services.plugins import SERVICE_PLUGINS, ServiceLifecycleHook

from emulation.services.autoscaling import describing, groups, keeper, store
from emulation.services.autoscaling.store import Members
from emulation.services.operations import named
from emulation.services.scope import Scope


def operation(name: str, work: Callable[[Scope, Members], Members | None]) -> Any:
    """An operation of the API."""

    def call(_self: Any, context: RequestContext, request: Members) -> Members | None:
        return work(Scope.of(context), request)

    return named(name, call)


class AutoScalingProvider(ServiceLifecycleHook):
    """The operations that are carried out; all others are refused by name."""

    service = "autoscaling"

    create_auto_scaling_group = operation("CreateAutoScalingGroup", groups.create)
    update_auto_scaling_group = operation("UpdateAutoScalingGroup", groups.update)
    delete_auto_scaling_group = operation("DeleteAutoScalingGroup", groups.delete)
    set_desired_capacity = operation("SetDesiredCapacity", groups.set_desired)
    terminate_instance_in_auto_scaling_group = operation(
        "TerminateInstanceInAutoScalingGroup", groups.terminate_instance
    )
    set_instance_health = operation("SetInstanceHealth", groups.set_health)
    set_instance_protection = operation("SetInstanceProtection", groups.set_protection)
    create_or_update_tags = operation("CreateOrUpdateTags", groups.tag)
    delete_tags = operation("DeleteTags", groups.untag)

    describe_auto_scaling_groups = operation("DescribeAutoScalingGroups", describing.describe)
    describe_auto_scaling_instances = operation(
        "DescribeAutoScalingInstances", describing.describe_instances
    )
    describe_scaling_activities = operation(
        "DescribeScalingActivities", describing.describe_activities
    )
    describe_tags = operation("DescribeTags", describing.describe_tags)

    def on_after_init(self) -> None:
        """Groups need EC2; the groups of the last run are kept from now on."""
        SERVICE_PLUGINS.require("ec2")
        keeper.start()

    def on_after_state_load(self) -> None:
        """Go on with the groups of the last run, once their instances are known again."""
        store.load()
        keeper.wake()
