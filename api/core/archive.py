"""The lake's record of every prediction: what was asked, what was answered, by which model.

One object a request, `predictions/date=2013-03-15/<id>.json`, one JSON object a line, so that a
batch is one write and Glue, Redshift and the monitor read it as any other table of JSON lines. The
date is the day of the answer, and ids begin with its time: the newest stand last in a listing.
"""

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from api.core.clock import now
from api.core.deployment import Clients

PREFIX = "predictions/"
WINDOWS = (timedelta(minutes=1), timedelta(hours=1), timedelta(days=1))
"""Listings go forward only, so the newest are looked for in growing windows before now."""

Record = dict[str, Any]


class Archive:
    """Writes and reads predictions; counts those that it could not write."""

    def __init__(self, clients: Clients, bucket: Callable[[], str | None]) -> None:
        self._clients = clients
        self._bucket = bucket
        self._lock = threading.Lock()
        self.unrecorded = 0
        """Predictions since the start that were answered and not written."""

    def write(self, records: Sequence[Record], at: datetime, request_id: str) -> str:
        """Write the predictions of one request; why that failed, empty when it did not."""
        reason = self._try_to_write(records, at, request_id)
        if reason:
            with self._lock:
                self.unrecorded += len(records)
        return reason

    def _try_to_write(self, records: Sequence[Record], at: datetime, request_id: str) -> str:
        bucket = self._bucket()
        if bucket is None:
            return "the lake is not deployed"
        body = "".join(json.dumps(record, separators=(",", ":")) + "\n" for record in records)
        try:
            self._clients("s3").put_object(
                Bucket=bucket,
                Key=key(at, request_id),
                Body=body.encode(),
                ContentType="application/x-ndjson",
            )
        except (ClientError, BotoCoreError) as error:
            return str(error)
        return ""

    def last(self, count: int) -> list[Record]:
        """The newest predictions, the newest first."""
        bucket = self._bucket()
        if bucket is None:
            return []
        found: list[Record] = []
        for name in self._newest_keys(bucket, count):
            body = self._clients("s3").get_object(Bucket=bucket, Key=name)["Body"].read()
            found += reversed([json.loads(line) for line in body.splitlines()])
            if len(found) >= count:
                break
        return found[:count]

    def _newest_keys(self, bucket: str, count: int) -> Iterator[str]:
        days = self._days(bucket)
        until = now()
        if days and days[-1] == _day(until):
            yield from self._of_today(bucket, until, count)
            days.pop()
        for day in reversed(days):
            yield from reversed(self._keys(bucket, day, ""))

    def _of_today(self, bucket: str, until: datetime, count: int) -> list[str]:
        keys: list[str] = []
        for window in WINDOWS:
            since = max(until - window, until.replace(hour=0, minute=0, second=0, microsecond=0))
            keys = self._keys(bucket, _day(until), key(since, ""))
            if len(keys) >= count:
                break
        return keys[::-1]

    def _days(self, bucket: str) -> list[str]:
        pages = (
            self._clients("s3")
            .get_paginator("list_objects_v2")
            .paginate(Bucket=bucket, Prefix=PREFIX, Delimiter="/")
        )
        return sorted(
            folder["Prefix"] for page in pages for folder in page.get("CommonPrefixes", ())
        )

    def _keys(self, bucket: str, day: str, after: str) -> list[str]:
        pages = (
            self._clients("s3")
            .get_paginator("list_objects_v2")
            .paginate(Bucket=bucket, Prefix=day, StartAfter=after)
        )
        return [item["Key"] for page in pages for item in page.get("Contents", ())]


def _day(at: datetime) -> str:
    return f"{PREFIX}date={at:%Y-%m-%d}/"


def key(at: datetime, request_id: str) -> str:
    """The object of a request."""
    return f"{_day(at)}{at:%Y%m%dT%H%M%S%fZ}-{request_id}.json"
