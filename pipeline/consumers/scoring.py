"""Planned flights through the endpoint, many in a request.

Whose fault a failure is decides what happens. AWS that does not answer, or an endpoint that is not
in service, is waited for: no flight is to blame. A request that the *model* fails or refuses is cut
in halves until the flights are alone that it refuses, and those are set aside; but only while it
answers for a flight of which nothing is known, since a model that answers nobody is to be waited
for as well.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from pipeline.consumers.features import Lookup, schedules
from pipeline.consumers.patience import Patience
from pipeline.contracts.events import Event

ROWS = 500
TRIES = 3
"""Of a request that the model fails, before its flights are asked for one by one."""

NOBODY: dict[str, Any] = {}
"""A flight without one known feature: whatever the model says, it says something."""


class ModelFailedError(Exception):
    """The model did not predict; `is_refusal` when it says that the request is wrong."""

    def __init__(self, reason: str, *, is_refusal: bool = False) -> None:
        super().__init__(reason)
        self.is_refusal = is_refusal


@dataclass(frozen=True)
class Score:
    """What the model says of a flight, or why it says nothing."""

    event: Event
    features: dict[str, Any]
    probability: float = 0.0
    late: bool = False
    variant: str = ""
    refusal: str = ""


class Scorer:
    """Asks one endpoint. `runtime` is a client of SageMaker's data plane, `lookup` finds what is
    known of flights.
    """

    def __init__(self, runtime: Any, endpoint: str, lookup: Lookup = schedules) -> None:
        self._runtime = runtime
        self._lookup = lookup
        self.endpoint = endpoint

    def score(self, flights: Sequence[Event], patience: Patience) -> list[Score]:
        """The scores of planned flights, in order."""
        found = patience.insist(lambda: self._lookup(flights))
        asked = [Score(event, known) for event, known in zip(flights, found, strict=True)]
        starts = range(0, len(asked), ROWS)
        return [s for at in starts for s in self._score(asked[at : at + ROWS], patience)]

    def _score(self, asked: list[Score], patience: Patience) -> list[Score]:
        try:
            return self._insist(asked, patience)
        except ModelFailedError as error:
            if len(asked) == 1:
                return [Score(asked[0].event, asked[0].features, refusal=str(error))]
        middle = len(asked) // 2
        return self._score(asked[:middle], patience) + self._score(asked[middle:], patience)

    def _insist(self, asked: list[Score], patience: Patience) -> list[Score]:
        """Ask until there is an answer, or it is certain that the flights are the reason."""
        failures = 0
        while True:
            try:
                return patience.insist(lambda: self._ask(asked))
            except ModelFailedError as error:
                failures += 1
                if (error.is_refusal or failures >= TRIES) and self._answers(patience):
                    raise
            patience.pause(failures)

    def _answers(self, patience: Patience) -> bool:
        """Whether the model answers for anybody."""
        try:
            patience.insist(lambda: self._invoke([NOBODY]))
        except ModelFailedError:
            return False
        return True

    def _ask(self, asked: list[Score]) -> list[Score]:
        predictions, variant = self._invoke([item.features for item in asked])
        return [
            Score(item.event, item.features, probability, late, variant)
            for item, (probability, late) in zip(asked, predictions, strict=True)
        ]

    def _invoke(self, instances: list[dict[str, Any]]) -> tuple[list[tuple[float, bool]], str]:
        try:
            answer = self._runtime.invoke_endpoint(
                EndpointName=self.endpoint,
                ContentType="application/json",
                Accept="application/json",
                Body=json.dumps({"instances": instances}).encode(),
            )
            body: bytes = answer["Body"].read()
        except ClientError as error:
            _raise_if_model(error)
            raise
        return parse(body, len(instances)), answer.get("InvokedProductionVariant", "")


def _raise_if_model(error: ClientError) -> None:
    detail: dict[str, Any] = dict(error.response)
    if detail["Error"]["Code"] == "ModelError":
        status = int(detail.get("OriginalStatusCode") or 0)
        said = detail.get("OriginalMessage") or detail["Error"]["Message"]
        raise ModelFailedError(str(said), is_refusal=400 <= status < 500) from error


def parse(body: bytes, expected: int) -> list[tuple[float, bool]]:
    """Probability and verdict of each instance."""
    try:
        found = [
            (float(p["probability"]), bool(p["late"])) for p in json.loads(body)["predictions"]
        ]
    except (ValueError, KeyError, TypeError) as error:
        shown = body[:200].decode(errors="replace")
        raise ModelFailedError(f"the answer is not a prediction: {shown}") from error
    # NaN too is not between.
    if len(found) != expected or not all(0 <= probability <= 1 for probability, _ in found):
        raise ModelFailedError(
            f"{len(found)} predictions for {expected} flights, or none of 0 to 1"
        )
    return found
