"""Alarms of a stack change with it: LocalStack's types of them know no update."""

from typing import Any

from localstack.services.cloudwatch.resource_providers.aws_cloudwatch_alarm_plugin import (
    CloudWatchAlarmProviderPlugin,
)
from localstack.services.cloudwatch.resource_providers.aws_cloudwatch_compositealarm_plugin import (
    CloudWatchCompositeAlarmProviderPlugin,
)
from localstack.utils.patch import patch

MODULE = "emulation.services.cloudwatch.resources"


def apply() -> None:
    """Patch the running gateway; called once, before it serves."""
    patch(CloudWatchAlarmProviderPlugin.load)(lambda _, plugin: use(plugin, "AlarmResource"))
    patch(CloudWatchCompositeAlarmProviderPlugin.load)(
        lambda _, plugin: use(plugin, "CompositeAlarmResource")
    )


def use(plugin: Any, name: str) -> None:
    """Our class in the place of LocalStack's."""
    from emulation.plugins import load

    plugin.factory = load(f"{MODULE}:{name}")
