"""A resource whose condition is switched on or off by an update is created or deleted.

LocalStack resolves what a resource refers to on both sides of an update, also on the side where the
resource is not there, and then misses what is not there either; and it passes over every resource
whose condition is false now, so one that was there before stayed for ever. `UpdateStack` with
`UsePreviousTemplate`, by which one switches conditions, was refused.
"""

import json
from functools import wraps
from typing import Any

from localstack.aws.api import RequestContext
from localstack.services.cloudformation.engine.v2.change_set_model import Nothing, is_nothing
from localstack.services.cloudformation.engine.v2.change_set_model_preproc import (
    ChangeSetModelPreproc,
)
from localstack.services.cloudformation.models import get_cloudformation_store
from localstack.services.cloudformation.v2.provider import (
    CloudformationProviderV2,
    find_stack_v2,
)
from localstack.utils.patch import patch

ABSENT = "_absent_after"
"""On a visitor: whether the resource that is visited is not there after the update."""


def apply() -> None:
    """Patch the running gateway; called once, before it serves."""
    patch(ChangeSetModelPreproc._resolve_attribute)(resolve_attribute)
    patch(ChangeSetModelPreproc.visit_node_resources)(visit_resources)
    for operation in ("update_stack", "create_change_set"):
        operate = getattr(CloudformationProviderV2, operation)
        setattr(CloudformationProviderV2, operation, with_template(operate))


def resolve_attribute(resolve: Any, visitor: Any, arguments: Any, select_before: bool) -> Any:
    """An attribute, or nothing of a resource on a side where neither end of the reference is."""
    if select_before or getattr(visitor, ABSENT, False):
        name = (arguments.split(".") if isinstance(arguments, str) else arguments)[0]
        node = visitor._get_node_resource_for(
            resource_name=name, node_template=visitor._change_set.update_model.node_template
        )
        before, after = presence(visitor, node)
        if not (before if select_before else after):
            return Nothing
    return resolve(visitor, arguments, select_before)


def presence(visitor: Any, node: Any) -> tuple[bool, bool]:
    """Whether a resource's condition holds before and after; it does where there is none."""
    if is_nothing(node.condition_reference):
        return True, True
    delta = visitor._resolve_resource_condition_reference(node.condition_reference)
    return delta.before is not False, delta.after is not False


def visit_resources(_: Any, visitor: Any, node_resources: Any) -> None:
    """Every resource that is there on one of the two sides."""
    for node in node_resources.resources:
        before, after = presence(visitor, node)
        setattr(visitor, ABSENT, not after)
        if after or (before and is_deployed(visitor, node.name)):
            visitor.visit(node)
    setattr(visitor, ABSENT, False)


def is_deployed(visitor: Any, name: str) -> bool:
    """Whether the stack has the resource now."""
    return name in visitor._before_resolved_resources


def with_template(operate: Any) -> Any:
    """The operation with the stack's own template where the request says so."""

    @wraps(operate)
    def operate_on(provider: Any, context: RequestContext, request: dict[str, Any]) -> Any:
        given = request.get("TemplateBody") or request.get("TemplateURL")
        if request.get("UsePreviousTemplate") and not given:
            store = get_cloudformation_store(context.account_id, context.region)
            if stack := find_stack_v2(store, request.get("StackName")):
                request = {**request, "TemplateBody": json.dumps(stack.template, default=str)}
        return operate(provider, context, request)

    return operate_on
