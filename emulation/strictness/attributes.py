"""`Fn::GetAtt: A.B.C` means `["A", "B.C"]`, in a first template and in one that updates a stack.

LocalStack compares templates in the form of the list only: with the other form an update of the
stack ended in an error without a word.
"""

from typing import Any

from localstack.services.cloudformation.engine import template_preparer
from localstack.utils.patch import patch

GET_ATT = "Fn::GetAtt"


def apply() -> None:
    """Patch the running gateway; called once, before it serves."""
    patch(template_preparer.parse_template)(lambda parse, text: with_lists(parse(text)))


def with_lists(value: Any) -> Any:
    """A template, or a part of one, with the form of the list throughout."""
    if isinstance(value, list):
        return [with_lists(item) for item in value]
    if not isinstance(value, dict):
        return value
    text = value.get(GET_ATT)
    if len(value) == 1 and isinstance(text, str) and "." in text:
        return {GET_ATT: text.split(".", 1)}
    return {name: with_lists(item) for name, item in value.items()}
