"""Errors become answers here and nowhere else: `application/problem+json` (RFC 9457)."""

import logging
from collections.abc import Mapping
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from api.core.request_log import FIELDS
from api.errors import (
    ApiError,
    InProgressError,
    KeyReusedError,
    ModelFailedError,
    NotFoundError,
    NotInServiceError,
    NotReadableError,
    UnreachableError,
)
from api.schemas import Problem

LOG = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
STATUS = {
    NotInServiceError: HTTPStatus.SERVICE_UNAVAILABLE,
    UnreachableError: HTTPStatus.SERVICE_UNAVAILABLE,
    NotReadableError: HTTPStatus.SERVICE_UNAVAILABLE,
    ModelFailedError: HTTPStatus.BAD_GATEWAY,
    NotFoundError: HTTPStatus.NOT_FOUND,
    InProgressError: HTTPStatus.CONFLICT,
    KeyReusedError: HTTPStatus.UNPROCESSABLE_ENTITY,
}
AGAIN_SECONDS = {InProgressError: "1", NotInServiceError: "5", UnreachableError: "5"}
UNION_TAGS = {"one", "many"}


def register(app: FastAPI) -> None:
    """Answer every error of this app."""
    app.add_exception_handler(ApiError, answer_error)
    app.add_exception_handler(RequestValidationError, answer_invalid)
    app.add_exception_handler(HTTPException, answer_http)
    app.add_exception_handler(Exception, answer_bug)


def problem(
    request: Request,
    status: int,
    detail: str,
    fields: list[dict[str, str]] | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """An error as JSON."""
    body = Problem(
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        instance=request.url.path,
        request_id=getattr(request.state, "request_id", ""),
        fields=fields,
    )
    return JSONResponse(
        body.model_dump(exclude_none=True), status, headers=headers, media_type=MEDIA_TYPE
    )


def answer_error(request: Request, error: Exception) -> JSONResponse:
    """One of ours."""
    kind = next((kind for kind in STATUS if isinstance(error, kind)), None)
    status = STATUS[kind] if kind else HTTPStatus.INTERNAL_SERVER_ERROR
    again = AGAIN_SECONDS.get(kind) if kind else None
    headers = {"Retry-After": again} if again else None
    level = logging.WARNING if status >= HTTPStatus.INTERNAL_SERVER_ERROR else logging.INFO
    LOG.log(level, "%s: %s", type(error).__name__, error)
    return problem(request, status, str(error), headers=headers)


def answer_http(request: Request, error: Exception) -> JSONResponse:
    """The framework's: no such path, no such method."""
    assert isinstance(error, HTTPException)
    return problem(request, error.status_code, str(error.detail), headers=error.headers)


def answer_bug(request: Request, error: Exception) -> JSONResponse:
    """Nobody's: the caller gets the id by which the log tells more. This one is answered outside of
    every middleware.
    """
    request_id = getattr(request.state, "request_id", "")
    LOG.error("not foreseen", exc_info=error, extra={FIELDS: {"request_id": request_id}})
    sentence = "This is a mistake of ours; the log has it under the request's id."
    headers = {"X-Request-Id": request_id}
    return problem(request, HTTPStatus.INTERNAL_SERVER_ERROR, sentence, headers=headers)


def answer_invalid(request: Request, error: Exception) -> JSONResponse:
    """A request that is not what it should be, field by field."""
    assert isinstance(error, RequestValidationError)
    fields = [{"field": _place(item["loc"]), "problem": item["msg"]} for item in error.errors()]
    first = fields[0]
    more = f" (and {len(fields) - 1} more)" if len(fields) > 1 else ""
    sentence = f"{first['field']}: {first['problem']}{more}"
    return problem(request, HTTPStatus.UNPROCESSABLE_ENTITY, sentence, fields)


def _place(location: tuple[int | str, ...]) -> str:
    """`body.one.carrier` is `carrier`, `body.many.2.dest` is `2.dest` to the caller."""
    parts = [str(part) for part in location[1:]]
    if parts and parts[0] in UNION_TAGS:
        parts = parts[1:]
    return ".".join(parts) or str(location[0])
