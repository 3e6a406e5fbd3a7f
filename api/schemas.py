"""What comes in and goes out as JSON. The features are those of the pipeline's contract, so the API
asks for exactly what the model was trained on.
"""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, create_model

from pipeline.contracts.features import FEATURES, NUMBER, TEXT, WHOLE, Column

_TYPES: dict[str, Any] = {TEXT: str, WHOLE: int, NUMBER: float}
NAMED = {"carrier", "origin", "dest"}
"""Features that name the flight; the request has them as fields of their own."""


EXAMPLE: dict[str, Any] = {
    "carrier": "UA",
    "flight": 1545,
    "origin": "EWR",
    "dest": "IAH",
    "scheduled_departure": "2013-03-15T17:15:00",
    "distance": 1400,
    "origin_mean_delay_2h": 32.5,
    "visib": 2.0,
}


PROBLEM_EXAMPLE: dict[str, Any] = {
    "type": "about:blank",
    "title": HTTPStatus.UNPROCESSABLE_ENTITY.phrase,
    "status": 422,
    "detail": "dest: String should match pattern '^[A-Z]{3}$'",
    "instance": "/v1/predict",
    "request_id": "5f0c6e1b2a9d4c7e8b3a1f2d4e6c8a90",
    "fields": [{"field": "dest", "problem": "String should match pattern '^[A-Z]{3}$'"}],
}


class FlightFields(BaseModel):
    """A scheduled flight, and what else is known of it two hours before."""

    model_config = ConfigDict(
        extra="forbid", allow_inf_nan=False, json_schema_extra={"examples": [EXAMPLE]}
    )

    carrier: str = Field(pattern="^[A-Z0-9]{2}$", description="Airline, IATA code.")
    flight: int = Field(ge=1, le=9999, strict=True, description="Flight number.")
    origin: Literal["EWR", "JFK", "LGA"] = Field(description="Airport of departure.")
    dest: str = Field(pattern="^[A-Z]{3}$", description="Airport of arrival, FAA code.")
    scheduled_departure: datetime = Field(
        description="ISO 8601; without a time zone it is the clock of the origin."
    )


def _feature(column: Column) -> tuple[Any, Any]:
    described = f"{column.meaning[:1].upper()}{column.meaning[1:]}. Unknown when left out."
    return _TYPES[column.type] | None, Field(None, strict=True, description=described)


_FEATURES: dict[str, Any] = {
    column.name: _feature(column) for column in FEATURES if column.name not in NAMED
}
FlightRequest: Any = create_model("FlightRequest", __base__=FlightFields, **_FEATURES)


def one_or_many(body: object) -> str:
    """Which of the two shapes a body means, so that a mistake is told of that one alone."""
    return "many" if isinstance(body, list) else "one"


PredictRequest = Annotated[
    Annotated[FlightRequest, Tag("one")]
    | Annotated[list[FlightRequest], Field(min_length=1), Tag("many")],
    Discriminator(one_or_many),
]


class KnownFeatures(BaseModel):
    """Where the model's input came from."""

    given: int = Field(description="Features of the request, with those that name the flight.")
    looked_up: int = Field(description="Features that the stream job had left in the lake.")
    unknown: int = Field(description="Features that nobody knew: the model got null.")
    source: Literal["request", "settled", "newest"] = Field(
        description="`settled`: as of two hours before the departure, exactly; `newest`: what the "
        "stream knew by then; `request`: nothing was looked up or found."
    )
    as_of: datetime | None = Field(None, description="What was looked up is as of this moment.")
    warning: str | None = Field(None, description="Why features could not be looked up.")


class Effect(BaseModel):
    """What knowing one feature does to the probability."""

    feature: str
    value: str | float | int = Field(description="As the model got it.")
    without: float = Field(description="Probability when this feature is unknown.")
    effect: float = Field(description="Probability less `without`: above 0 it makes late likelier.")


class Explanation(BaseModel):
    """Why a probability is what it is."""

    method: str = Field(description="How effects were found, and what they are not.")
    effects: list[Effect] = Field(description="Of each known feature, the largest first.")


class Prediction(BaseModel):
    """What the model says of one flight."""

    prediction_id: str
    predicted_at: datetime
    flight_id: str = Field(examples=["2013-03-15/UA/1545/EWR"])
    late: bool = Field(description="Will it arrive more than 15 minutes late?")
    probability: float = Field(ge=0, le=1, description="Of being late.")
    variant: str = Field(description="The endpoint's variant that answered, or `artifact`.")
    model_version: str = Field(
        "", description="The registered version that answered; empty where the model has no number."
    )
    recorded: bool = Field(description="Whether it was written to the lake.")
    warning: str | None = Field(None, description="Why it was not.")
    features: KnownFeatures
    explanation: Explanation | None = Field(None, description="With `explain=true`.")


class Problem(BaseModel):
    """An error, as RFC 9457 has it."""

    model_config = ConfigDict(json_schema_extra={"examples": [PROBLEM_EXAMPLE]})

    type: str = Field("about:blank", description="The title says what the status means.")
    title: str
    status: int
    detail: str
    instance: str = Field(description="Path of the request.")
    request_id: str = Field(description="The request's `X-Request-Id`, by which the log knows it.")
    fields: list[dict[str, str]] | None = Field(
        None, description="What is wrong with which field of the request."
    )
