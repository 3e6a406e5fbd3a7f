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
from localstack.services.cloudformation.engine.v2.change_set_model import (
    NodeResource,
    Nothing,
    is_nothing,
)
from localstack.services.cloudformation.engine.v2.change_set_model_preproc import (
    ChangeSetModelPreproc,
)
from localstack.services.cloudformation.models import get_cloudformation_store
from localstack.services.cloudformation.v2.provider import (
    CloudformationProviderV2,
    find_stack_v2,
)
from localstack.utils.patch import patch

UNDEFINED = "Undefined variable name in Fn::Sub"

ABSENT = "_absent_after"
"""On a visitor: whether the resource that is visited is not there after the update."""


def apply() -> None:
    """Patch the running gateway; called once, before it serves."""
    patch(ChangeSetModelPreproc._resolve_attribute)(resolve_attribute)
    patch(ChangeSetModelPreproc.visit_node_resources)(visit_resources)
    patch(ChangeSetModelPreproc.visit)(visit)
    patch(ChangeSetModelPreproc.visit_node_intrinsic_function_fn_sub)(visit_sub)
    patch(ChangeSetModelPreproc.visit_node_intrinsic_function_fn_if)(visit_if)
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


def visit_if(visit_it: Any, visitor: Any, node_intrinsic_function: Any) -> Any:
    """A choice that turns out otherwise after the update: what was chosen before is not there any
    more, and may name what is not there either.
    """
    condition, *branches = node_intrinsic_function.arguments.array
    delta = visitor.visit(condition)
    if len(branches) == 2 and not (is_nothing(delta.before) or is_nothing(delta.after)):
        before = truth(visitor, delta.before).before
        if before != truth(visitor, delta.after).after:
            leave(visitor, branches[0 if before else 1])
    return visit_it(visitor, node_intrinsic_function)


def truth(visitor: Any, name: str) -> Any:
    """A condition on both sides."""
    return visitor.visit(visitor._get_node_condition_if_exists(condition_name=name))


def leave(visitor: Any, branch: Any) -> None:
    """Resolve a branch that is left; the visitor remembers what it was."""
    outer = getattr(visitor, ABSENT, False)
    setattr(visitor, ABSENT, True)
    try:
        visitor.visit(branch)
    finally:
        setattr(visitor, ABSENT, outer)


def visit_sub(visit_it: Any, visitor: Any, node: Any) -> Any:
    """A text that names what is not there on the side where the text is not there either: on that
    side nobody reads it.
    """
    sides = [visitor._before_cache]
    if getattr(visitor, ABSENT, False):
        sides.insert(0, visitor._after_cache)
    while True:
        try:
            return visit_it(visitor, node)
        except RuntimeError as error:
            if not sides or not str(error).startswith(UNDEFINED):
                raise
            sides.pop(0)[node.scope] = ""


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
        if after or (before and is_deployed(visitor, node.name)):
            visitor.visit(node)


def visit(visit_it: Any, visitor: Any, change_set_entity: Any) -> Any:
    """Anything; of a resource it is noted whether it stays, also where the way to it leads through
    another one.
    """
    if not isinstance(change_set_entity, NodeResource):
        return visit_it(visitor, change_set_entity)
    outer = getattr(visitor, ABSENT, False)
    setattr(visitor, ABSENT, not presence(visitor, change_set_entity)[1])
    try:
        return visit_it(visitor, change_set_entity)
    finally:
        setattr(visitor, ABSENT, outer)


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
