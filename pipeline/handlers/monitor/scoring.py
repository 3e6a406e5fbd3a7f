"""Processed flights through the endpoint, in event time, each once.

What is scored is what lies under `scored/`: a run that was killed is taken up from there. The name
of a request depends on the flights in it, so one that was answered but not noted is asked again
under the same name and written to the same object.
"""

import gzip
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from pipeline import aws
from pipeline.contracts.captures import (
    IDENTITY,
    JSON,
    REQUESTS,
    inference_id,
    lines,
    scored_key,
    scored_prefix,
    state_key,
)
from pipeline.contracts.features import FEATURE_NAMES
from pipeline.handlers.monitor.objects import Objects

ROWS = 500
"""Flights in a request: half a megabyte, of the six that an endpoint takes."""

Flight = dict[str, Any]


class NotAnsweredError(RuntimeError):
    """The endpoint's answer is not one for the flights that it was asked about."""


@dataclass
class Scored:
    """What a run has done."""

    flights: int = 0
    requests: int = 0
    is_complete: bool = True


@dataclass(frozen=True)
class Scorer:
    """Asks one endpoint; `may_go_on` says whether there is time for another request."""

    objects: Objects
    endpoint: str
    may_go_on: Callable[[], bool]

    def run(self, scored_from: str) -> Scored:
        """Score what is not scored yet, of the flights from a day on."""
        done = Scored()
        read: dict[str, str] = self.objects.read_json(state_key(self.endpoint)) or {}
        for item in self.objects.listing(REQUESTS):
            # Spark gives the same rows another name in every run, and the same content.
            month, tag = item["Key"].rpartition("/")[0], item["ETag"]
            if not item["Key"].endswith(".gz") or read.get(month) == tag:
                continue
            body = self.objects.read(item["Key"])
            if body is None:
                # The Spark job is overwriting it, and tells us again when it is through.
                continue
            self._object(body, scored_from, done)
            if not done.is_complete:
                break
            read[month] = tag
            self.objects.write_json(state_key(self.endpoint), read)
        return done

    def _object(self, body: bytes, scored_from: str, done: Scored) -> None:
        """Score an object of requests, as far as there is time."""
        for day, flights in days(body):
            if day < scored_from:
                continue
            known = self._known(day)
            new = [flight for flight in flights if flight["flight_id"] not in known]
            for start in range(0, len(new), ROWS):
                if not self.may_go_on():
                    done.is_complete = False
                    return
                self._request(day, new[start : start + ROWS], done)

    def _known(self, day: str) -> set[str]:
        """The flights of a day that are scored."""
        found: set[str] = set()
        for item in self.objects.listing(scored_prefix(self.endpoint, day)):
            body = self.objects.read(item["Key"]) or b""
            found |= {json.loads(line)["flight_id"] for line in body.splitlines()}
        return found

    def _request(self, day: str, flights: list[Flight], done: Scored) -> None:
        name = inference_id(day, [flight["flight_id"] for flight in flights])
        told = ask(self.endpoint, name, flights)
        self.objects.add(scored_key(self.endpoint, day, name), lines(told))
        done.flights += len(flights)
        done.requests += 1


def days(body: bytes) -> Iterator[tuple[str, list[Flight]]]:
    """The flights of an object, day by day, in the order of their score time."""
    flights = [json.loads(line) for line in gzip.decompress(body).splitlines()]
    flights.sort(key=lambda flight: (flight["flight_date"], flight["score_time"]))
    for day, of_day in groupby(flights, key=lambda flight: str(flight["flight_date"])):
        yield day, list(of_day)


def ask(endpoint: str, name: str, flights: list[Flight]) -> list[dict[str, Any]]:
    """Ask about some flights; the lines that say what was answered."""
    answer = aws.client("sagemaker-runtime").invoke_endpoint(
        EndpointName=endpoint,
        ContentType=JSON,
        Accept=JSON,
        InferenceId=name,
        Body=json.dumps({"instances": [features(flight) for flight in flights]}).encode(),
    )
    told = json.loads(answer["Body"].read())
    if len(told["predictions"]) != len(flights):
        raise NotAnsweredError(f"{len(told['predictions'])} answers for {len(flights)} flights")
    common = {
        "inference_id": name,
        "endpoint": endpoint,
        "variant": answer.get("InvokedProductionVariant", ""),
        "model_version": str(told.get("model_version", "")),
        "predicted_at": now(),
    }
    return [
        {**{key: flight[key] for key in IDENTITY}, **prediction, **common, "row": row}
        for row, (flight, prediction) in enumerate(zip(flights, told["predictions"], strict=True))
    ]


def features(flight: Flight) -> dict[str, Any]:
    """What the model is asked: no identity, and nothing that nobody knows."""
    return {name: flight[name] for name in FEATURE_NAMES if flight.get(name) is not None}


def now() -> str:
    """This instant, as the contract writes it."""
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
