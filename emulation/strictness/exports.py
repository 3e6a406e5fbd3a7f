"""What a template imports must be exported; LocalStack puts nothing in its place and goes on.

A stack that is deleted, or a resource that an update takes away, needs its imports no more.
"""

from typing import Any

from localstack.aws.api import CommonServiceException
from localstack.services.cloudformation.engine.v2.change_set_model import is_nothing
from localstack.services.cloudformation.engine.v2.change_set_model_preproc import (
    ChangeSetModelPreproc,
)
from localstack.utils.patch import patch

from emulation.strictness.conditions import ABSENT


def apply() -> None:
    """Patch the running gateway; called once, before it serves."""
    patch(ChangeSetModelPreproc.visit_node_intrinsic_function_fn_import_value)(visit_import)


def visit_import(visit_it: Any, visitor: Any, node: Any) -> Any:
    """An import, which somebody exports.

    Raises:
        CommonServiceException: nobody does.
    """
    delta = visit_it(visitor, node)
    name = visitor.visit(node.arguments).after
    if isinstance(name, str) and is_nothing(delta.after) and not getattr(visitor, ABSENT, False):
        raise CommonServiceException(
            "ValidationError", f"No export named {name} found.", sender_fault=True
        )
    return delta
