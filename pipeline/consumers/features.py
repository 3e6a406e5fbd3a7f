"""What the stream job knows of a flight when its plan is told: one read for all flights of a batch,
a second for those that the stream is past already.

A plan is told a day before the departure. Until two hours before it nothing is settled, so the
flight gets what is known of its keys by now: fewer features than the model was trained on, and
better than none (docs/decisions/0023-stream-features.md has the measure).
"""

import gzip
import json
import logging
import time
from collections import ChainMap
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

from pipeline.contracts import stream_features
from pipeline.contracts.events import Event
from pipeline.contracts.features import schedule_features
from pipeline.contracts.stream_features import Newest

LOG = logging.getLogger(__name__)
FRESH_SECONDS = 5.0
ABSENT = {"NoSuchKey", "AccessDenied"}
"""S3 says the second of an object that is not there to those who may not list the bucket."""

Features = dict[str, Any]
Lookup = Callable[[Sequence[Event]], list[Features]]


def schedules(flights: Sequence[Event]) -> list[Features]:
    """The features of plans alone."""
    return [schedule_features(event) for event in flights]


class StreamFeatures:
    """Looks features up in a lake. `s3` is a client; threads may share this."""

    def __init__(self, s3: Any, bucket: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._clock = clock
        self._newest: Newest | None = None
        self._read_at = -FRESH_SECONDS

    def __call__(self, flights: Sequence[Event]) -> list[Features]:
        """The features of planned flights, in order."""
        newest = self._current()
        if newest is None:
            return schedules(flights)
        settled = self._settled([event for event in flights if newest.is_past(event)])
        return [
            {**schedule_features(event), **_streamed(event, newest, settled)} for event in flights
        ]

    def _current(self) -> Newest | None:
        now = self._clock()
        if now - self._read_at >= FRESH_SECONDS:
            content = self._get(stream_features.NEWEST_KEY)
            self._newest = Newest.from_json(json.loads(content)) if content else None
            self._read_at = now
        return self._newest

    def _settled(self, past: Sequence[Event]) -> Mapping[str, Features]:
        """The lines of flights, as far as they are settled, by flight."""
        keys = {stream_features.flights_key_of(event["scheduled_departure"]) for event in past}
        return ChainMap(*(stream_features.lines_of(self._get(key)) for key in keys))

    def _get(self, key: str) -> bytes:
        """An object's text; none where there is none."""
        try:
            answer = self._s3.get_object(Bucket=self._bucket, Key=key)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code not in ABSENT:
                raise
            LOG.info("no features in %s: %s", key, code)
            return b""
        return gzip.decompress(answer["Body"].read())


def _streamed(event: Event, newest: Newest, settled: Mapping[str, Features]) -> Features:
    if line := settled.get(event["flight_id"]):
        known = ((name, line[name]) for name in stream_features.STREAMED)
        return {name: value for name, value in known if value is not None}
    return newest.features(event) if newest.speaks_of(event) else {}
