"""The application: `uvicorn --factory api.app:create_app`.

Routes are ordinary functions, not coroutines: boto3 blocks, so the framework runs them in its
threads.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import FileResponse
from fastapi.staticfiles import StaticFiles

from api.core import request_log
from api.core.answers import Predictor
from api.core.archive import Archive
from api.core.artifact import ArtifactPredictor
from api.core.counters import Counters
from api.core.deployment import Clients
from api.core.drain import Drain
from api.core.endpoint import EndpointPredictor
from api.core.flights import Flights
from api.core.idempotency import Idempotency
from api.core.pipeline import Pipeline
from api.core.predicting import Predicting
from api.core.stream_lookup import StreamLookup
from api.routes import describing, problems
from api.routes import events as event_routes
from api.routes import flights as flight_routes
from api.routes import health as health_routes
from api.routes import models as model_routes
from api.routes import pipeline as pipeline_routes
from api.routes import predictions as prediction_routes
from api.routes.front import Front
from api.settings import ApiSettings
from pipeline import aws

PAGES = Path(__file__).parent / "pages"

PAGE_FILES = {"/": "index.html", "/docs": "docs.html"}
PAGE_HEADERS = {
    "Cache-Control": "no-cache",
    # Nothing from elsewhere: pages work with no internet, and names from AWS cannot become code.
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'",
}

DESCRIPTION = (
    "Asks the pipeline's model, two hours before a flight's scheduled departure, whether it will "
    "arrive more than 15 minutes late. Every answer is written to the lake."
)


def create_app(settings: ApiSettings | None = None, clients: Clients = aws.client) -> FastAPI:
    """The API over the pipeline that the settings name; `clients` is the way to AWS."""
    chosen = settings or ApiSettings()
    request_log.set_up()

    def lake() -> str | None:
        return pipeline.deployment().outputs.get("LakeBucket")

    archive = Archive(clients, lake)
    pipeline = Pipeline(clients, chosen, archive, aws.endpoint_url())
    predictor = _predictor(clients, chosen, pipeline)
    lookup = StreamLookup(clients, lake) if chosen.stream_features else None
    predicting = Predicting(predictor, archive, chosen.pipeline_name, lookup)
    idempotency = Idempotency(clients, lake, chosen.idempotency_seconds)
    flights = Flights(clients, pipeline.deployment, archive, chosen.warehouse_patience_seconds)
    counters, drain = Counters(), Drain(chosen.drain_seconds)

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        drain.watch()
        yield
        predictor.close()
        pipeline.close()

    # The framework's own pages load their scripts from the internet.
    app = FastAPI(
        title="Terrarium",
        version="1.0.0",
        description=DESCRIPTION,
        lifespan=life,
        docs_url=None,
        redoc_url=None,
    )
    app.state.drain, app.state.lookup = drain, lookup
    problems.register(app)
    describing.describe(app)
    app.add_middleware(Front, settings=chosen, counters=counters, drain=drain)
    where = {"aws": aws.endpoint_url() or "AWS", "region": aws.region()}
    app.include_router(
        prediction_routes.router(predicting, chosen, archive, pipeline, counters, idempotency)
    )
    app.include_router(flight_routes.router(flights))
    app.include_router(model_routes.router(clients, chosen, archive, pipeline, counters))
    app.include_router(health_routes.router(pipeline, predictor, archive, drain))
    app.include_router(pipeline_routes.router(pipeline, chosen, archive, where))
    app.include_router(event_routes.router(clients, chosen, archive, pipeline, where))
    app.mount("/pages", StaticFiles(directory=PAGES), name="pages")

    for path, file in PAGE_FILES.items():
        app.add_api_route(path, _page(file), include_in_schema=False)
    return app


def _predictor(clients: Clients, settings: ApiSettings, pipeline: Pipeline) -> Predictor:
    name = settings.pipeline_name
    if settings.predictor == "artifact":
        return ArtifactPredictor(clients, name, settings.model_data, settings.model_seconds)
    return EndpointPredictor(clients, name, pipeline.endpoint)


def _page(file: str) -> Callable[[], FileResponse]:
    return lambda: FileResponse(PAGES / file, headers=PAGE_HEADERS)
