"""The smoke test: the endpoint is asked for flights of the gate's window and must answer what the
challenger answered there, to the last bits, and say the version that was delivered.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from pipeline import aws
from pipeline.contracts.features import schedule_features
from pipeline.delivery.exports import Exports
from pipeline.delivery.gate import read_report
from pipeline.delivery.settings import NOTHING, Told
from pipeline.errors import JobFailedError
from pipeline.orchestration.endpoint import PLANNED
from pipeline.orchestration.run import Run, Show
from pipeline.orchestration.serving import served

TOLERANCE = 1e-9
ROUNDS = 4
"""Each instance behind the endpoint should be asked."""


def smoke(run: Run, told: Told, show: Show) -> Exports:
    """Ask the endpoint.

    Raises:
        JobFailedError: it serves another model, or answers otherwise.
    """
    endpoint, package = run.output("EndpointName"), told.of("MODEL_PACKAGE_ARN")
    now = served(endpoint, run.settings.stage_seconds)
    if now is None or now.package != package:
        raise JobFailedError(f"Endpoint {endpoint} serves {now and now.package}, not {package}.")
    flights = known_flights(told.of("GATE_REPORT"))
    for _ in range(ROUNDS):
        answer = ask(endpoint, [flight["features"] for flight in flights])
        for sentence in complaints(answer, flights, told.of("MODEL_VERSION")):
            raise JobFailedError(f"Endpoint {endpoint}: {sentence}")
    show.say(f"{ROUNDS} times {len(flights)} flights answered by version {now.version}")
    return {}


def known_flights(report: str) -> list[dict[str, Any]]:
    """Flights with the probability that the model gave them, where that is known."""
    if report == NOTHING:
        return [{"flight_id": "the first of the year", "features": schedule_features(PLANNED)}]
    found: list[dict[str, Any]] = read_report(report)["known_flights"]
    return found


def ask(endpoint: str, instances: list[dict[str, Any]]) -> dict[str, Any]:
    """The endpoint's answer."""
    found = aws.client("sagemaker-runtime").invoke_endpoint(
        EndpointName=endpoint,
        ContentType="application/json",
        Accept="application/json",
        Body=json.dumps({"instances": instances}).encode(),
    )
    answer: dict[str, Any] = json.loads(found["Body"].read())
    return answer


def complaints(
    answer: Mapping[str, Any], flights: list[dict[str, Any]], version: str
) -> Iterable[str]:
    """What is wrong with an answer."""
    if answer.get("model_version") != version:
        yield f"version {answer.get('model_version')} answers, not {version}"
    told = [item["probability"] for item in answer["predictions"]]
    if len(told) != len(flights):
        yield f"{len(told)} answers for {len(flights)} flights"
    for flight, probability in zip(flights, told, strict=False):
        wanted = flight.get("probability", probability)
        if not 0 <= probability <= 1 or abs(probability - wanted) > TOLERANCE:
            yield f"{flight['flight_id']} gets {probability}, the gate's model gave {wanted}"
