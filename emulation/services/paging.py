"""Pages of lists: a token says where the next page begins, and is opaque to the caller."""

from base64 import b64decode, b64encode
from collections.abc import Sequence
from typing import Any

DEFAULT_SIZE = 100
NAMES = ("NextToken", "MaxResults")
CAMEL_NAMES = ("nextToken", "maxResults")


def page[Item](
    request: dict[str, Any],
    items: Sequence[Item],
    refusal: Exception,
    *,
    size: int = DEFAULT_SIZE,
    names: tuple[str, str] = NAMES,
) -> tuple[list[Item], dict[str, str]]:
    """The items that a request asks for, and the token of the next when there are more.

    `refusal` is what the service says of a token that it has not given; `names` are its members
    of the token and of the size.
    """
    token_name, size_name = names
    start = read_token(request.get(token_name), refusal)
    end = start + (request.get(size_name) or size)
    return list(items[start:end]), {token_name: token(end)} if end < len(items) else {}


def token(place: int) -> str:
    """The token of a place."""
    return b64encode(f"at:{place}".encode()).decode()


def read_token(given: str | None, refusal: Exception) -> int:
    """The place of a token; the beginning without one."""
    if not given:
        return 0
    try:
        head, number = b64decode(given, validate=True).decode().split(":")
        place = int(number)
    except ValueError as error:
        raise refusal from error
    if head != "at" or place < 0:
        raise refusal
    return place
