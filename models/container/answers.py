"""How a model refuses a request.

AWS's scikit-learn container answers every exception of the model's code with 500. Its server is a
Flask application, though, and a Flask view may return any WSGI application: so a refusal is one,
and the client sees its own mistake as 400 and not as ours. To a server that only takes bytes it is
the exception, with the same sentence.
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
        self.error = error

    def __call__(self, environ: Any, start_response: Callable[..., Any]) -> Iterable[bytes]:
        body, status = str(self.error).encode(), self.error.status
        headers = [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))]
        start_response(f"{status.value} {status.phrase}", headers)
        return [body]

    def __bytes__(self) -> bytes:
        raise self.error
