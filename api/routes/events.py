"""`GET /v1/events`: what the console shows, as it changes."""

import signal
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Header
from fastapi.responses import StreamingResponse

from api.core.archive import Archive
from api.core.console.console import Console
from api.core.console.feed import Feed
from api.core.deployment import Clients
from api.core.pipeline import Pipeline
from api.routes import console as console_routes
from api.settings import ApiSettings

# A proxy that gathers answers before it sends them would gather these for ever.
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
STOPS = (signal.SIGTERM, signal.SIGINT)


def router(
    clients: Clients,
    settings: ApiSettings,
    archive: Archive,
    pipeline: Pipeline,
    where: dict[str, str],
) -> APIRouter:
    """The console's routes, and the events that keep its page up to date."""
    console = Console(clients, settings, archive, pipeline, where)
    feed = Feed(console.read, max(settings.fresh_seconds / 2, 0.5))

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        with _letting_go(feed):
            yield
        feed.close()
        console.close()

    routes = APIRouter(lifespan=life)
    routes.include_router(console_routes.router(console))

    @routes.get(
        "/v1/events",
        tags=["console"],
        summary="Server-sent events: each topic of the console, when it changes",
        response_class=StreamingResponse,
        responses={200: {"content": {"text/event-stream": {}}}},
    )
    async def events(last_event_id: Annotated[str, Header()] = "") -> StreamingResponse:
        return StreamingResponse(
            feed.watch(last_event_id), media_type="text/event-stream", headers=HEADERS
        )

    return routes


@contextmanager
def _letting_go(feed: Feed) -> Iterator[None]:
    """A server that is told to stop waits for its open connections, and these never end by
    themselves: so they end with the signal, before the server's own handler hears of it.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in STOPS}

    def stop(number: int, frame: Any) -> None:
        feed.close()
        handler = before[signal.Signals(number)]
        if callable(handler):
            handler(number, frame)

    for number in STOPS:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
