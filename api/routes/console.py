"""What the console page asks: all that is known, one log, one query."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from fastapi import APIRouter, HTTPException, Query
from pydantic import BaseModel, Field

from api.core.console.console import Console
from api.core.console.query import (
    NoWarehouseError,
    SwitchedOffError,
    TooManyError,
    TooSlowError,
)
from api.core.console.statement import RefusedStatementError
from api.errors import NotReadableError

STATUS: dict[type[Exception], HTTPStatus] = {
    SwitchedOffError: HTTPStatus.FORBIDDEN,
    RefusedStatementError: HTTPStatus.UNPROCESSABLE_ENTITY,
    TooManyError: HTTPStatus.TOO_MANY_REQUESTS,
    TooSlowError: HTTPStatus.GATEWAY_TIMEOUT,
    NoWarehouseError: HTTPStatus.SERVICE_UNAVAILABLE,
    NotReadableError: HTTPStatus.BAD_REQUEST,
    ClientError: HTTPStatus.BAD_GATEWAY,
    BotoCoreError: HTTPStatus.SERVICE_UNAVAILABLE,
}
"""The first that fits; what the warehouse itself says of a query is the asker's to mend."""


class Asked(BaseModel):
    """One query of the warehouse."""

    sql: str = Field(description="One SELECT, or WITH ... SELECT.", examples=["SELECT 1"])


class Answered(BaseModel):
    """Its result, cut at 200 rows."""

    columns: list[dict[str, str]] = Field(description="Name and type of each column.")
    rows: list[list[Any]] = Field(description="The first rows; null is null.")
    total: int = Field(description="How many rows the result has.")
    seconds: float = Field(description="How long the warehouse took.")


def router(console: Console) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/v1/console", tags=["console"])

    @routes.get("", summary="Every topic of the console at once, for who cannot listen to events")
    def show() -> dict[str, Any]:
        return console.read()

    @routes.get("/logs", summary="The last lines of the log of a job that the console shows")
    def log(
        kind: str = Query(description="As the job's `log` says."),
        id: str = Query(description="As the job's `log` says."),
    ) -> dict[str, Any]:
        lines = _or_status(lambda: console.log(kind, id))
        if lines is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, "No job that is shown keeps such a log.")
        return {"lines": lines}

    @routes.post("/query", summary="Ask the warehouse; only a statement that reads is carried out")
    def query(asked: Asked) -> Answered:
        table = _or_status(lambda: console.queries.ask(asked.sql))
        return Answered(
            columns=list(table.columns), rows=table.rows, total=table.total, seconds=table.seconds
        )

    return routes


def _or_status[Told](ask: Callable[[], Told]) -> Told:
    try:
        return ask()
    except tuple(STATUS) as error:
        status = next(code for kind, code in STATUS.items() if isinstance(error, kind))
        raise HTTPException(status, str(error)) from error
