"""What the pipeline knows of one flight: its schedule, what became of it, what was predicted.

The warehouse has it at one row; where there is none, it does not answer, or has not got the flight
yet, the lake has the flight's events. Predictions lie in the lake: the worker's and the scorer's by
the flight's day, this API's own by the day of the answer, of which the newest are looked through.
"""

import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from api.core.archive import PREFIX, Archive
from api.core.deployment import Clients, Deployment
from api.core.statements import query
from api.errors import ApiError, NotFoundError, UnreachableError
from pipeline.contracts import captures, events, features

LOG = logging.getLogger(__name__)

SQL = """
SELECT
    f.flight_id, f.flight_date, f.carrier, a.name AS carrier_name, f.flight,
    f.origin, o.name AS origin_name, f.dest, d.name AS dest_name, f.distance,
    f.scheduled_departure, f.scheduled_minutes, f.status, f.departed_at, f.arrived_at,
    f.dep_delay, f.arr_delay, f.air_time, f.late, f.tailnum
FROM fact_flights AS f
JOIN dim_airline AS a ON a.carrier = f.carrier
JOIN dim_airport AS o ON o.faa = f.origin
JOIN dim_airport AS d ON d.faa = f.dest
WHERE f.flight_id = :flight_id
"""
INSTANTS = ("scheduled_departure", "departed_at", "arrived_at")

OF_THIS_API = 200
"""The newest predictions of this API that are looked through for a flight."""
MOST_OBJECTS = 500
READERS = 8
ABSENT = {"NoSuchKey", "NoSuchBucket", "AccessDenied"}

Facts = dict[str, Any]


@dataclass
class Known:
    """Everything that is known of a flight."""

    facts: Facts
    source: str
    predictions: list[Facts] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Flights:
    """Finds flights; `patience` is for the warehouse, in seconds."""

    clients: Clients
    deployment: Callable[[], Deployment]
    archive: Archive
    patience: float

    def find(self, flight_id: str) -> Known:
        """The flight.

        Raises:
            NotFoundError: nobody has heard of it.
            UnreachableError: neither warehouse nor lake can be asked.
        """
        deployment = self.deployment()
        bucket = deployment.outputs.get("LakeBucket")
        warnings: list[str] = []
        facts, source = self._of_warehouse(deployment, flight_id, warnings), "warehouse"
        try:
            if not facts and bucket:
                facts, source = self._of_lake(bucket, flight_id), "lake"
            told = self._predictions(deployment, bucket, flight_id, warnings) if bucket else []
        except (ClientError, BotoCoreError) as error:
            raise UnreachableError(f"The lake cannot be asked for the flight: {error}") from error
        if not facts and not told:
            raise NotFoundError(f"The pipeline knows no flight {flight_id}.")
        return Known(facts or _of_prediction(told[0]), source, told, warnings)

    def _of_warehouse(self, deployment: Deployment, flight_id: str, warnings: list[str]) -> Facts:
        """The flight's row; nothing where there is none, or nobody who could tell."""
        if "WarehouseWorkgroup" not in deployment.outputs:
            return {}
        try:
            rows = query(self.clients, deployment, SQL, {"flight_id": flight_id}, self.patience)
        except (ApiError, ClientError, BotoCoreError) as error:
            LOG.warning("the warehouse does not tell of %s: %s", flight_id, error)
            warnings.append(f"Not from the warehouse: {error}")
            return {}
        if not rows:
            return {}
        return rows[0] | {name: _instant(rows[0][name]) for name in INSTANTS}

    def _of_lake(self, bucket: str, flight_id: str) -> Facts:
        """The flight's events, the later beside the earlier."""
        day = flight_id[:10]
        kinds = (events.PLANNED, events.DEPARTED, events.ARRIVED)
        keys = [events.raw_key({"event_type": kind, "flight_date": day}) for kind in kinds]
        facts: Facts = {}
        for kind, lines in zip(kinds, self._lines(bucket, keys, flight_id), strict=True):
            for line in lines:
                facts |= line | {"status": kind}
                if kind != events.PLANNED:
                    facts |= {f"{kind}_at": line["event_time"]}
        if "arr_delay" in facts:
            facts["late"] = features.is_late(facts["arr_delay"])
        return facts

    def _predictions(
        self, deployment: Deployment, bucket: str, flight_id: str, warnings: list[str]
    ) -> list[Facts]:
        """Those of everybody, the newest first."""
        day = flight_id[:10]
        prefixes = {f"{PREFIX}date={day}/": "worker"}
        if endpoint := deployment.outputs.get("EndpointName"):
            prefixes |= {captures.scored_prefix(endpoint, day): "scorer"}
        told = [
            item | {"by": "api"}
            for item in self.archive.last(OF_THIS_API)
            if item["flight_id"] == flight_id
        ]
        for prefix, by in prefixes.items():
            keys = [key for key in self._keys(bucket, prefix) if key.endswith(".jsonl")]
            if len(keys) > MOST_OBJECTS:
                warnings.append(f"Of {len(keys)} objects in {prefix} {MOST_OBJECTS} were read.")
            of_keys = self._lines(bucket, keys[-MOST_OBJECTS:], flight_id)
            told += [line | {"by": by} for lines in of_keys for line in lines]
        unique = {item.get("prediction_id") or item.get("inference_id"): item for item in told}
        return sorted(unique.values(), key=lambda item: str(item["predicted_at"]), reverse=True)

    def _keys(self, bucket: str, prefix: str) -> Iterator[str]:
        pages = (
            self.clients("s3")
            .get_paginator("list_objects_v2")
            .paginate(Bucket=bucket, Prefix=prefix)
        )
        return (item["Key"] for page in pages for item in page.get("Contents", ()))

    def _lines(self, bucket: str, keys: Sequence[str], flight_id: str) -> Iterable[list[Facts]]:
        """Of each object the lines of the flight."""
        if not keys:
            return []
        with ThreadPoolExecutor(min(READERS, len(keys))) as pool:
            return list(pool.map(lambda key: self._of_object(bucket, key, flight_id), keys))

    def _of_object(self, bucket: str, key: str, flight_id: str) -> list[Facts]:
        try:
            body = self.clients("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] in ABSENT:
                return []
            raise
        # Parsing all of a day takes much longer than seeing which lines speak of the flight.
        name = json.dumps(flight_id).encode()
        lines = (json.loads(line) for line in body.splitlines() if name in line)
        return [line for line in lines if line["flight_id"] == flight_id]


def _of_prediction(told: Mapping[str, Any]) -> Facts:
    """Of a flight that only somebody's question tells of."""
    names = ("flight_id", "carrier", "flight", "origin", "dest", "scheduled_departure")
    return {name: told[name] for name in names if name in told} | {"status": "asked"}


def _instant(text: str | None) -> str | None:
    """Redshift's timestamp without a zone as an instant."""
    return f"{text[:19].replace(' ', 'T')}Z" if text else None
