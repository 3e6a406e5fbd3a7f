"""What a function's answer says of its batch."""

import json
from collections.abc import Sequence
from typing import Any

from emulation.services.lambda_.batches import Record
from emulation.services.lambda_.invoked import Invoked


class NotUnderstood(Exception):
    """The answer has another shape than the mapping asks for."""


def content(invoked: Invoked) -> dict[str, Any]:
    """The answer as an object; no answer is an empty one.

    Raises:
        NotUnderstood: it is no object.
    """
    try:
        answer = json.loads(invoked.payload or b"null")
    except ValueError as error:
        raise NotUnderstood("not JSON") from error
    if answer is not None and not isinstance(answer, dict):
        raise NotUnderstood("no object")
    return answer or {}


def processed(batch: Sequence[Record], answer: dict[str, Any]) -> int:
    """How many leading records are processed: those before the first that the answer names. One
    that is not in the batch is not understood, and fails all of it, as on AWS.

    Raises:
        NotUnderstood: the list is none, or an item names no record.
    """
    items = answer.get("batchItemFailures")
    if items is None:
        return len(batch)
    if not isinstance(items, list):
        raise NotUnderstood("batchItemFailures is no list")
    places = {record.sequence_number: place for place, record in enumerate(batch)}
    return min((places.get(_identifier(item), 0) for item in items), default=len(batch))


def _identifier(item: Any) -> str:
    identifier = item.get("itemIdentifier") if isinstance(item, dict) else None
    if not (isinstance(identifier, str) and identifier):
        raise NotUnderstood("an item of batchItemFailures has no itemIdentifier")
    return identifier
