"""`GET /v1/models` and `GET /v1/metrics`: which models there are, and how they and this API do."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from botocore.exceptions import BotoCoreError, ClientError
from fastapi import APIRouter, FastAPI, Query

from api.core.archive import Archive
from api.core.console.quality import Quality as QualityReader
from api.core.counters import Counters
from api.core.deployment import Clients
from api.core.pipeline import Pipeline
from api.core.reading import Readings
from api.core.registry import read_registry
from api.errors import UnreachableError
from api.routes.describing import problems_of
from api.routes.examples import METRICS, MODELS
from api.settings import ApiSettings
from api.views import Metrics, Models, Quality, Service


def router(
    clients: Clients,
    settings: ApiSettings,
    archive: Archive,
    pipeline: Pipeline,
    counters: Counters,
) -> APIRouter:
    """The routes."""
    reader = QualityReader(clients)
    readings = Readings(
        {"quality": lambda: reader.read(pipeline.deployment())}, settings.fresh_seconds
    )

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        yield
        readings.close()

    routes = APIRouter(tags=["models"], lifespan=life)

    @routes.get(
        "/v1/models",
        summary="The registered versions of the model, and which one serves",
        responses={
            200: {"content": {"application/json": {"example": MODELS}}},
            **problems_of(422, 503),
        },
    )
    def models(
        limit: Annotated[int, Query(ge=1, le=100, description="Most versions.")] = 20,
    ) -> Models:
        try:
            found = read_registry(clients, pipeline.deployment(), limit)
        except (ClientError, BotoCoreError) as error:
            raise UnreachableError(f"The registry cannot be read: {error}") from error
        return Models.model_validate(found)

    @routes.get(
        "/v1/metrics",
        summary="The model's quality by window of event time, and this service's own numbers",
        responses={200: {"content": {"application/json": {"example": METRICS}}}},
    )
    def metrics() -> Metrics:
        reading = readings.latest(settings.patience_seconds)["quality"]
        quality = reading.value and Quality.model_validate(reading.value)
        service = {**counters.to_json(), "unrecorded_predictions": archive.unrecorded}
        return Metrics(
            quality=quality or None,
            quality_reason=reading.reason,
            service=Service.model_validate(service),
        )

    return routes
