"""What the API tells of flights, models and itself; examples stand in `routes/examples.py`."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field


class Schedule(BaseModel):
    """When and where a flight was to fly."""

    flight_date: str = Field(description="Scheduled day of departure in New York.")
    carrier: str
    carrier_name: str | None = None
    flight: int
    origin: str
    origin_name: str | None = None
    dest: str | None = None
    dest_name: str | None = None
    distance: int | None = Field(None, description="Miles.")
    scheduled_departure: datetime | None = None
    scheduled_minutes: int | None = Field(None, description="From gate to gate.")


class Outcome(BaseModel):
    """What became of it; null is what has not happened, or is not known yet."""

    status: Literal["planned", "departed", "arrived", "unknown"] = Field(
        description="`unknown` of a flight that was only ever asked about."
    )
    departed_at: datetime | None = None
    arrived_at: datetime | None = None
    dep_delay: int | None = Field(None, description="Minutes.")
    arr_delay: int | None = Field(None, description="Minutes.")
    air_time: int | None = Field(None, description="Minutes.")
    late: bool | None = Field(None, description="Arrived more than 15 minutes late.")
    tailnum: str | None = Field(None, description="Aircraft.")


class PastPrediction(BaseModel):
    """What was predicted of it, when and by whom."""

    predicted_at: datetime
    probability: float
    late: bool
    by: Literal["worker", "scorer", "api"] = Field(
        description="`worker`: when its plan came; `scorer`: from the processed table; `api`: "
        "somebody asked."
    )
    endpoint: str = ""
    variant: str = ""
    model_version: str = ""


class FlightView(BaseModel):
    """All that the pipeline knows of a flight."""

    flight_id: str
    source: Literal["warehouse", "lake"] = Field(
        description="Who told the schedule and the outcome."
    )
    schedule: Schedule
    outcome: Outcome
    predictions: list[PastPrediction] = Field(
        description="The newest first: of the worker and the scorer all, of this API those that "
        "are among its last 200."
    )
    warnings: list[str] = Field(description="What could not be read.")


class Version(BaseModel):
    """A registered version of the model."""

    version: int
    arn: str
    approval: Literal["Approved", "PendingManualApproval", "Rejected"]
    approval_reason: str | None = None
    created_at: datetime
    in_service: bool
    training_job: str | None = None
    metrics: dict[str, float] = Field(description="What the training and the gate measured.")
    properties: dict[str, str] = Field(description="What else was registered with it.")
    model_data: str = Field(description="Its archive.")
    quality_report: str | None = Field(None, description="The gate's report.")


class InService(BaseModel):
    """What the endpoint serves."""

    endpoint: str
    config: str
    model: str
    package: str | None = Field(description="Null for a model that was never registered.")
    version: int | None
    model_data: str


class Models(BaseModel):
    """The registry."""

    group: str
    in_service: InService | None = Field(description="Null while there is no endpoint.")
    versions: list[Version] = Field(description="The newest first.")


class Latency(BaseModel):
    """Milliseconds, of the newest 2,048 requests."""

    p50: float
    p90: float
    p99: float
    max: float


class RouteCounters(BaseModel):
    """Answers of one route."""

    requests: int
    statuses: dict[str, int]
    latency_ms: Latency


class Service(BaseModel):
    """This process since its start; behind a load balancer there are others."""

    started_at: datetime
    uptime_seconds: float
    under_way: int = Field(description="Requests at this moment, this one among them.")
    refused: int = Field(description="Requests beyond the limit at the same time.")
    predictions: int
    unrecorded_predictions: int = Field(description="Answered and not written to the lake.")
    routes: dict[str, RouteCounters]


class Quality(BaseModel):
    """The model over event time, as the monitor sees it."""

    endpoint: str
    windows: list[dict[str, Any]] = Field(description="In their order, the newest last.")
    drift: list[dict[str, Any]] = Field(description="Of the newest, by feature, furthest first.")
    retrainings: list[dict[str, Any]]


class Metrics(BaseModel):
    """How good the model is, and how this service does."""

    quality: Quality | None = Field(description="Null where nothing watches the model.")
    quality_reason: str = Field(description="Why the quality could not be read.")
    service: Service


class Live(BaseModel):
    """Whether this process takes requests."""

    status: Literal["ok", "draining"]


class Check(BaseModel):
    """One thing that must be there."""

    ready: bool
    reason: str = Field(description="Why it is not; empty when it is.")


class Ready(BaseModel):
    """Whether a prediction would be answered."""

    ready: bool
    checks: dict[str, Check]


class Health(Live, Ready):
    """Both, and what was lost."""

    unrecorded_predictions: int
