"""The instance metadata service (IMDS) of one instance, on a port of its own.

A process is told the address in `AWS_EC2_METADATA_SERVICE_ENDPOINT`, which every SDK reads. Tokens
are IMDSv2's: a PUT gives one for some time, and a request without one is refused when the instance
says so.
"""

import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

ROOT = "/latest/"
TOKEN = f"{ROOT}api/token"
LIFETIME = "X-aws-ec2-metadata-token-ttl-seconds"
LONGEST_SECONDS = 21600

Leaf = str | Callable[[], str | None]
Tree = Mapping[str, Any]
"""Names to texts, to what gives a text when it is asked for (None: not found), or to trees."""


@dataclass(frozen=True, slots=True)
class Options:
    """How the service answers."""

    enabled: bool = True
    token_required: bool = False


@dataclass
class MetadataServer:
    """Serves a tree until it is closed."""

    tree: Callable[[], Tree]
    options: Callable[[], Options]
    _tokens: dict[str, float] = field(default_factory=dict)
    _server: ThreadingHTTPServer = field(init=False)

    def __post_init__(self) -> None:
        metadata = self

        class Handler(_Handler):
            service = metadata

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        thread = threading.Thread(target=self._server.serve_forever, name="imds", daemon=True)
        thread.start()

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()

    def new_token(self, seconds: int) -> str:
        """A token that is good for so long."""
        token = secrets.token_urlsafe(40)
        now = time.monotonic()
        self._tokens = {known: end for known, end in self._tokens.items() if end > now}
        self._tokens[token] = now + seconds
        return token

    def knows(self, token: str) -> bool:
        """Whether it gave the token and its time is not over."""
        return self._tokens.get(token, 0) > time.monotonic()

    def read(self, path: str) -> str | None:
        """The text at a path; a folder lists its names, None where nothing is."""
        place: Any = self.tree()
        for name in [part for part in path.split("/") if part]:
            if not isinstance(place, Mapping) or name not in place:
                return None
            place = place[name]
        if isinstance(place, Mapping):
            return "\n".join(f"{n}/" if isinstance(v, Mapping) else n for n, v in place.items())
        return place() if callable(place) else str(place)


class _Handler(BaseHTTPRequestHandler):
    """EC2's status codes: 400 for a bad token request, 401 for a bad token, 403 when it is off."""

    service: MetadataServer
    protocol_version = "HTTP/1.1"
    server_version = "EC2ws"
    sys_version = ""

    def do_PUT(self) -> None:
        """Give a token."""
        lifetime = self.headers.get(LIFETIME, "")
        if not self.service.options().enabled or "X-Forwarded-For" in self.headers:
            self._answer(403, "")
        elif self.path != TOKEN:
            self._answer(404, "")
        elif not lifetime.isdigit() or not 1 <= int(lifetime) <= LONGEST_SECONDS:
            self._answer(400, "")
        else:
            self._answer(200, self.service.new_token(int(lifetime)), {LIFETIME: lifetime})

    def do_GET(self) -> None:
        """Give what is at the path."""
        options = self.service.options()
        token = self.headers.get("X-aws-ec2-metadata-token")
        if not options.enabled:
            self._answer(403, "")
        elif (token is None and options.token_required) or (
            token and not self.service.knows(token)
        ):
            self._answer(401, "")
        else:
            path = self.path.partition("?")[0]
            text = self.service.read(path.removeprefix(ROOT)) if path.startswith(ROOT) else None
            self._answer(404 if text is None else 200, text or "")

    def _answer(self, status: int, text: str, headers: Mapping[str, str] | None = None) -> None:
        body = text.encode()
        self.send_response(status)
        for name, value in {"Content-Type": "text/plain", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Nothing: the instance asks every few minutes."""
