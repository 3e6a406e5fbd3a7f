"""Elastic Load Balancing's wire; classic load balancers, trust stores and the rest are refused."""

import threading
from collections.abc import Callable
from typing import Any

from localstack.aws.api import RequestContext
from localstack.runtime import events
from localstack.services.plugins import SERVICE_PLUGINS, ServiceLifecycleHook

from emulation.services import validation
from emulation.services.elbv2 import (
    access_logs,
    gateway_door,
    limits,
    listeners,
    load_balancers,
    rules,
    store,
    tags,
    target_groups,
    targets,
)
from emulation.services.elbv2.data_plane import DATA_PLANE
from emulation.services.elbv2.errors import validation_error
from emulation.services.elbv2.store import Members
from emulation.services.operations import named
from emulation.services.scope import Scope


def operation(name: str, work: Callable[[Scope, Members], Members]) -> Any:
    """An operation of the API."""

    def call(_self: Any, context: RequestContext, request: Members) -> Members:
        validation.check(context.operation, request, validation_error)
        return work(Scope.of(context), request)

    return named(name, call)


class Elbv2Provider(ServiceLifecycleHook):
    """The operations that are carried out; all others are refused by name."""

    service = "elbv2"

    create_load_balancer = operation("CreateLoadBalancer", load_balancers.create)
    describe_load_balancers = operation("DescribeLoadBalancers", load_balancers.describe)
    delete_load_balancer = operation("DeleteLoadBalancer", load_balancers.delete)
    set_subnets = operation("SetSubnets", load_balancers.set_subnets)
    set_security_groups = operation("SetSecurityGroups", load_balancers.set_security_groups)
    set_ip_address_type = operation("SetIpAddressType", load_balancers.set_address_type)
    describe_load_balancer_attributes = operation(
        "DescribeLoadBalancerAttributes", load_balancers.describe_attributes
    )
    modify_load_balancer_attributes = operation(
        "ModifyLoadBalancerAttributes", load_balancers.modify_attributes
    )
    describe_capacity_reservation = operation(
        "DescribeCapacityReservation", load_balancers.reserved_capacity
    )
    describe_account_limits = operation("DescribeAccountLimits", limits.describe)

    create_target_group = operation("CreateTargetGroup", target_groups.create)
    describe_target_groups = operation("DescribeTargetGroups", target_groups.describe)
    modify_target_group = operation("ModifyTargetGroup", target_groups.modify)
    delete_target_group = operation("DeleteTargetGroup", target_groups.delete)
    describe_target_group_attributes = operation(
        "DescribeTargetGroupAttributes", target_groups.describe_attributes
    )
    modify_target_group_attributes = operation(
        "ModifyTargetGroupAttributes", target_groups.modify_attributes
    )

    register_targets = operation("RegisterTargets", targets.register)
    deregister_targets = operation("DeregisterTargets", targets.deregister)
    describe_target_health = operation("DescribeTargetHealth", targets.describe_health)

    create_listener = operation("CreateListener", listeners.create)
    describe_listeners = operation("DescribeListeners", listeners.describe)
    modify_listener = operation("ModifyListener", listeners.modify)
    delete_listener = operation("DeleteListener", listeners.delete)
    describe_listener_attributes = operation(
        "DescribeListenerAttributes", listeners.describe_attributes
    )
    modify_listener_attributes = operation("ModifyListenerAttributes", listeners.modify_attributes)
    describe_listener_certificates = operation(
        "DescribeListenerCertificates", listeners.describe_certificates
    )

    create_rule = operation("CreateRule", rules.create)
    describe_rules = operation("DescribeRules", rules.describe)
    modify_rule = operation("ModifyRule", rules.modify)
    delete_rule = operation("DeleteRule", rules.delete)
    set_rule_priorities = operation("SetRulePriorities", rules.set_priorities)

    add_tags = operation("AddTags", tags.add)
    remove_tags = operation("RemoveTags", tags.remove)
    describe_tags = operation("DescribeTags", tags.describe)

    def on_after_init(self) -> None:
        """Targets may be instances; names lead somewhere and logs go out from now on."""
        SERVICE_PLUGINS.require("ec2")
        gateway_door.open_door()
        threading.Thread(target=access_logs.run, name="elbv2-logs", daemon=True).start()

    def on_after_state_load(self) -> None:
        """Go on with the load balancers of the last run, on their ports."""
        store.load()
        DATA_PLANE.serve()
        threading.Thread(target=self._deliver_rest, name="elbv2-rest", daemon=True).start()

    def on_before_stop(self) -> None:
        """What was logged is delivered, as far as S3 still answers."""
        access_logs.deliver_all()

    def _deliver_rest(self) -> None:
        events.infra_ready.wait()
        access_logs.deliver_all()
