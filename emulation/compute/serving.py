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
from collections.abc import Iterator, Mapping, Sequence
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
    """The instances of one variant."""

    def __init__(self, specs: Sequence[ServerSpec]) -> None:
        self.servers = [ModelServer(spec) for spec in specs]
        self._turn = itertools.count()
        self._idle = threading.Condition()
        self._under_way = 0

    def start(self, seconds: float) -> bool:
        """Start all and wait; whether every one became ready in that time."""
        for server in self.servers:
            server.start()
        deadline = time.monotonic() + seconds
        for server in self.servers:
            server.settled.wait(max(0.0, deadline - time.monotonic()))
        return all(server.ready.is_set() for server in self.servers)

    def drain(self) -> None:
        """Wait until every invocation has its answer."""
        with self._idle:
            self._idle.wait_for(lambda: self._under_way == 0, INVOCATION_SECONDS)

    def stop(self) -> None:
        """Stop all, at the same time."""
        stops = [threading.Thread(target=server.stop) for server in self.servers]
        for stop in stops:
            stop.start()
        for stop in stops:
            stop.join()

    def invoke(self, headers: Mapping[str, str], body: bytes) -> Reply:
        """Ask the next ready server.

        Raises:
            ServingError: there is no answer.
        """
        ready = [server for server in self.servers if server.ready.is_set()]
        first = next(self._turn)
        with self._counted():
            for number in range(len(ready)):
                # One that refuses the connection has not taken the request: the next may.
                with contextlib.suppress(NoServerError):
                    return ready[(first + number) % len(ready)].invoke(headers, body)
        raise NoServerError

    @contextlib.contextmanager
    def _counted(self) -> Iterator[None]:
        with self._idle:
            self._under_way += 1
        try:
            yield
        finally:
            with self._idle:
                self._under_way -= 1
                self._idle.notify_all()
