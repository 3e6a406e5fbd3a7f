"""`GET /pipeline` and `GET /health`: how the pipeline and this API are."""

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter

from api.core.archive import Archive
from api.core.clock import now, told
from api.core.deployment import is_deployed
from api.core.pipeline import Pipeline
from api.core.stages.stage import State
from api.settings import ApiSettings


def router(
    pipeline: Pipeline, settings: ApiSettings, archive: Archive, where: dict[str, str]
) -> APIRouter:
    """The routes; `where` says which AWS this is."""
    routes = APIRouter(tags=["pipeline"])
    links = {"mlflow": settings.mlflow_url} if settings.mlflow_url.startswith("http") else {}

    @routes.get("/pipeline", summary="Every stage of the pipeline, read from AWS just now")
    def show() -> dict[str, Any]:
        glance = pipeline.glance()
        deployment = glance.deployment
        stacks = [asdict(stack) for stack in deployment.value.stacks] if deployment.value else []
        return {
            "name": settings.pipeline_name,
            "read_at": told(now()),
            **where,
            "links": links,
            "reachable": not deployment.failed,
            "reason": deployment.reason,
            "deployed": is_deployed(stacks),
            "stacks": stacks,
            "stages": {name: asdict(stage) for name, stage in glance.stages.items()},
            "predictions": glance.predictions.value or [],
            "predictions_reason": glance.predictions.reason,
            "unrecorded": archive.unrecorded,
        }

    @routes.get("/health", summary="Whether this API lives, and what of its pipeline is ready")
    def health() -> dict[str, Any]:
        deployment, endpoint = pipeline.endpoint()
        return {
            "status": "ok",
            "ready": {
                "aws": not deployment.failed,
                "endpoint": endpoint.state is State.DONE,
            },
            "unrecorded_predictions": archive.unrecorded,
        }

    return routes
