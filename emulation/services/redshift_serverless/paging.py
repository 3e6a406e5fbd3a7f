"""Pages of lists."""

import base64
import binascii
from collections.abc import Sequence
from typing import Any

from emulation.services.redshift_serverless.errors import invalid_token
from emulation.services.redshift_serverless.store import Members

DEFAULT_PAGE = 100


def page[Item](request: Members, items: Sequence[Item]) -> tuple[Sequence[Item], dict[str, Any]]:
    """One page, and the token of the next where there is more."""
    start = _start(request.get("nextToken"))
    end = start + request.get("maxResults", DEFAULT_PAGE)
    more = {"nextToken": base64.b64encode(str(end).encode()).decode()} if end < len(items) else {}
    return items[start:end], more


def _start(token: str | None) -> int:
    if not token:
        return 0
    try:
        return int(base64.b64decode(token, validate=True))
    except (binascii.Error, ValueError) as error:
        raise invalid_token() from error
