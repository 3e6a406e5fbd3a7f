"""How a model refuses a request.

AWS's scikit-learn container answers every exception of the model's code with 500. Its server is a
Flask application, though, and a Flask view may return any WSGI application: so a refusal is one,
and the client sees its own mistake as 400 and not as ours.
"""

from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any


class RequestRefusedError(ValueError):
    """The client's mistake, in a sentence for the client."""

    def __init__(self, sentence: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST) -> None:
        super().__init__(sentence)
        self.status = status


class Refusal:
    """A refusal as a WSGI application."""

    def __init__(self, error: RequestRefusedError) -> None:
        self.status = error.status
        self.body = str(error).encode()

    def __call__(self, environ: Any, start_response: Callable[..., Any]) -> Iterable[bytes]:
        headers = [("Content-Type", "text/plain"), ("Content-Length", str(len(self.body)))]
        start_response(f"{self.status.value} {self.status.phrase}", headers)
        return [self.body]
