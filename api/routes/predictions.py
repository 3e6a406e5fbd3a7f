"""`POST /v1/predict` and the predictions of late."""

import logging
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Body, Header, Query, Request, Response
from fastapi.exceptions import RequestValidationError

from api.core.archive import Archive
from api.core.counters import Counters
from api.core.explaining import METHOD
from api.core.flight import Flight
from api.core.idempotency import Idempotency, Key
from api.core.pipeline import Pipeline
from api.core.predicting import Predicted, Predicting
from api.routes.describing import problems_of
from api.routes.examples import ANSWERED, ASKED, RECORD
from api.schemas import (
    Explanation,
    FlightFields,
    KnownFeatures,
    Prediction,
    PredictRequest,
)
from api.settings import ApiSettings

LOG = logging.getLogger(__name__)

REPLAYED = "Idempotency-Replayed"
ANSWER: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The prediction, or one for each flight of a list, in its order",
        "content": {"application/json": {"examples": ANSWERED}},
        "headers": {
            REPLAYED: {
                "description": "`true` when this is the answer of before",
                "schema": {"type": "string"},
            }
        },
    },
    **problems_of(409, 413, 422, 502, 503),
}


def router(
    predicting: Predicting,
    settings: ApiSettings,
    archive: Archive,
    pipeline: Pipeline,
    counters: Counters,
    idempotency: Idempotency,
) -> APIRouter:
    """The routes."""
    routes = APIRouter(tags=["predictions"])

    def answer(flights: Sequence[FlightFields], *, explain: bool) -> list[dict[str, Any]]:
        predicted = predicting.predict([_flight(item) for item in flights], explain=explain)
        pipeline.note_prediction()
        counters.note_predictions(len(flights))
        if predicted.unrecorded:
            LOG.warning("%d predictions not recorded: %s", len(flights), predicted.unrecorded)
        told = (_prediction(predicted, flight, at) for at, flight in enumerate(flights))
        return [item.model_dump(mode="json") for item in told]

    @routes.post("/predict", summary="As /v1/predict, from before v1", responses=ANSWER)
    @routes.post(
        "/v1/predict",
        summary="Will a flight, or each of a list of flights, arrive late?",
        responses=ANSWER,
    )
    def ask(
        request: Request,
        response: Response,
        body: Annotated[PredictRequest, Body(openapi_examples=ASKED)],
        idempotency_key: Annotated[
            str | None,
            Header(
                min_length=1,
                max_length=255,
                pattern=r"^[\x21-\x7e]+$",
                description="The same key with the same body is answered once: its repetition gets "
                "the answer of before.",
                examples=["3d1a7a52-8f1e-4c5e-9f0a-2f3f6e0b7c11"],
            ),
        ] = None,
        explain: Annotated[
            bool, Query(description=f"How each known feature moves the probability. {METHOD}")
        ] = False,
    ) -> Prediction | list[Prediction]:
        flights = body if isinstance(body, list) else [body]
        _limit(len(flights), settings, explain=explain)
        if idempotency_key is None:
            told = answer(flights, explain=explain)
        else:
            key = Key(idempotency_key, f"{request.state.body_digest} explain={explain}")
            told, replayed = idempotency.once(key, lambda: answer(flights, explain=explain))
            response.headers[REPLAYED] = str(replayed).lower()
        found = [Prediction.model_validate(item) for item in told]
        return found if isinstance(body, list) else found[0]

    last_answer: dict[int | str, dict[str, Any]] = {
        200: {"content": {"application/json": {"example": [RECORD]}}},
        **problems_of(422),
    }

    @routes.get("/predictions", summary="As /v1/predictions, from before v1", responses=last_answer)
    @routes.get(
        "/v1/predictions",
        summary="The last predictions of this API, the newest first",
        responses=last_answer,
    )
    def last(limit: Annotated[int, Query(ge=1, le=200)] = 20) -> list[dict[str, Any]]:
        return archive.last(limit)

    return routes


def _limit(count: int, settings: ApiSettings, *, explain: bool) -> None:
    most = min(settings.max_flights, settings.max_explained if explain else settings.max_flights)
    if count > most:
        kind = "one explained request" if explain else "one request"
        message = f"{count} flights are more than the {most} of {kind}"
        raise RequestValidationError([{"loc": ("body",), "msg": message}])


def _flight(asked: FlightFields) -> Flight:
    known = asked.model_dump(exclude_unset=True)
    named = {name: known.pop(name) for name in FlightFields.model_fields}
    return Flight(**named, known=known)


def _prediction(predicted: Predicted, asked: FlightFields, at: int) -> Prediction:
    record, unrecorded = predicted.records[at], predicted.unrecorded
    effects = predicted.effects[at] if predicted.effects else None
    return Prediction(
        **{
            name: record[name]
            for name in Prediction.model_fields
            if name in record and name != "features"
        },
        recorded=not unrecorded,
        warning=f"Not written to the lake: {unrecorded}" if unrecorded else None,
        features=_known(predicted, asked, at),
        explanation=None
        if effects is None
        else Explanation.model_validate({"method": METHOD, "effects": effects}),
    )


def _known(predicted: Predicted, asked: FlightFields, at: int) -> KnownFeatures:
    """How many features of the model's input came from where."""
    features, found = predicted.records[at]["features"], predicted.found[at]
    known = {name for name, value in features.items() if value is not None}
    given = asked.model_fields_set | {"departure_minute", "day_of_week"}
    return KnownFeatures.model_validate(
        {
            "given": len(known & given),
            "looked_up": len((known & found.values.keys()) - given),
            "unknown": len(features) - len(known),
            "source": found.source,
            "as_of": found.as_of,
            "warning": found.warning,
        }
    )
