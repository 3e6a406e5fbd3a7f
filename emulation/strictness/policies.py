"""The policies of a resource that is being deployed: `CreationPolicy` and `UpdatePolicy`.

LocalStack reads neither. They are beside a resource's properties, so a type that carries them out,
or has to refuse them, asks here while it works.
"""

from contextvars import ContextVar
from typing import Any

from localstack.services.cloudformation.engine.v2.change_set_model_executor import (
    ChangeSetModelExecutor,
)
from localstack.utils.patch import patch

DEPLOYED: ContextVar[Any] = ContextVar("deployed")
"""The change set that this thread carries out."""


def apply() -> None:
    """Patch the running gateway; called once, before it serves."""
    patch(ChangeSetModelExecutor._execute_resource_action)(act_with_policies)


def act_with_policies(act: Any, executor: Any, *arguments: Any, **named: Any) -> Any:
    """Create, change or delete one resource, its template in reach."""
    token = DEPLOYED.set(executor._change_set)
    try:
        return act(executor, *arguments, **named)
    finally:
        DEPLOYED.reset(token)


def policy(logical_id: str, name: str) -> dict[str, Any]:
    """A policy of a resource, with parameters in their places; empty when it has none.

    Raises:
        NotImplementedError: another function of the template stands in it.
    """
    change_set = DEPLOYED.get()
    template = change_set.template or {}
    resource = template.get("Resources", {}).get(logical_id, {})
    found: dict[str, Any] = _resolved(resource.get(name) or {}, change_set)
    return found


def _resolved(value: Any, change_set: Any) -> Any:
    if isinstance(value, list):
        return [_resolved(item, change_set) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        ((function, argument),) = value.items()
        if function == "Ref" and argument in (change_set.resolved_parameters or {}):
            parameter = change_set.resolved_parameters[argument]
            names = ("resolved_value", "given_value", "default_value")
            return next(parameter[name] for name in names if parameter.get(name) is not None)
        if function == "Ref" or function.startswith("Fn::"):
            raise NotImplementedError(f"{function} in a policy of a resource is not emulated")
    return {name: _resolved(item, change_set) for name, item in value.items()}
