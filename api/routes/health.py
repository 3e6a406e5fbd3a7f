"""`GET /v1/health`: live is for who restarts or routes to this process, ready for who wants to know
whether a prediction would be answered. An AWS that is away is no reason to restart every task.
"""

from typing import Any

from fastapi import APIRouter, Response

from api.core.answers import Predictor
from api.core.archive import Archive
from api.core.drain import Drain
from api.core.pipeline import Pipeline
from api.routes.examples import HEALTH, LIVE, READY
from api.views import Check, Health, Live, Ready

UNAVAILABLE = 503


def router(pipeline: Pipeline, predictor: Predictor, archive: Archive, drain: Drain) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/v1/health", tags=["health"])

    def live() -> Live:
        return Live(status="draining" if drain.is_on else "ok")

    def ready() -> Ready:
        deployment, _ = pipeline.endpoint()
        checks = {"aws": deployment.reason, "predictor": predictor.unreadiness()}
        told = {name: Check(ready=not why, reason=why) for name, why in checks.items()}
        is_ready = not drain.is_on and all(check.ready for check in told.values())
        return Ready(ready=is_ready, checks=told)

    @routes.get(
        "/live",
        summary="Whether this process lives and stays",
        responses=_either(Live, LIVE, {"status": "draining"}, "It is leaving"),
    )
    async def show_live(response: Response) -> Live:
        if drain.is_on:
            response.status_code = UNAVAILABLE
        return live()

    @routes.get(
        "/ready",
        summary="Whether AWS and the predictor are there",
        responses=_either(Ready, READY, _not(READY), "It would not be answered"),
    )
    def show_ready(response: Response) -> Ready:
        found = ready()
        if not found.ready:
            response.status_code = UNAVAILABLE
        return found

    @routes.get(
        "",
        summary="Both; 503 only when this process leaves",
        responses=_either(Health, HEALTH, HEALTH | {"status": "draining"}, "It is leaving"),
    )
    def show(response: Response) -> Health:
        if drain.is_on:
            response.status_code = UNAVAILABLE
        return Health(
            **live().model_dump(),
            **ready().model_dump(),
            unrecorded_predictions=archive.unrecorded,
        )

    return routes


def _either(kind: type, good: Any, bad: Any, said: str) -> dict[int | str, dict[str, Any]]:
    return {
        200: {"content": {"application/json": {"example": good}}},
        UNAVAILABLE: {
            "model": kind,
            "description": said,
            "content": {"application/json": {"example": bad}},
        },
    }


def _not(ready: dict[str, Any]) -> dict[str, Any]:
    reason = "The endpoint is not deployed yet."
    checks = ready["checks"] | {"predictor": {"ready": False, "reason": reason}}
    return {"ready": False, "checks": checks}
