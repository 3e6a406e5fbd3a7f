"""Asks the SageMaker endpoint, and says in our words why it did not answer."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from botocore.exceptions import BotoCoreError, ClientError, ReadTimeoutError

from api.core.deployment import Clients
from api.errors import ModelFailedError, NotInServiceError, UnreachableError

NOT_IN_SERVICE = {"ValidationError", "ValidationException", "ModelNotReadyException"}
"""SageMaker says `ValidationError` of an endpoint that it does not know or that is being made."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One prediction."""

    probability: float
    late: bool


@dataclass(frozen=True, slots=True)
class Answers:
    """The predictions of one request and the variant that gave them."""

    predictions: tuple[Answer, ...]
    variant: str


def ask(clients: Clients, endpoint: str, instances: Sequence[dict[str, Any]]) -> Answers:
    """The endpoint's predictions, one an instance, in order.

    Raises:
        NotInServiceError: there is no endpoint, or not yet.
        ModelFailedError: its container failed, or answered with something else.
        UnreachableError: AWS does not answer, or refuses us.
    """
    try:
        reply = clients("sagemaker-runtime").invoke_endpoint(
            EndpointName=endpoint,
            ContentType="application/json",
            Accept="application/json",
            Body=json.dumps({"instances": list(instances)}).encode(),
        )
        body = reply["Body"].read()
    except ClientError as error:
        _translate(error, endpoint)
    except ReadTimeoutError as error:
        raise ModelFailedError(f"The endpoint {endpoint} did not answer in time.") from error
    except BotoCoreError as error:
        raise UnreachableError(f"AWS cannot be asked for a prediction: {error}") from error
    return Answers(_parse(body, len(instances)), reply.get("InvokedProductionVariant", ""))


def _translate(error: ClientError, endpoint: str) -> NoReturn:
    code, message = error.response["Error"]["Code"], error.response["Error"]["Message"]
    if code in NOT_IN_SERVICE:
        raise NotInServiceError(
            f"No endpoint named {endpoint} is in service ({message}). Deploy the pipeline with "
            "`make up`, or wait until its serving stack is complete."
        ) from error
    if code == "ModelError":
        said = error.response.get("OriginalMessage") or message
        raise ModelFailedError(f"The model failed: {said}") from error
    raise UnreachableError(f"SageMaker refused the request: {code}: {message}") from error


def _parse(body: bytes, expected: int) -> tuple[Answer, ...]:
    try:
        predictions = tuple(
            Answer(float(item["probability"]), bool(item["late"]))
            for item in json.loads(body)["predictions"]
        )
    except (ValueError, KeyError, TypeError) as error:
        shown = body[:200].decode(errors="replace")
        raise ModelFailedError(f"The model's answer is not a prediction: {shown}") from error
    # NaN too is not between.
    if not all(0 <= prediction.probability <= 1 for prediction in predictions):
        raise ModelFailedError("The model answered with a probability outside 0 and 1.")
    if len(predictions) != expected:
        raise ModelFailedError(f"The model answered {len(predictions)} of {expected} flights.")
    return predictions
