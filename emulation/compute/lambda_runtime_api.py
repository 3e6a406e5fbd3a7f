"""The Lambda Runtime API (version 2018-06-01) for one function process.

Every process has a listener of its own, which is how a request says whose it is: the path names no
environment. The server knows one invocation at a time, as an environment does on AWS.
"""

import contextlib
import queue
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from emulation.compute.lambda_http import HttpRequest, response

API = "/2018-06-01/runtime"
MAX_PAYLOAD_BYTES = 6_291_456
ACCEPTED = b'{"status":"OK"}'
MAX_RESPONSE_BYTES = MAX_PAYLOAD_BYTES + 100


@dataclass(frozen=True, slots=True)
class Invocation:
    """What one invocation gives to the runtime."""

    request_id: str
    payload: bytes
    deadline_ms: int
    function_arn: str
    trace_id: str
    client_context: str | None = None

    def headers(self) -> dict[str, str]:
        """The headers of the answer to `invocation/next`."""
        headers = {
            "Content-Type": "application/json",
            "Lambda-Runtime-Aws-Request-Id": self.request_id,
            "Lambda-Runtime-Deadline-Ms": str(self.deadline_ms),
            "Lambda-Runtime-Invoked-Function-Arn": self.function_arn,
            "Lambda-Runtime-Trace-Id": self.trace_id,
        }
        if self.client_context:
            headers["Lambda-Runtime-Client-Context"] = self.client_context
        return headers


@dataclass(frozen=True, slots=True)
class Answer:
    """What the runtime posted: the result, or the error that the handler raised."""

    payload: bytes
    error_type: str | None = None


class RuntimeApi:
    """The server side of one runtime process; everything that the process says arrives here."""

    def __init__(self, changed: Callable[[], None], asked: Callable[[], None]) -> None:
        """`changed` is called whenever there is something new to look at, `asked` when the runtime
        asks for work.
        """
        self.answer: Answer | None = None
        """To the current invocation."""
        self.init_error: Answer | None = None
        self.idle = False
        """The runtime waits for work."""
        self.idle_since = 0.0
        self.has_spoken = False
        """The runtime has said anything at all."""
        self._changed = changed
        self._asked = asked
        self._current: Invocation | None = None
        self._invocations: queue.SimpleQueue[Invocation | None] = queue.SimpleQueue()
        self._connections: set[socket.socket] = set()
        self._closed = False
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:{1}".format(*self._listener.getsockname())
        _thread(f"lambda-api-{self.address}", self._accept)

    def submit(self, invocation: Invocation) -> None:
        """Hand an invocation to the runtime, which must be idle."""
        self.answer = None
        self.idle = False
        self._current = invocation
        self._invocations.put(invocation)

    def close(self) -> None:
        """End the server; requests that wait are dropped."""
        self._closed = True
        self._invocations.put(None)
        # A thread in accept() is woken by a connection, not by closing the socket.
        with contextlib.suppress(OSError):
            socket.create_connection(self._listener.getsockname(), 1).close()
        for connection in list(self._connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def next_invocation(self) -> Invocation | None:
        """Wait for work; None when the server ends."""
        self._current = None
        self.has_spoken = True
        self._asked()
        self.idle_since = time.monotonic()
        self.idle = True
        self._changed()
        return self._invocations.get()

    def answered(self, request_id: str, answer: Answer) -> bool:
        """Take the result of the current invocation; False when it is not the current one."""
        if self._current is None or self._current.request_id != request_id:
            return False
        self.answer = answer
        self._changed()
        return True

    def init_failed(self, answer: Answer) -> None:
        """The runtime could not load the handler."""
        self.has_spoken = True
        self.init_error = answer
        self._changed()

    def _accept(self) -> None:
        with self._listener:
            while True:
                connection, _ = self._listener.accept()
                if self._closed:
                    connection.close()
                    return
                _thread(f"lambda-api-{self.address}-request", self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        self._connections.add(connection)
        with connection, contextlib.suppress(OSError, ValueError):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with connection.makefile("rb") as reader:
                while request := HttpRequest.read(reader, connection.sendall):
                    answer = self._respond(request)
                    if answer is None:
                        break
                    connection.sendall(answer)
        self._connections.discard(connection)

    def _respond(self, request: HttpRequest) -> bytes | None:
        """The answer; None when the server has ended."""
        match [request.method, *request.path.removeprefix(f"{API}/").split("/")]:
            case ["GET", "invocation", "next"]:
                return self._hand_out(self.next_invocation())
            case ["POST", "init", "error"]:
                self.init_failed(Answer(request.body, _error_type(request)))
                return response(202, ACCEPTED)
            case ["POST", "invocation", request_id, "response"]:
                return self._take_response(request_id, request.body)
            case ["POST", "invocation", request_id, "error"]:
                return self._take(request_id, Answer(request.body, _error_type(request)))
        return response(404)

    @staticmethod
    def _hand_out(invocation: Invocation | None) -> bytes | None:
        if invocation is None:
            return None
        return response(200, invocation.payload, invocation.headers())

    def _take_response(self, request_id: str, body: bytes) -> bytes:
        if len(body) <= MAX_RESPONSE_BYTES:
            return self._take(request_id, Answer(body))
        message = (
            f"Response payload size exceeded maximum allowed payload size "
            f"({MAX_RESPONSE_BYTES} bytes)."
        )
        error = f'{{"errorType":"Function.ResponseSizeTooLarge","errorMessage":"{message}"}}'
        self.answered(request_id, Answer(error.encode(), "Function.ResponseSizeTooLarge"))
        return response(413, b'{"errorType":"RequestEntityTooLarge"}')

    def _take(self, request_id: str, answer: Answer) -> bytes:
        if self.answered(request_id, answer):
            return response(202, ACCEPTED)
        return response(400, b'{"errorType":"InvalidRequestID"}')


def _error_type(request: HttpRequest) -> str:
    return request.headers.get("lambda-runtime-function-error-type") or "Unhandled"


def _thread(name: str, target: Callable[..., object], *arguments: object) -> None:
    threading.Thread(target=target, args=arguments, name=name, daemon=True).start()
