"""`${!Name}` in `Fn::Sub` stands for the text `${Name}`, as shells in user data need it.

LocalStack looks for a resource of that name. Its braces are hidden from it behind a character that
no template has, and are back before a resource sees the text.
"""

from typing import Any

from localstack.services.cloudformation.engine import template_preparer
from localstack.services.cloudformation.engine.v2.change_set_model_preproc import (
    ChangeSetModelPreproc,
)
from localstack.utils.patch import patch

SUB = "Fn::Sub"
WRITTEN, MEANT = "${!", "${"
HIDDEN = "$\ue000{"
"""U+E000 is for private use."""


def apply() -> None:
    """Patch the running gateway; called once, before it serves."""
    patch(template_preparer.parse_template)(lambda parse, text: hide(parse(text)))
    patch(ChangeSetModelPreproc.visit_node_intrinsic_function_fn_sub)(substitute)


def hide(value: Any) -> Any:
    """A template, or a part of one, with the literals of its substitutions hidden."""
    if isinstance(value, list):
        return [hide(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {name: hidden(item) if name == SUB else hide(item) for name, item in value.items()}


def hidden(argument: Any) -> Any:
    """The argument of a substitution: a text, or a text and a map."""
    if isinstance(argument, str):
        return argument.replace(WRITTEN, HIDDEN)
    return [hidden(item) if isinstance(item, str) else hide(item) for item in argument]


def substitute(visit: Any, visitor: Any, node: Any) -> Any:
    """Substitute, then show what was hidden."""
    delta = visit(visitor, node)
    delta.before, delta.after = shown(delta.before), shown(delta.after)
    return delta


def shown(value: Any) -> Any:
    """The text that is meant."""
    return value.replace(HIDDEN, MEANT) if isinstance(value, str) else value
