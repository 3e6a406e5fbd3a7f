"""EC2's wire: instances, images and launch templates are ours; networks are LocalStack's records,
those that `emulation.strictness.passive_metadata` lists.
"""

from collections.abc import Callable
from typing import Any

from localstack.aws.api import RequestContext
from localstack.services.ec2.provider import Ec2Provider

from emulation.services.ec2 import (
    attributes,
    default_networks,
    describing,
    images,
    launch_templates,
    launching,
    lifecycle,
    tags,
)
from emulation.services.ec2.store import Members
from emulation.services.operations import named
from emulation.services.scope import Scope


def operation(name: str, work: Callable[[Scope, Members], Members | None]) -> Any:
    """An operation of ours."""
    return of_context(name, lambda context, request: work(Scope.of(context), request))


def of_context(name: str, work: Callable[[RequestContext, Members], Members | None]) -> Any:
    """An operation that hands a part of its work on."""

    def call(_self: Any, context: RequestContext, request: Members) -> Members | None:
        return work(context, request)

    return named(name, call)


def refused(name: str) -> Any:
    """An operation that LocalStack answers with rows of nothing."""

    def work(_context: RequestContext, _request: Members) -> None:
        raise NotImplementedError(f"ec2.{name} is not emulated")

    return of_context(name, work)


class InstancesProvider(Ec2Provider):
    """LocalStack's records of networks, and instances that run."""

    run_instances = operation("RunInstances", launching.run)
    describe_instances = operation("DescribeInstances", describing.describe)
    describe_instance_status = operation("DescribeInstanceStatus", describing.describe_status)
    start_instances = operation("StartInstances", lifecycle.start)
    stop_instances = operation("StopInstances", lifecycle.stop)
    reboot_instances = operation("RebootInstances", lifecycle.reboot)
    terminate_instances = operation("TerminateInstances", lifecycle.terminate)
    get_console_output = operation("GetConsoleOutput", attributes.console_output)
    describe_instance_attribute = operation("DescribeInstanceAttribute", attributes.describe)
    modify_instance_attribute = operation("ModifyInstanceAttribute", attributes.modify)
    modify_instance_metadata_options = operation(
        "ModifyInstanceMetadataOptions", attributes.modify_metadata
    )

    describe_images = operation("DescribeImages", images.describe)

    create_launch_template = operation("CreateLaunchTemplate", launch_templates.create)
    create_launch_template_version = operation(
        "CreateLaunchTemplateVersion", launch_templates.create_version
    )
    modify_launch_template = operation("ModifyLaunchTemplate", launch_templates.modify)
    delete_launch_template = operation("DeleteLaunchTemplate", launch_templates.delete)
    delete_launch_template_versions = operation(
        "DeleteLaunchTemplateVersions", launch_templates.delete_versions
    )
    describe_launch_templates = operation("DescribeLaunchTemplates", launch_templates.describe)
    describe_launch_template_versions = operation(
        "DescribeLaunchTemplateVersions", launch_templates.describe_versions
    )

    create_tags = of_context("CreateTags", tags.create)
    delete_tags = of_context("DeleteTags", tags.delete)
    describe_tags = of_context("DescribeTags", tags.describe)

    describe_reserved_instances = refused("DescribeReservedInstances")
    describe_reserved_instances_offerings = refused("DescribeReservedInstancesOfferings")
    purchase_reserved_instances_offering = refused("PurchaseReservedInstancesOffering")
    create_transit_gateway = refused("CreateTransitGateway")
    describe_transit_gateways = refused("DescribeTransitGateways")
    describe_vpc_endpoint_services = refused("DescribeVpcEndpointServices")
    create_flow_logs = refused("CreateFlowLogs")

    def on_after_init(self) -> None:
        """Default networks are kept from the first request on."""
        super().on_after_init()
        default_networks.start()

    def on_after_state_load(self) -> None:
        """Go on with the networks and the instances of the last run."""
        default_networks.note_loaded()
        lifecycle.recover()
