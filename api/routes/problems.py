"""Errors become answers here and nowhere else: `application/problem+json` (RFC 9457)."""

from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from api.errors import ApiError, ModelFailedError, NotInServiceError, UnreachableError
from api.schemas import Problem

STATUS = {
    NotInServiceError: HTTPStatus.SERVICE_UNAVAILABLE,
    UnreachableError: HTTPStatus.SERVICE_UNAVAILABLE,
    ModelFailedError: HTTPStatus.BAD_GATEWAY,
}
UNION_TAGS = {"one", "many"}


def register(app: FastAPI) -> None:
    """Answer every error of this app."""
    app.add_exception_handler(ApiError, answer_error)
    app.add_exception_handler(RequestValidationError, answer_invalid)
    app.add_exception_handler(HTTPException, answer_http)


def problem(status: int, detail: str, fields: list[dict[str, str]] | None = None) -> JSONResponse:
    """An error as JSON."""
    body = Problem(title=HTTPStatus(status).phrase, status=status, detail=detail, fields=fields)
    return JSONResponse(
        body.model_dump(exclude_none=True), status, media_type="application/problem+json"
    )


def answer_error(request: Request, error: Exception) -> JSONResponse:
    """One of ours."""
    status = next(
        (code for kind, code in STATUS.items() if isinstance(error, kind)),
        HTTPStatus.INTERNAL_SERVER_ERROR,
    )
    return problem(status, str(error))


def answer_http(request: Request, error: Exception) -> JSONResponse:
    """The framework's: no such path, no such method."""
    assert isinstance(error, HTTPException)
    return problem(error.status_code, str(error.detail))


def answer_invalid(request: Request, error: Exception) -> JSONResponse:
    """A request that is not what it should be, field by field."""
    assert isinstance(error, RequestValidationError)
    fields = [{"field": _place(item["loc"]), "problem": item["msg"]} for item in error.errors()]
    first = fields[0]
    more = f" (and {len(fields) - 1} more)" if len(fields) > 1 else ""
    return problem(
        HTTPStatus.UNPROCESSABLE_ENTITY, f"{first['field']}: {first['problem']}{more}", fields
    )


def _place(location: tuple[int | str, ...]) -> str:
    """`body.one.carrier` is `carrier`, `body.many.2.dest` is `2.dest` to the caller."""
    parts = [str(part) for part in location[1:]]
    if parts and parts[0] in UNION_TAGS:
        parts = parts[1:]
    return ".".join(parts) or str(location[0])
