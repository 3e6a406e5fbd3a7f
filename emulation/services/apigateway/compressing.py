"""Answers are packed where the API sets a size from which on they are, and the client takes it."""

import gzip
from typing import Any

from localstack.http import Response


def compress(_: Any, context: Any, response: Response) -> None:
    """Response handler."""
    smallest = context.deployment.rest_api.rest_api.get("minimumCompressionSize")
    if smallest is None or "Content-Encoding" in response.headers:
        return
    body = response.get_data()
    accepted = context.invocation_request["headers"].get("Accept-Encoding") or ""
    if "gzip" in accepted and len(body) >= int(smallest):
        response.set_data(gzip.compress(body, compresslevel=5, mtime=0))
        response.headers["Content-Encoding"] = "gzip"
