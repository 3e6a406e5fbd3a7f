"""The OpenAPI document: every refusal is a Problem, of its own media type, with an example; routes
from before v1 are marked as such.
"""

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI

from api.routes.problems import MEDIA_TYPE
from api.schemas import PROBLEM_EXAMPLE, Problem

DEPRECATED = ("/predict", "/predictions", "/pipeline", "/health")
SENTENCES = {
    404: "The pipeline knows no flight 2013-03-15/UA/1545/JFK.",
    409: "The request with this Idempotency-Key is still being answered.",
    413: "The body is longer than 2097152 bytes.",
    422: PROBLEM_EXAMPLE["detail"],
    500: "This is a mistake of ours; the log has it under the request's id.",
    502: "The model failed: ValueError: cannot convert float NaN to integer",
    503: "100 requests are being answered: ask again soon.",
}
MEANINGS = {
    404: "There is no such thing",
    409: "The same request is being answered",
    413: "The body is too long",
    422: "The request is not what it should be; `fields` says where",
    500: "A mistake of ours",
    502: "The model failed",
    503: "Too much at once, nothing in service, or no AWS; `Retry-After` says when to ask again",
}
SCHEMA = {"$ref": "#/components/schemas/Problem"}


def problems_of(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The refusals of a route."""
    return {status: _problem(status) for status in statuses}


def _problem(status: int) -> dict[str, Any]:
    example = {
        **{name: value for name, value in PROBLEM_EXAMPLE.items() if name != "fields"},
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": SENTENCES[status],
    }
    return {
        "description": MEANINGS[status],
        "content": {MEDIA_TYPE: {"schema": SCHEMA, "example": example}},
    }


def describe(app: FastAPI) -> None:
    """Complete the document that the framework makes."""
    made = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            _complete(made())
        assert app.openapi_schema is not None
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _complete(document: dict[str, Any]) -> None:
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schemas["Problem"] = Problem.model_json_schema()
    for path, operations in document["paths"].items():
        for operation in operations.values():
            _complete_operation(operation)
            if path in DEPRECATED:
                operation["deprecated"] = True
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)


def _complete_operation(operation: dict[str, Any]) -> None:
    """Any route may fail, and what the framework refuses is a Problem too."""
    responses = operation["responses"]
    responses.setdefault("500", _problem(500))
    if "application/json" in responses.get("422", {}).get("content", {}):
        responses["422"] = _problem(422)
