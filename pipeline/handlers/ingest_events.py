"""Lambda: events from the stream into the raw lake, each once; what breaks the contract is set
aside with the reason, and the shard goes on.

Why it reads before it writes: docs/decisions/0002-exactly-once-into-the-lake.md; what that proves,
and what becomes of poison: 0010-exactly-once.md.
"""

import base64
import logging
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from pipeline import aws
from pipeline.contracts import events
from pipeline.contracts.fields import InvalidEvent
from pipeline.contracts.poison import SetAside
from pipeline.handlers.lake import poison
from pipeline.handlers.lake.raw import Lake
from pipeline.handlers.settings import IngestSettings

LOG = logging.getLogger()
LOG.setLevel(logging.INFO)

WRITERS = 8
_LAKES: dict[str, Lake] = {}


def handler(event: dict[str, Any], _context: object) -> dict[str, int]:
    """Take one batch of a shard. An error that is not a record's fails the batch: it comes again,
    which changes nothing in what is written already.
    """
    settings = IngestSettings()
    by_key, refused = sort(event["Records"])
    added = write(lake(settings.lake_bucket), by_key)
    if refused:
        poison.set_aside(refused, settings.lake_bucket)
        poison.count(refused, settings.metric_namespace)
    report = {
        "records": len(event["Records"]),
        "objects": len(by_key),
        "added": added,
        "poison": len(refused),
    }
    LOG.info("%s", report)
    return report


def sort(records: Iterable[dict[str, Any]]) -> tuple[dict[str, dict[str, bytes]], list[SetAside]]:
    """The valid events of a batch as lines by object and identity, and the rest."""
    by_key: dict[str, dict[str, bytes]] = {}
    refused: list[SetAside] = []
    for record in records:
        data = base64.b64decode(record["kinesis"]["data"])
        try:
            event = events.decode(data)
        except InvalidEvent as error:
            refused.append(poison.of(record, data, error))
        else:
            lines = by_key.setdefault(events.raw_key(event), {})
            lines.setdefault(event["event_id"], events.encode(event))
    return by_key, refused


def write(into: Lake, by_key: dict[str, dict[str, bytes]]) -> int:
    """Add the lines to their objects; how many were new."""
    with ThreadPoolExecutor(WRITERS) as writers:
        return sum(writers.map(lambda item: into.add(*item), by_key.items()))


def lake(bucket: str) -> Lake:
    """The lake, with what a warm function remembers of it."""
    if bucket not in _LAKES:
        _LAKES[bucket] = Lake(aws.client("s3"), bucket)
    return _LAKES[bucket]
