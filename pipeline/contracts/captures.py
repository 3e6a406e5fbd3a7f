"""How flights get from the processed table through the endpoint, and how an answer finds its flight
again.

* `processed/requests/month=2013-04/*.json.gz`: what the endpoint may be asked, written by the Spark
  job: identity, score time, features, and no outcome; only flights whose score time has come.
* `scored/ENDPOINT/date=2013-04-01/INFERENCE.jsonl`: who was asked for, in the request's order.
* `captures/ENDPOINT/VARIANT/yyyy/mm/dd/hh/*.jsonl`: what the endpoint was asked and has answered,
  as SageMaker captures it.

A request is named by the flights in it (`inference_id`), SageMaker writes that name into the
capture, and a position in the request is a line of the scored object: so each captured answer
belongs to one flight, though the model is never told an identity.
"""

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

REQUESTS = "processed/requests/"
SCORED = "scored/"
CAPTURES = "captures/"
STATE = "_state.json"
"""Beside the days of an endpoint: which objects of requests were scored to their end."""

JSON = "application/json"
IDENTITY = ("flight_id", "flight_date", "scheduled_departure", "score_time")
"""What a line of requests says beside the features."""


class UnusableCaptureError(ValueError):
    """A captured line is not what the endpoint is asked and answers."""


@dataclass(frozen=True)
class Capture:
    """One captured request: what was known of each flight, and what the model said."""

    inference_id: str
    at: str
    """UTC, to the second."""
    instances: tuple[Mapping[str, Any], ...]
    probabilities: tuple[float, ...]
    model_version: str


def inference_id(day: str, flight_ids: Iterable[str]) -> str:
    """The name of a request: the same flights of a day make the same name."""
    return f"{day}-{hashlib.sha256(chr(10).join(flight_ids).encode()).hexdigest()[:24]}"


def scored_prefix(endpoint: str, day: str = "") -> str:
    """What an endpoint has scored: all, or the flights of a day in New York."""
    folder = f"{SCORED}{endpoint}/"
    return f"{folder}date={day}/" if day else folder


def scored_key(endpoint: str, day: str, name: str) -> str:
    """The object of one request."""
    return f"{scored_prefix(endpoint, day)}{name}.jsonl"


def state_key(endpoint: str) -> str:
    """Where the scorer remembers what it has read."""
    return f"{scored_prefix(endpoint)}{STATE}"


def day_of(key: str) -> str:
    """The day of a scored object, or "" for another object."""
    _, mark, rest = key.partition("/date=")
    return rest[:10] if mark else ""


def captures_prefix(endpoint: str) -> str:
    """What an endpoint's variants have captured."""
    return f"{CAPTURES}{endpoint}/"


def lines(items: Sequence[Mapping[str, Any]]) -> bytes:
    """JSON lines."""
    return "".join(f"{json.dumps(item, separators=(',', ':'))}\n" for item in items).encode()


def read_capture(line: str | bytes) -> Capture | None:
    """One line; None where it is not a named request with both sides, in JSON.

    Raises:
        UnusableCaptureError: it is one, and its two sides do not belong together.
    """
    told = json.loads(line)
    data, about = told["captureData"], told["eventMetadata"]
    asked, answered = _side(data.get("endpointInput")), _side(data.get("endpointOutput"))
    if "inferenceId" not in about or asked is None or answered is None:
        return None
    found = Capture(
        inference_id=about["inferenceId"],
        at=about["inferenceTime"],
        instances=tuple(asked["instances"]),
        probabilities=tuple(float(item["probability"]) for item in answered["predictions"]),
        model_version=str(answered.get("model_version", "")),
    )
    if len(found.instances) != len(found.probabilities):
        counts = f"{len(found.probabilities)} answers for {len(found.instances)} flights"
        raise UnusableCaptureError(f"capture {found.inference_id} has {counts}")
    return found


def _side(part: Mapping[str, str] | None) -> dict[str, Any] | None:
    """A side's JSON; SageMaker writes types that it was not told of in base 64."""
    if part is None or not part["observedContentType"].startswith(JSON):
        return None
    encoded = part["encoding"] == "BASE64"
    text = base64.b64decode(part["data"]) if encoded else part["data"]
    found: dict[str, Any] = json.loads(text)
    return found
