"""Model servers: processes that answer /ping and /invocations, kept alive, and the way to them.

A server is ready because its process answered /ping. One that ends is started again with a growing
pause; one that never became ready is given up after a few starts. An invocation goes to a ready
server over a kept-alive connection; the pool is http.client's because it costs a tenth of a
millisecond, where httpx costs one.
"""

import contextlib
import http.client
import itertools
import threading
import time
from collections import deque
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from emulation.compute.processes import SUPERVISOR, LogSink, Process, ProcessSpec, Status, free_port

PING_SECONDS = 2.0
PING_INTERVAL = 0.05
START_ATTEMPTS = 3
FIRST_PAUSE = 0.25
LONGEST_PAUSE = 30.0
INVOCATION_SECONDS = 60.0
STOP_SECONDS = 30.0


class ServingError(Exception):
    """Root: an invocation has no answer of the model."""


class NoServerError(ServingError):
    """No server is ready."""


class ServerGoneError(ServingError):
    """The server ended, or broke the connection, while it had the request."""


class ServerTimeoutError(ServingError):
    """The server did not answer in time."""


@dataclass(frozen=True, slots=True)
class ServerSpec:
    """How to start a server: the port is found for each start and told as
    SAGEMAKER_BIND_TO_PORT.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    folder: Path
    log: LogSink


@dataclass(frozen=True, slots=True)
class Reply:
    """What the model's server answered, and how long it took."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float

    def header(self, name: str) -> str | None:
        """A header, however it is written."""
        wanted = name.lower()
        return next((text for key, text in self.headers.items() if key.lower() == wanted), None)


@dataclass(eq=False)
class ModelServer:
    """One instance: a process that is started again when it ends."""

    spec: ServerSpec
    ready: threading.Event = field(default_factory=threading.Event)
    settled: threading.Event = field(default_factory=threading.Event)
    """Ready for the first time, or given up."""
    under_way: int = 0
    """Invocations that it has; its fleet counts them."""
    _port: int = 0
    _process: Process | None = None
    _stopping: threading.Event = field(default_factory=threading.Event)
    _idle: deque[http.client.HTTPConnection] = field(default_factory=deque)

    @property
    def pid(self) -> int | None:
        """The process that serves now."""
        return None if self._process is None else self._process.pid

    def start(self) -> None:
        """Begin, in the background."""
        threading.Thread(target=self._keep, name=f"{self.spec.name}-keep", daemon=True).start()

    def stop(self) -> None:
        """End the process for good."""
        self._stopping.set()
        if self._process is not None:
            self._process.stop()
        self._drop_connections()

    def invoke(self, headers: Mapping[str, str], body: bytes) -> Reply:
        """POST /invocations.

        Raises:
            ServingError: there is no answer.
        """
        started = time.perf_counter()
        with contextlib.suppress(IndexError):
            while True:
                reply = self._exchange(self._idle.pop(), headers, body, started, reused=True)
                if reply is not None:
                    return reply
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=INVOCATION_SECONDS)
        reply = self._exchange(connection, headers, body, started, reused=False)
        assert reply is not None
        return reply

    def _exchange(
        self,
        connection: http.client.HTTPConnection,
        headers: Mapping[str, str],
        body: bytes,
        started: float,
        *,
        reused: bool,
    ) -> Reply | None:
        """None when a kept connection turns out to be closed: the request was not taken."""
        try:
            connection.request("POST", "/invocations", body, dict(headers))
            response = connection.getresponse()
            content = response.read()
        except TimeoutError as error:
            connection.close()
            raise ServerTimeoutError from error
        except ConnectionRefusedError as error:
            raise NoServerError from error
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            if reused and isinstance(error, ConnectionError) and self._lives():
                return None
            raise ServerGoneError from error
        if connection.port == self._port:
            self._idle.append(connection)
        seconds = time.perf_counter() - started
        return Reply(response.status, dict(response.getheaders()), content, seconds)

    def _lives(self) -> bool:
        """Whether the process goes on, so that a broken connection was only an idle one."""
        return self._process is not None and self._process.wait(PING_INTERVAL) is Status.RUNNING

    def _keep(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            self._start_process()
            if self._wait_until_ready():
                failures = 0
            assert self._process is not None
            ended = self._process.wait()
            self.ready.clear()
            self._drop_connections()
            if ended is Status.STOPPED:
                # By us, or by a supervisor that ends everything.
                break
            failures += 1
            if failures >= START_ATTEMPTS and not self.settled.is_set():
                break
            self._stopping.wait(min(FIRST_PAUSE * 2 ** (failures - 1), LONGEST_PAUSE))
        self.settled.set()

    def _start_process(self) -> None:
        self._port = free_port()
        port = {"SAGEMAKER_BIND_TO_PORT": str(self._port)}
        self._process = SUPERVISOR.start(
            ProcessSpec(
                name=self.spec.name,
                command=self.spec.command,
                environment={**self.spec.environment, **port},
                folder=self.spec.folder,
                log=self.spec.log,
                grace_seconds=STOP_SECONDS,
            )
        )
        if self._stopping.is_set():
            self._process.stop()

    def _wait_until_ready(self) -> bool:
        """Ping until it answers or has ended."""
        assert self._process is not None
        while self._process.wait(PING_INTERVAL) is Status.RUNNING:
            if ping(self._port):
                self.ready.set()
                self.settled.set()
                return True
        return False

    def _drop_connections(self) -> None:
        while self._idle:
            with contextlib.suppress(IndexError):
                self._idle.pop().close()


def ping(port: int) -> bool:
    """Whether a server says that it is well."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PING_SECONDS)
    try:
        connection.request("GET", "/ping")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


class Fleet:
    """The instances of one variant; some may join or leave while the others serve."""

    def __init__(self, specs: Sequence[ServerSpec]) -> None:
        self.servers = [ModelServer(spec) for spec in specs]
        self._turn = itertools.count()
        self._changed = threading.Condition(threading.Lock())
        self._expected = 0

    def start(self, seconds: float) -> bool:
        """Start all and wait; whether every one became ready in that time."""
        return wait_until_ready(self.servers, seconds)

    def grow(self, specs: Sequence[ServerSpec], seconds: float) -> bool:
        """Start more; they join when every one is ready, and end when one is not in that time."""
        more = [ModelServer(spec) for spec in specs]
        if not wait_until_ready(more, seconds):
            stop_all(more)
            return False
        with self._changed:
            self.servers = self.servers + more
        return True

    def shrink(self, names: Collection[str]) -> None:
        """Let servers go, by their specs' names: each answers what it has, then it ends."""
        with self._changed:
            gone = [server for server in self.servers if server.spec.name in names]
            self.servers = [server for server in self.servers if server not in gone]
            self._changed.wait_for(
                lambda: not any(server.under_way for server in gone), INVOCATION_SECONDS
            )
        stop_all(gone)

    def expect(self) -> None:
        """Somebody is about to invoke; until `expect_no_more`, `drain` waits for them."""
        with self._changed:
            self._expected += 1

    def expect_no_more(self) -> None:
        """Somebody has their answer."""
        with self._changed:
            self._expected -= 1
            if self._expected == 0:
                self._changed.notify_all()

    def drain(self) -> None:
        """Wait until everybody who was expected has their answer."""
        with self._changed:
            self._changed.wait_for(lambda: self._expected == 0, INVOCATION_SECONDS)

    def stop(self) -> None:
        """Stop all, at the same time."""
        stop_all(self.servers)

    def invoke(self, headers: Mapping[str, str], body: bytes) -> Reply:
        """Ask the next ready server.

        Raises:
            ServingError: there is no answer.
        """
        first = next(self._turn)
        tried: list[ModelServer] = []
        while (server := self._take(first, tried)) is not None:
            try:
                return server.invoke(headers, body)
            except NoServerError:
                # One that refuses the connection has not taken the request: the next may.
                tried.append(server)
            finally:
                self._give_back(server)
        raise NoServerError

    def _take(self, turn: int, tried: Sequence[ModelServer]) -> ModelServer | None:
        with self._changed:
            ready = [item for item in self.servers if item.ready.is_set() and item not in tried]
            if not ready:
                return None
            server = ready[turn % len(ready)]
            server.under_way += 1
            return server

    def _give_back(self, server: ModelServer) -> None:
        with self._changed:
            server.under_way -= 1
            if server.under_way == 0:
                self._changed.notify_all()


def wait_until_ready(servers: Sequence[ModelServer], seconds: float) -> bool:
    """Start servers and wait; whether every one became ready in that time."""
    for server in servers:
        server.start()
    deadline = time.monotonic() + seconds
    for server in servers:
        server.settled.wait(max(0.0, deadline - time.monotonic()))
    return all(server.ready.is_set() for server in servers)


def stop_all(servers: Sequence[ModelServer]) -> None:
    """Stop servers, at the same time."""
    stops = [threading.Thread(target=server.stop) for server in servers]
    for stop in stops:
        stop.start()
    for stop in stops:
        stop.join()
