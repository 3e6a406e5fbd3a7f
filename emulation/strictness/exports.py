"""What a template imports must be exported, and stays as long as somebody imports it. LocalStack
puts nothing in its place and goes on, and does not know who imports.

A stack that is deleted, or a resource that an update takes away, needs its imports no more.
"""

from typing import Any

from localstack.aws.api import CommonServiceException
from localstack.aws.api.cloudformation import StackStatus
from localstack.services.cloudformation.engine.v2.change_set_model import is_nothing
from localstack.services.cloudformation.engine.v2.change_set_model_executor import (
    ChangeSetModelExecutor,
)
from localstack.services.cloudformation.engine.v2.change_set_model_preproc import (
    ChangeSetModelPreproc,
)
from localstack.services.cloudformation.models import get_cloudformation_store
from localstack.utils.patch import patch

from emulation.strictness.conditions import ABSENT

IMPORTS = "imports"
"""Where a stack keeps the names that it imports."""


def apply() -> None:
    """Patch the running gateway; called once, before it serves."""
    patch(ChangeSetModelPreproc.visit_node_intrinsic_function_fn_import_value)(visit_import)
    patch(ChangeSetModelExecutor.execute)(execute)


def execute(execute_it: Any, executor: Any) -> Any:
    """Deploy; the imports are those of what is deployed then. A failure may leave either."""
    stack = executor._change_set.stack
    before: set[str] = getattr(stack, IMPORTS, set())
    setattr(stack, IMPORTS, set())
    failed = True
    try:
        result = execute_it(executor)
        failed = bool(result.failure_message)
        return result
    finally:
        if failed:
            setattr(stack, IMPORTS, {*before, *getattr(stack, IMPORTS)})


def visit_import(visit_it: Any, visitor: Any, node: Any) -> Any:
    """An import, which somebody exports.

    Raises:
        CommonServiceException: nobody does.
    """
    delta = visit_it(visitor, node)
    name = visitor.visit(node.arguments).after
    if not isinstance(name, str) or getattr(visitor, ABSENT, False):
        return delta
    if is_nothing(delta.after):
        raise CommonServiceException(
            "ValidationError", f"No export named {name} found.", sender_fault=True
        )
    if isinstance(visitor, ChangeSetModelExecutor):
        stack = visitor._change_set.stack
        setattr(stack, IMPORTS, {*getattr(stack, IMPORTS, ()), name})
    return delta


def importers(stack: Any, name: str) -> list[str]:
    """Names of the other stacks that import what a stack exports."""
    store = get_cloudformation_store(stack.account_id, stack.region_name)
    return sorted(
        other.stack_name
        for other in store.stacks_v2.values()
        if name in getattr(other, IMPORTS, ())
        and other is not stack
        and other.status != StackStatus.DELETE_COMPLETE
    )


def exports_in_use(stack: Any) -> str:
    """AWS's sentence for a stack that others import from; "" when nobody does."""
    for name in getattr(stack, "resolved_exports", None) or ():
        if users := importers(stack, name):
            return f"Export {name} cannot be deleted as it is in use by {' and '.join(users)}"
    return ""
