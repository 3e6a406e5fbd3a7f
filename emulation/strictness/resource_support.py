"""Which CloudFormation types a template may use: those that somebody here computes.

LocalStack asks a list on the internet first, and without one calls every type unsupported. What a
false condition leaves out is not made, here or on AWS, and may be of any type.
"""

from importlib import import_module
from threading import local
from typing import Any

from localstack.services.cloudformation.engine.v2 import change_set_resource_support_checker
from localstack.services.cloudformation.engine.v2.change_set_model import is_nothing
from localstack.services.cloudformation.engine.v2.change_set_model_preproc import (
    ChangeSetModelPreproc,
)
from localstack.services.cloudformation.resource_provider import plugin_manager
from localstack.services.cloudformation.v2.entities import ChangeSet
from localstack.services.dynamodb.resource_providers.aws_dynamodb_table_plugin import (
    DynamoDBTableProviderPlugin,
)
from localstack.services.ec2.resource_providers.aws_ec2_instance_plugin import (
    EC2InstanceProviderPlugin,
)
from localstack.services.ec2.resource_providers.aws_ec2_securitygroup_plugin import (
    EC2SecurityGroupProviderPlugin,
)
from localstack.services.ecr.resource_providers.aws_ecr_repository_plugin import (
    ECRRepositoryProviderPlugin,
)
from localstack.services.events.resource_providers.aws_events_rule_plugin import (
    EventsRuleProviderPlugin,
)
from localstack.services.kinesis.resource_providers.aws_kinesis_stream_plugin import (
    KinesisStreamProviderPlugin,
)
from localstack.services.kinesis.resource_providers.aws_kinesis_streamconsumer_plugin import (
    KinesisStreamConsumerProviderPlugin,
)
from localstack.services.logs.resource_providers.aws_logs_loggroup_plugin import (
    LogsLogGroupProviderPlugin,
)
from localstack.services.logs.resource_providers.aws_logs_subscriptionfilter_plugin import (
    LogsSubscriptionFilterProviderPlugin,
)
from localstack.services.s3.resource_providers.generated.aws_s3_bucket_plugin import (
    S3BucketProviderPlugin,
)
from localstack.services.scheduler.resource_providers.aws_scheduler_schedule_plugin import (
    SchedulerScheduleProviderPlugin,
)
from localstack.utils.catalog.catalog_loader import (
    AwsCatalogLoaderException,
    RemoteCatalogLoader,
)
from localstack.utils.catalog.common import (
    CloudFormationResourcesSupportAtRuntime,
    CloudFormationResourcesSupportInLatest,
)
from localstack.utils.patch import patch

from emulation.services.apigateway.resource_overrides import OVERRIDES as APIGATEWAY

EMPTY = {"AWS::CloudFormation::WaitCondition"}
"""Types that LocalStack completes without the work: this one waits for no signal."""

OURS = {
    **APIGATEWAY,
    EC2InstanceProviderPlugin: "emulation.services.ec2.resources:InstanceResource",
    EC2SecurityGroupProviderPlugin: "emulation.services.ec2.resources:SecurityGroupResource",
    DynamoDBTableProviderPlugin: "emulation.services.dynamodb.resources:TableResource",
    ECRRepositoryProviderPlugin: "emulation.services.ecr.resources:RepositoryResource",
    EventsRuleProviderPlugin: "emulation.services.events.resources:RuleResource",
    KinesisStreamProviderPlugin: "emulation.services.kinesis.resources:StreamResource",
    KinesisStreamConsumerProviderPlugin: (
        "emulation.services.kinesis.resources:StreamConsumerResource"
    ),
    LogsLogGroupProviderPlugin: "emulation.services.logs.resources:LogGroupResource",
    LogsSubscriptionFilterProviderPlugin: (
        "emulation.services.logs.resources:SubscriptionFilterResource"
    ),
    SchedulerScheduleProviderPlugin: "emulation.services.scheduler.resources:ScheduleResource",
    S3BucketProviderPlugin: "emulation.services.s3.resources:BucketResource",
}
"""Types that LocalStack has and we compute."""


PLANNED = local()
"""The change set that this thread computes."""


def apply() -> None:
    """Patch the running gateway; called once, before it serves."""
    checker = change_set_resource_support_checker.ChangeSetResourceSupportChecker
    patch(ChangeSet.compute_update_model)(plan)
    patch(checker.visit_node_resource)(visit_what_is_made)
    patch(checker._resource_support_status)(support_status)
    patch(RemoteCatalogLoader.get_remote_catalog)(no_remote_catalog)
    change_set_resource_support_checker._build_resource_failure_message = failure_message
    for plugin, reference in OURS.items():
        patch(plugin.load)(load_ours(reference))


def plan(compute: Any, change_set: Any, inputs: Any) -> Any:
    """What the resources are checked for."""
    PLANNED.change_set = change_set
    return compute(change_set, inputs)


def visit_what_is_made(visit_it: Any, checker: Any, node: Any) -> Any:
    """Pass a resource over whose condition is false."""
    if is_nothing(node.condition_reference):
        return visit_it(checker, node)
    resolved = ChangeSetModelPreproc(
        change_set=PLANNED.change_set
    )._resolve_resource_condition_reference(node.condition_reference)
    return None if resolved.after is False else visit_it(checker, node)


def support_status(_: Any, __: Any, resource_type: str) -> Any:
    """Available when a provider of the type is registered, ours or LocalStack's."""
    if plugin_manager.exists(resource_type) and resource_type not in EMPTY:
        return CloudFormationResourcesSupportAtRuntime.AVAILABLE
    return CloudFormationResourcesSupportInLatest.NOT_SUPPORTED


def failure_message(resource_type: str, _: Any) -> str:
    """Why the change set fails."""
    return f"{resource_type} is not emulated"


def no_remote_catalog(_: Any, __: Any) -> Any:
    """What LocalStack meets without internet: it goes on without its list."""
    raise AwsCatalogLoaderException("the emulator asks nothing of the internet")


def load_ours(reference: str) -> Any:
    """Load a type of our own in the place of LocalStack's: of two plug-ins with one name the last
    one found would win.
    """

    def instead(_: Any, plugin: Any) -> None:
        module, name = reference.split(":")
        plugin.factory = getattr(import_module(module), name)

    return instead
