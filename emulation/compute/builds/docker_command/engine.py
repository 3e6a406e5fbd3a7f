"""Requests to the engine, and the lines that it answers with."""

import http.client
import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from emulation.compute.builds.docker_command.telling import environment, fail, say

SOCKET = "unix:///var/run/docker.sock"
API = "v1.47"


def call(
    method: str,
    path: str,
    query: Mapping[str, Any] | None = None,
    body: Any = None,
    headers: Mapping[str, str] | None = None,
) -> http.client.HTTPResponse:
    host = urlsplit(environment("DOCKER_HOST"))
    if host.scheme not in {"tcp", "http"}:
        fail(
            f"ERROR: Cannot connect to the Docker daemon at {SOCKET}. Is the docker daemon"
            " running? (A build has one in privileged mode.)"
        )
    connection = http.client.HTTPConnection(host.hostname or "localhost", host.port)
    where = f"{host.path.rstrip('/')}/{API}/{path}?{urlencode(query or {}, doseq=True)}"
    try:
        connection.request(method, where, body, dict(headers or {}))
        answer = connection.getresponse()
    except OSError as error:
        fail(f"ERROR: Cannot connect to the Docker daemon at {host.geturl()}: {error}")
    if answer.status >= 400:
        text = answer.read().decode(errors="replace")
        fail(f"Error response from daemon: {_message(text)}")
    return answer


def _message(text: str) -> str:
    try:
        return str(json.loads(text)["message"])
    except (ValueError, KeyError, TypeError):
        return text


def fetched(method: str, path: str, query: Mapping[str, Any] | None = None) -> Any:
    return json.loads(call(method, path, query).read() or b"null")


def follow(answer: http.client.HTTPResponse) -> Iterator[dict[str, Any]]:
    """The lines of an answer that is told as it comes; an error ends the command."""
    for line in answer:
        document = json.loads(line)
        if "error" in document:
            fail(str(document["error"]))
        if "stream" in document:
            say(document["stream"])
        elif "status" in document:
            mark = f"{document['id']}: " if "id" in document else ""
            say(f"{mark}{document['status']}\n")
        yield document


def path_of(name: str) -> str:
    """A name as part of a path."""
    return quote(name, safe="/:@")


def split_name(name: str) -> tuple[str, str]:
    """A name without its tag, and the tag or digest."""
    before, mark, digest = name.partition("@")
    if mark:
        return before, digest
    head, colon, last = name.rpartition(":")
    return (head, last) if colon and "/" not in last else (name, "")
