"""Tags of streams and consumers: the two families of operations see the same."""

from dataclasses import replace
from typing import Any

from emulation.compute.streams.consumers import Consumer
from emulation.compute.streams.stream import Stream
from emulation.services.kinesis import errors, store

MAX_TAGS = 50


def check(tags: dict[str, str]) -> None:
    """Refuse more tags than a stream may have, and AWS's own."""
    if len(tags) > MAX_TAGS:
        raise errors.invalid_argument(
            f"A given stream cannot have more than {MAX_TAGS} tags associated with it."
        )
    if any(key.lower().startswith("aws:") for key in tags):
        raise errors.invalid_argument("Tag keys must not begin with aws:, which is reserved.")


def add(stream: Stream, consumer: Consumer | None, tags: dict[str, str]) -> None:
    """Set tags, over those of the same keys."""
    merged = _tags(stream, consumer) | tags
    check(merged)
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
