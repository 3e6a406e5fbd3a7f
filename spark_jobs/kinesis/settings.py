"""The options of the format `kinesis`, and the client that they mean."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import boto3
from botocore.config import Config

TRIM_HORIZON, LATEST, AT_TIMESTAMP = "TRIM_HORIZON", "LATEST", "AT_TIMESTAMP"
MOST_RECORDS = 10_000
"""GetRecords gives no more at once."""


class UnusableOptionError(ValueError):
    """An option of the format says what cannot be done; the text says which, and what can."""


@dataclass(frozen=True)
class KinesisSettings:
    """Which stream, from where on, and how much of a shard a batch may hold.

    `start` is `TRIM_HORIZON`, `LATEST`, or seconds since 1970 as text.
    """

    stream: str
    start: str = LATEST
    region: str | None = None
    endpoint_url: str | None = None
    records_per_shard: int = MOST_RECORDS

    @property
    def stream_name(self) -> str:
        """The name, also where the stream is given by its ARN."""
        return self.stream.rpartition("/")[2]

    @property
    def named(self) -> dict[str, str]:
        """The stream as a parameter of its operations."""
        return {"StreamARN" if self.stream.startswith("arn:") else "StreamName": self.stream}

    def client(self) -> Any:
        """A client; what the options leave open, the SDK takes from where it always does: region,
        credentials and endpoint (`AWS_ENDPOINT_URL`) from the environment or the job's role.

        Throttling, broken connections and AWS's own faults are tried again with growing pauses,
        about two minutes in all.
        """
        return boto3.client(
            "kinesis",
            region_name=self.region,
            endpoint_url=self.endpoint_url,
            config=Config(
                retries={"mode": "standard", "max_attempts": 12},
                connect_timeout=5,
                read_timeout=30,
                tcp_keepalive=True,
            ),
        )


def settings(options: Mapping[str, str]) -> KinesisSettings:
    """The settings of a reader's options, whose names know no case.

    Raises:
        UnusableOptionError: there is no stream, or an option cannot be read.
    """
    given = {name.lower(): value for name, value in options.items()}
    stream = given.get("streamarn") or given.get("streamname")
    if not stream:
        raise UnusableOptionError("kinesis needs the option streamName or streamARN")
    arn = stream.split(":") if stream.startswith("arn:") else []
    return KinesisSettings(
        stream=stream,
        start=_start(given.get("startingposition", LATEST), given.get("startingtimestamp", "")),
        region=given.get("region") or (arn[3] if len(arn) > 3 else None),
        endpoint_url=given.get("endpointurl") or None,
        records_per_shard=_count(given.get("maxrecordspershard", str(MOST_RECORDS))),
    )


def _start(position: str, timestamp: str) -> str:
    named = position.upper()
    if named == AT_TIMESTAMP:
        return _seconds(timestamp)
    if named not in {TRIM_HORIZON, LATEST}:
        allowed = f"{TRIM_HORIZON}, {LATEST} or {AT_TIMESTAMP}"
        raise UnusableOptionError(f"startingPosition must be {allowed}, not {position!r}")
    return named


def _seconds(timestamp: str) -> str:
    try:
        moment = datetime.fromisoformat(timestamp)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise UnusableOptionError(
            "startingPosition AT_TIMESTAMP needs startingTimestamp, an instant with its zone such "
            f"as 2013-01-01T10:15:00Z, not {timestamp!r}"
        )
    return f"{moment.timestamp():.3f}"


def _count(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise UnusableOptionError(
            f"maxRecordsPerShard must be a whole number from 1 on, not {text!r}"
        )
    return int(text)
