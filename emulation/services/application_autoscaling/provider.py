"""Application Auto Scaling's wire."""

from collections.abc import Callable
from typing import Any

from localstack.aws.api import RequestContext
from localstack.runtime import events
from localstack.services.plugins import SERVICE_PLUGINS, ServiceLifecycleHook

from emulation.services import validation
from emulation.services.application_autoscaling import (
    policies,
    scaling,
    scheduled,
    store,
    targets,
)
from emulation.services.application_autoscaling.store import Members
from emulation.services.events.clock import submit
from emulation.services.operations import named
from emulation.services.scope import Scope


def operation(name: str, work: Callable[[Scope, Members], Members]) -> Any:
    """An operation of the API."""

    def call(_self: Any, context: RequestContext, request: Members) -> Members:
        validation.check(context.operation, request)
        return work(Scope.of(context), request)

    return named(name, call)


class ApplicationAutoScalingProvider(ServiceLifecycleHook):
    """The operations that are carried out; all others are refused by name."""

    service = "application-autoscaling"

    register_scalable_target = operation("RegisterScalableTarget", targets.register)
    deregister_scalable_target = operation("DeregisterScalableTarget", targets.deregister)
    describe_scalable_targets = operation("DescribeScalableTargets", targets.describe)
    describe_scaling_activities = operation("DescribeScalingActivities", targets.activities)
    tag_resource = operation("TagResource", targets.tag)
    untag_resource = operation("UntagResource", targets.untag)
    list_tags_for_resource = operation("ListTagsForResource", targets.list_tags)

    put_scaling_policy = operation("PutScalingPolicy", policies.put)
    delete_scaling_policy = operation("DeleteScalingPolicy", policies.delete)
    describe_scaling_policies = operation("DescribeScalingPolicies", policies.describe)

    put_scheduled_action = operation("PutScheduledAction", scheduled.put)
    delete_scheduled_action = operation("DeleteScheduledAction", scheduled.delete)
    describe_scheduled_actions = operation("DescribeScheduledActions", scheduled.describe)

    def on_after_state_load(self) -> None:
        """Go on with the targets of the last run, once what they scale is there."""
        store.load()
        SERVICE_PLUGINS.require("cloudwatch")
        submit(self._go_on)

    def _go_on(self) -> None:
        events.infra_ready.wait()
        scheduled.plan_all()
        scaling.go_on()
