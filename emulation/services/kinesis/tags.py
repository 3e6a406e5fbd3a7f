"""Tags of streams and consumers: the two families of operations see the same."""

from dataclasses import replace
from typing import Any

from emulation.compute.streams.consumers import Consumer
from emulation.compute.streams.stream import Stream
from emulation.services.kinesis import errors, store

MAX_TAGS = 50
VALID = set("_.:/=+-@")
"""Beside letters, digits and white space."""


def check(tags: dict[str, str], stream: str, account: str) -> None:
    """Refuse more tags than a stream or a consumer may have, AWS's own, and odd characters."""
    failed = f"Failed to add tags to stream {stream} under account {account} because"
    if len(tags) > MAX_TAGS:
        raise errors.invalid_argument(
            f"{failed} a given stream cannot have more than {MAX_TAGS} tags associated with it."
        )
    if any(key.lower().startswith("aws:") for key in tags):
        raise errors.invalid_argument("Tag keys must not begin with aws:, which is reserved.")
    odd = {each for tag in tags.items() for text in tag for each in text if not _is_valid(each)}
    if odd - {"%"}:
        raise errors.invalid_argument(
            "Some tags contain invalid characters. Valid characters: "
            "Unicode letters, digits, white space, _ . / = + - % @."
        )
    if odd:
        raise errors.invalid_argument(
            f"{failed} some tags contained illegal characters. The allowed characters are "
            "Unicode letters, white-spaces, '_',',','/','=','+','-','@'."
        )


def _is_valid(character: str) -> bool:
    return character.isalnum() or character.isspace() or character in VALID


def add(stream: Stream, consumer: Consumer | None, tags: dict[str, str]) -> None:
    """Set tags, over those of the same keys."""
    merged = _tags(stream, consumer) | tags
    check(merged, stream.state.name, stream.state.account)
    _keep(stream, consumer, merged)


def remove(stream: Stream, consumer: Consumer | None, keys: list[str]) -> None:
    """Drop tags; keys that no tag has are fine."""
    tags = _tags(stream, consumer)
    _keep(stream, consumer, {key: value for key, value in tags.items() if key not in keys})


def listed(stream: Stream, consumer: Consumer | None) -> list[dict[str, str]]:
    """The tags, by key."""
    tags = _tags(stream, consumer)
    return [{"Key": key, "Value": value} for key, value in sorted(tags.items())]


def page(stream: Stream, request: dict[str, Any]) -> dict[str, Any]:
    """The answer of ListTagsForStream."""
    after = request.get("ExclusiveStartTagKey") or ""
    tags = [tag for tag in listed(stream, None) if tag["Key"] > after]
    limit = request.get("Limit") or MAX_TAGS
    return {"Tags": tags[:limit], "HasMoreTags": len(tags) > limit}


def _tags(stream: Stream, consumer: Consumer | None) -> dict[str, str]:
    return consumer.tags if consumer else stream.state.tags


def _keep(stream: Stream, consumer: Consumer | None, tags: dict[str, str]) -> None:
    if consumer:
        store.change_consumer(stream, consumer, replace(consumer, tags=tags))
    else:
        stream.change(tags=tags)
