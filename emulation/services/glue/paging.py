"""A page of a list, as Glue's answers have it."""

from collections.abc import Sequence
from typing import Any

from emulation.services import paging
from emulation.services.glue.errors import InvalidInputError


def page(
    items: Sequence[Any], request: Any, key: str, default: int = paging.DEFAULT_SIZE
) -> dict[str, Any]:
    """The answer with `MaxResults` items under `key`, and a `NextToken` when there are more."""
    refusal = InvalidInputError("Invalid continuation token")
    some, more = paging.page(request, items, refusal, size=default)
    return {key: some, **more}
