"""`GET /v1/flights/{id}`: one flight."""

from typing import Annotated, Any

from fastapi import APIRouter, Path
from fastapi.exceptions import RequestValidationError

from api.core.flight import parse_id
from api.core.flights import Flights, Known
from api.routes.describing import problems_of
from api.routes.examples import FLIGHT
from api.views import FlightView, Outcome, PastPrediction, Schedule

STATUSES = {"planned", "departed", "arrived"}


def router(flights: Flights) -> APIRouter:
    """The route."""
    routes = APIRouter(tags=["flights"])

    @routes.get(
        "/v1/flights/{flight_id:path}",
        summary="What the pipeline knows of a flight: schedule, outcome, predictions",
        responses={
            200: {"content": {"application/json": {"example": FLIGHT}}},
            **problems_of(404, 422, 503),
        },
    )
    def show(
        flight_id: Annotated[
            str,
            Path(
                description="`2013-03-15/UA/1545/EWR`, or with dashes: `2013-03-15-UA-1545-EWR`.",
                examples=["2013-03-15/UA/1545/EWR"],
            ),
        ],
    ) -> FlightView:
        name = parse_id(flight_id)
        if name is None:
            raise RequestValidationError([_no_name()])
        return _view(name, flights.find(name))

    return routes


def _no_name() -> dict[str, Any]:
    return {
        "loc": ("path", "flight_id"),
        "msg": "a flight is named by date, carrier, number and origin: 2013-03-15/UA/1545/EWR",
    }


def _view(name: str, known: Known) -> FlightView:
    day, carrier, number, origin = name.split("/")
    named = {"flight_date": day, "carrier": carrier, "flight": int(number), "origin": origin}
    facts = known.facts
    status = facts.get("status")
    return FlightView(
        flight_id=name,
        source="warehouse" if known.source == "warehouse" else "lake",
        schedule=Schedule.model_validate(facts | named),
        outcome=Outcome.model_validate(
            facts | {"status": status if status in STATUSES else "unknown"}
        ),
        predictions=[PastPrediction.model_validate(item) for item in known.predictions],
        warnings=known.warnings,
    )
