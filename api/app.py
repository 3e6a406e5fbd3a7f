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

from api.core.archive import Archive
from api.core.deployment import Clients
from api.core.pipeline import Pipeline
from api.routes import events as event_routes
from api.routes import pipeline as pipeline_routes
from api.routes import predictions as prediction_routes
from api.routes import problems
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
    archive = Archive(clients, lambda: pipeline.deployment().outputs.get("LakeBucket"))
    pipeline = Pipeline(clients, chosen, archive)

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        yield
        pipeline.close()

    # The framework's own pages load their scripts from the internet.
    app = FastAPI(
        title="Terrarium",
        version="0.1.0",
        description=DESCRIPTION,
        lifespan=life,
        docs_url=None,
        redoc_url=None,
    )
    problems.register(app)
    where = {"aws": aws.endpoint_url() or "AWS", "region": aws.region()}
    app.include_router(prediction_routes.router(clients, chosen, archive, pipeline))
    app.include_router(pipeline_routes.router(pipeline, chosen, archive, where))
    app.include_router(event_routes.router(clients, chosen, archive, pipeline, where))
    app.mount("/pages", StaticFiles(directory=PAGES), name="pages")

    for path, file in PAGE_FILES.items():
        app.add_api_route(path, _page(file), include_in_schema=False)
    return app


def _page(file: str) -> Callable[[], FileResponse]:
    return lambda: FileResponse(PAGES / file, headers=PAGE_HEADERS)
