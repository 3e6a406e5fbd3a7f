"""Pages of lists and results: a token is a place, opaque to the caller."""

import base64
import binascii
from collections.abc import Sequence

from emulation.services.redshift_data.errors import validation_exception
from emulation.services.redshift_data.store import Members

DEFAULT_PAGE = 100


def encode(place: int) -> str:
    """The token of a place."""
    return base64.b64encode(f"at:{place}".encode()).decode()


def decode(token: str | None) -> int:
    """The place of a token; the beginning without one."""
    if not token:
        return 0
    try:
        plain = base64.b64decode(token, validate=True).decode()
        return int(plain.removeprefix("at:"))
    except (binascii.Error, ValueError) as error:
        raise validation_exception("The next token is not valid.") from error


def page[Item](request: Members, items: Sequence[Item]) -> tuple[Sequence[Item], Members]:
    """One page, and the token of the next where there is more."""
    start = decode(request.get("NextToken"))
    end = start + (request.get("MaxResults") or DEFAULT_PAGE)
    return items[start:end], {"NextToken": encode(end)} if end < len(items) else {}
