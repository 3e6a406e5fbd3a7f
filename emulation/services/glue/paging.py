"""`NextToken`: a page of a list, and where the next one begins."""

import base64
import binascii
from collections.abc import Sequence
from typing import Any

from emulation.services.glue.errors import InvalidInputError


def page(items: Sequence[Any], request: Any, key: str, default: int = 100) -> dict[str, Any]:
    """The answer with `MaxResults` items under `key`, and a `NextToken` when there are more."""
    start = offset(request.get("NextToken"))
    end = start + (request.get("MaxResults") or default)
    answer: dict[str, Any] = {key: list(items[start:end])}
    if end < len(items):
        answer["NextToken"] = base64.urlsafe_b64encode(str(end).encode()).decode()
    return answer


def offset(token: str | None) -> int:
    """Where a page begins."""
    if not token:
        return 0
    try:
        return int(base64.urlsafe_b64decode(token.encode()))
    except (ValueError, binascii.Error):
        raise InvalidInputError("Invalid continuation token") from None
