"""Predictions in the lake: `predictions/date=2013-01-01/<shard>-<first>-<last>.jsonl`.

The date is the flight's day, and the name is that of the batch: it depends on what was read and on
nothing else, so a batch that is processed again overwrites what it has written. A line is what the
API writes of its own predictions, and the event that it was made from. What the model refused is
named likewise under `unscored/`, with the reason and the whole event.
"""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from pipeline.consumers.reading import Batch
from pipeline.consumers.scoring import Score

PREDICTIONS, UNSCORED = "predictions", "unscored"
SAME = ("flight_id", "carrier", "flight", "origin", "dest", "scheduled_departure")

Objects = dict[str, list[dict[str, Any]]]


class Predictions:
    """Writes to a bucket. `s3` is a client."""

    def __init__(self, s3: Any, bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket

    def put(
        self, batch: Batch, scores: list[Score], endpoint: str, allowed: Callable[[], None]
    ) -> None:
        """Write the scores of a batch; `allowed` raises when that is not ours to do any more."""
        for key, body in objects(batch, scores, endpoint, datetime.now(UTC)):
            allowed()
            self._s3.put_object(
                Bucket=self._bucket, Key=key, Body=body, ContentType="application/x-ndjson"
            )


def objects(
    batch: Batch, scores: list[Score], endpoint: str, now: datetime
) -> Iterator[tuple[str, bytes]]:
    """Key and body of what a batch writes."""
    by_key: dict[str, list[dict[str, Any]]] = {}
    for score in scores:
        prefix = UNSCORED if score.refusal else PREDICTIONS
        folder = f"{prefix}/date={score.event['flight_date']}"
        key = f"{folder}/{batch.shard_id}-{batch.first}-{batch.last}.jsonl"
        by_key.setdefault(key, []).append(line(score, endpoint, f"{now:%Y-%m-%dT%H:%M:%SZ}"))
    for key, lines in by_key.items():
        yield (
            key,
            "".join(f"{json.dumps(item, separators=(',', ':'))}\n" for item in lines).encode(),
        )


def line(score: Score, endpoint: str, at: str) -> dict[str, Any]:
    """One flight's line. Features that nobody knew are left out, as they were in the request."""
    if score.refusal:
        return {"refused_at": at, "reason": score.refusal, "event": score.event}
    return {
        "prediction_id": score.event["event_id"],
        "predicted_at": at,
        **{name: score.event[name] for name in SAME},
        "probability": score.probability,
        "late": score.late,
        "endpoint": endpoint,
        "variant": score.variant,
        "features": score.features,
        "event_id": score.event["event_id"],
    }
