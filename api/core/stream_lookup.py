"""What the stream job knows of a flight two hours before its departure, for requests that do not
say it: rolling operations, weather, the rest of the schedule.

One read tells how far the stream is, a second has the flights that it is past; both are kept for
some seconds. A prediction does not fail for this: what cannot be looked up is unknown, and the
answer says why.
"""

import gzip
import json
import logging
import threading
import time
from collections import ChainMap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from api.core.deployment import Clients
from api.core.flight import Flight
from pipeline.contracts.features import FEATURE_NAMES
from pipeline.contracts.stream_features import NEWEST_KEY, Newest, flights_key_of, lines_of

LOG = logging.getLogger(__name__)

FRESH_SECONDS = 5.0
MOST_DAYS = 4
"""Days of settled flights that one request may read, and that are kept."""

TOLD_BEFORE = timedelta(days=1)
"""A plan is told so long before its departure: what is newest then says something of the flight."""

ABSENT = {"NoSuchKey", "AccessDenied"}
"""S3 says the second of an object that is not there to those who may not list the bucket."""

Lines = Mapping[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Found:
    """What was found of a flight."""

    values: dict[str, Any] = field(default_factory=dict)
    source: str = "request"
    as_of: str | None = None
    warning: str | None = None


NOTHING = Found()


class StreamLookup:
    """Looks features up in the lake; threads may share this."""

    def __init__(
        self,
        clients: Clients,
        bucket: Callable[[], str | None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clients = clients
        self._bucket = bucket
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[float, Any]] = {}

    def find(self, flights: Sequence[Flight]) -> list[Found]:
        """What is known of each flight, in order; never a failure."""
        try:
            return self._find(flights)
        except (ClientError, BotoCoreError, ValueError, KeyError, OSError) as error:
            LOG.warning("features cannot be looked up: %s", error)
            return [Found(warning=f"Features could not be looked up: {error}")] * len(flights)

    def forget(self) -> None:
        """Read everything again."""
        with self._lock:
            self._kept.clear()

    def _find(self, flights: Sequence[Flight]) -> list[Found]:
        bucket = self._bucket()
        newest = self._read(bucket, NEWEST_KEY, _newest) if bucket else None
        if not bucket or newest is None:
            return [NOTHING] * len(flights)
        plans = [_plan(flight) for flight in flights]
        past = [plan for plan in plans if newest.is_past(plan)]
        keys = sorted({flights_key_of(plan["scheduled_departure"]) for plan in past})
        settled = ChainMap(*(self._read(bucket, key, lines_of) for key in keys[:MOST_DAYS]))
        unread = frozenset(keys[MOST_DAYS:])
        return [_found(plan, newest, settled, unread) for plan in plans]

    def _read[T](self, bucket: str, key: str, parse: Callable[[bytes], T]) -> T:
        """What an object says, read again after a while; its text is empty where there is none."""
        found: T
        with self._lock:
            at, found = self._kept.get(key, (float("-inf"), None))
        if self._clock() - at < FRESH_SECONDS:
            return found
        found = parse(self._get(bucket, key))
        with self._lock:
            self._kept.pop(key, None)
            self._kept[key] = (self._clock(), found)
            while len(self._kept) > MOST_DAYS + 1:
                self._kept.pop(next(iter(self._kept)))
        return found

    def _get(self, bucket: str, key: str) -> bytes:
        try:
            answer = self._clients("s3").get_object(Bucket=bucket, Key=key)
        except ClientError as error:
            if error.response["Error"]["Code"] in ABSENT:
                return b""
            raise
        return gzip.decompress(answer["Body"].read())


def _newest(content: bytes) -> Newest | None:
    return Newest.from_json(json.loads(content)) if content else None


def _plan(flight: Flight) -> dict[str, Any]:
    """The flight as its `planned` event tells it."""
    return {
        "flight_id": flight.id,
        "carrier": flight.carrier,
        "flight": flight.flight,
        "origin": flight.origin,
        "dest": flight.dest,
        "scheduled_departure": flight.departure,
        "event_time": f"{flight.instant - TOLD_BEFORE:%Y-%m-%dT%H:%M:%SZ}",
    }


def _found(plan: dict[str, Any], newest: Newest, settled: Lines, unread: frozenset[str]) -> Found:
    line = settled.get(plan["flight_id"])
    # Of another departure it would be as of another moment.
    if line and line["scheduled_departure"] == plan["scheduled_departure"]:
        values = {name: line[name] for name in FEATURE_NAMES if line.get(name) is not None}
        return Found(values, "settled", line["score_time"])
    if newest.speaks_of(plan):
        values = newest.features(plan)
        return Found(values, "newest", newest.as_of) if values else NOTHING
    if newest.is_past(plan) and flights_key_of(plan["scheduled_departure"]) in unread:
        return Found(warning=f"One request looks up flights of {MOST_DAYS} days at most.")
    return NOTHING
