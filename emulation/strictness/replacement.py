"""A resource is replaced when a property that cannot be changed has another value, wherever that
value comes from.

LocalStack decides this from the two templates alone. A property that refers to a resource which is
itself replaced (a SageMaker endpoint configuration names its model) reads the same in both, so the
resource was asked for an update in place that it cannot do; and one that refers to a resource which
only changes (an alias names its function) was replaced by another of the same name. When its turn
comes both values are known: decided here.
"""

from typing import Any

from localstack.services.cloudformation.engine.v2.change_set_model_executor import (
    ChangeSetModelExecutor,
)
from localstack.services.cloudformation.resource_provider import ResourceProviderExecutor
from localstack.utils.patch import patch

PREFIX = "/properties/"


def apply() -> None:
    """Patch the running gateway; called once, before it serves."""
    patch(ChangeSetModelExecutor._execute_resource_change)(
        lambda execute, executor, **change: execute(executor, **with_replacement(change))
    )


def with_replacement(change: dict[str, Any]) -> dict[str, Any]:
    """The change, marked as a replacement where it is one."""
    before, after = change["before"], change["after"]
    kinds = [getattr(resource, "resource_type", None) for resource in (before, after)]
    if kinds[0] is not None and kinds[0] == kinds[1]:
        old, new = before.properties.properties, after.properties.properties
        if names := create_only(kinds[1]):
            after.requires_replacement = any(old.get(name) != new.get(name) for name in names)
    return change


def create_only(resource_type: str) -> list[str]:
    """The properties of a type that cannot be changed."""
    provider = ResourceProviderExecutor.try_load_resource_provider(resource_type)
    if provider is None:
        return []
    paths = provider.SCHEMA.get("createOnlyProperties", [])
    return [path.removeprefix(PREFIX) for path in paths]
