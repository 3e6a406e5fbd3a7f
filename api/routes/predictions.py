"""`POST /predict` and the predictions of late."""

import logging
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.exceptions import RequestValidationError

from api.core.archive import Archive
from api.core.deployment import Clients
from api.core.pipeline import Pipeline
from api.core.predicting import Flight, predict
from api.schemas import FlightFields, Prediction, PredictRequest, Problem
from api.settings import ApiSettings

LOG = logging.getLogger(__name__)


def router(
    clients: Clients, settings: ApiSettings, archive: Archive, pipeline: Pipeline
) -> APIRouter:
    """The routes."""
    routes = APIRouter(tags=["predictions"])

    @routes.post(
        "/predict",
        response_model=Prediction | list[Prediction],
        response_description="The prediction, or one for each flight of a list, in its order",
        summary="Will a flight, or each of a list of flights, arrive late?",
        responses={
            422: {"model": Problem, "description": "The request is not a flight"},
            502: {"model": Problem, "description": "The model failed"},
            503: {"model": Problem, "description": "No endpoint is in service"},
        },
    )
    def ask(body: PredictRequest) -> Any:
        flights = body if isinstance(body, list) else [body]
        if len(flights) > settings.max_flights:
            raise RequestValidationError([_too_many(len(flights), settings.max_flights)])
        predicted = predict(
            clients, settings.pipeline_name, archive, [_flight(item) for item in flights]
        )
        pipeline.note_prediction()
        if predicted.unrecorded:
            LOG.warning("%d predictions not recorded: %s", len(flights), predicted.unrecorded)
        answers = [_prediction(record, predicted.unrecorded) for record in predicted.records]
        return answers if isinstance(body, list) else answers[0]

    @routes.get("/predictions", summary="The last predictions, the newest first")
    def last(limit: Annotated[int, Query(ge=1, le=200)] = 20) -> list[dict[str, Any]]:
        return archive.last(limit)

    return routes


def _too_many(count: int, most: int) -> dict[str, Any]:
    return {"loc": ("body",), "msg": f"{count} flights are more than the {most} of one request"}


def _flight(asked: FlightFields) -> Flight:
    known = asked.model_dump(exclude_unset=True)
    named = {name: known.pop(name) for name in FlightFields.model_fields}
    return Flight(**named, known=known)


def _prediction(record: dict[str, Any], unrecorded: str) -> Prediction:
    return Prediction(
        **{name: record[name] for name in Prediction.model_fields if name in record},
        recorded=not unrecorded,
        warning=f"Not written to the lake: {unrecorded}" if unrecorded else None,
    )
