"""The address of a task's credentials and metadata: one server for all tasks.

Each path begins with a name that only one task's containers know. Inside a task's own network the
server is reached at 169.254.170.2, elsewhere at the port that `FULL_URI` names.
"""

import json
import threading
from collections.abc import Callable
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = tuple[int, Any]
Responder = Callable[[str], Answer]
"""Takes the rest of the path; answers a status and what JSON can say."""

NOT_FOUND: Answer = (404, {"code": "NotFound", "message": "nothing is known of this path"})


class Endpoints:
    """Who answers below which path."""

    def __init__(self) -> None:
        self._responders: dict[str, Responder] = {}

    def add(self, prefix: str, responder: Responder) -> None:
        """Answer below `/v4/...` or `/v2/credentials/...` from now on."""
        self._responders[prefix] = responder

    def remove(self, prefix: str) -> None:
        """Not any more."""
        self._responders.pop(prefix, None)

    def answer(self, path: str) -> Answer:
        """What is at a path."""
        plain = path.partition("?")[0].rstrip("/")
        for depth in (3, 2):
            parts = plain.split("/")
            prefix = "/".join(parts[: depth + 1])
            if responder := self._responders.get(prefix):
                return responder("/".join(parts[depth + 1 :]))
        return NOT_FOUND

    @cached_property
    def address(self) -> tuple[str, int]:
        """Where the server listens; it starts when somebody first asks."""
        endpoints = self

        class Handler(_Handler):
            served = endpoints

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, name="task-metadata", daemon=True).start()
        return "127.0.0.1", int(server.server_address[1])


class _Handler(BaseHTTPRequestHandler):
    served: Endpoints
    protocol_version = "HTTP/1.1"
    server_version = "Amazon"
    sys_version = ""

    def do_GET(self) -> None:
        """What is at the path."""
        status, found = self.served.answer(self.path)
        body = json.dumps(found).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Nothing: each client asks again and again."""


ENDPOINTS = Endpoints()
"""The emulator's one."""
