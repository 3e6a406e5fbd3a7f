"""What a predictor says, whoever it is."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from api.errors import ModelFailedError

JSON = "application/json"

Instances = Sequence[dict[str, Any]]
"""The model's input: every feature by name, null where nobody knows it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One prediction."""

    probability: float
    late: bool


@dataclass(frozen=True, slots=True)
class Answers:
    """The predictions of one request and who gave them."""

    predictions: tuple[Answer, ...]
    variant: str
    model_version: str = ""


class Predictor(Protocol):
    """Whoever can be asked."""

    def ask(self, instances: Instances) -> Answers:
        """The predictions, one an instance, in order.

        Raises:
            NotInServiceError: there is no model, or not yet.
            ModelFailedError: it failed, or answered with something else.
            UnreachableError: AWS does not answer, or refuses us.
        """

    def unreadiness(self) -> str:
        """Why it could not answer now; empty when it could."""

    def close(self) -> None:
        """There will be no more questions."""


def question(instances: Instances) -> str:
    """The body of a request, the same for every predictor."""
    return json.dumps({"instances": list(instances)})


def parse(body: bytes | str, expected: int, variant: str) -> Answers:
    """The answers of a body.

    Raises:
        ModelFailedError: it is something else.
    """
    try:
        told = json.loads(body)
        predictions = tuple(
            Answer(float(item["probability"]), bool(item["late"])) for item in told["predictions"]
        )
    except (ValueError, KeyError, TypeError) as error:
        shown = body[:200] if isinstance(body, str) else body[:200].decode(errors="replace")
        raise ModelFailedError(f"The model's answer is not a prediction: {shown}") from error
    # NaN too is not between.
    if not all(0 <= prediction.probability <= 1 for prediction in predictions):
        raise ModelFailedError("The model answered with a probability outside 0 and 1.")
    if len(predictions) != expected:
        raise ModelFailedError(f"The model answered {len(predictions)} of {expected} flights.")
    return Answers(predictions, variant, str(told.get("model_version", "")))
