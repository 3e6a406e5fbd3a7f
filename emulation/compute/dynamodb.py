"""DynamoDB's engine: AWS's own DynamoDB Local, a Java program on SQLite, started on first use.

Every request is handed to it as it came; it keeps a file for each account and region, and a write
that it has answered is in that file, so that killing it loses nothing. It is not Amazon's to give
away for us: `make setup` fetches it by the coordinates of `dynamodb.lock`, under its own licence
(free to use for development and tests, not to redistribute).
"""

import logging
import socket
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx

from emulation.compute import maven
from emulation.compute.maven import Artifact
from emulation.compute.processes import (
    SUPERVISOR,
    Limits,
    Process,
    ProcessSpec,
    Status,
    free_port,
)
from emulation.compute.runtimes import runtimes_folder
from emulation.compute.spark import java, temporary_option

LOG = logging.getLogger(__name__)

LOCK = Path(__file__).with_suffix(".lock")
MAIN = "com.amazonaws.services.dynamodbv2.local.main.ServerRunner"

HEAP = "192m"
MEMORY_MB = 768
"""Its heap is limited by the JVM; this is for what leaks beside it."""

START_SECONDS = 120
CALL_SECONDS = 60

# A JVM of few threads that is small and soon there: it holds no data but what it works on.
JVM = (f"-Xmx{HEAP}", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto")


class EngineFailedError(Exception):
    """The engine did not start, or ended while it worked on a request; the message says which."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the engine said."""

    status: int
    body: bytes


def locked() -> list[Artifact]:
    """The engine's files."""
    return maven.locked(LOCK)


def jars_folder() -> Path:
    """Where they are."""
    return runtimes_folder() / "dynamodb"


def class_path() -> str:
    """The engine's jars.

    Raises:
        FileNotFoundError: they are not fetched.
    """
    if maven.missing(locked(), jars_folder()):
        raise FileNotFoundError("DynamoDB's engine is not installed: run `make setup`")
    jars = [jars_folder() / item.file_name for item in locked() if item.kind == "jar"]
    return ":".join(map(str, jars))


class DynamoDbEngine:
    """One engine for all accounts and regions; safe to call from many threads."""

    def __init__(
        self, folder: Callable[[], Path], environment: Callable[[], Mapping[str, str]]
    ) -> None:
        """`folder` keeps the tables, for one engine alone; `environment` says where Java is."""
        self._folder = folder
        self._environment = environment
        self._lock = threading.Lock()
        self._process: Process | None = None
        # Importing localstack sets proxy variables that httpx cannot read.
        self._http = httpx.Client(
            trust_env=False,
            timeout=CALL_SECONDS,
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=32),
        )
        self._url = ""

    def call(self, target: str, body: bytes, *, account: str, region: str) -> Answer:
        """Answer one request of the JSON protocol; `target` is its `X-Amz-Target`.

        Raises:
            EngineFailedError: there was no answer. JavaNotFoundError, FileNotFoundError: something
            is not installed; the message says how to install it.
        """
        headers = {
            "X-Amz-Target": target,
            "Content-Type": "application/x-amz-json-1.0",
            # The engine looks at the account and the region, and checks no signature.
            "Authorization": (
                f"AWS4-HMAC-SHA256 Credential={account}/20130101/{region}/dynamodb/aws4_request, "
                "SignedHeaders=host, Signature=0"
            ),
        }
        url = self._running()
        try:
            answer = self._http.post(url, content=body, headers=headers)
        except httpx.TransportError as error:
            raise EngineFailedError(f"DynamoDB's engine did not answer: {error}") from error
        return Answer(answer.status_code, answer.content)

    def _running(self) -> str:
        with self._lock:
            if self._process is None or self._process.status() is not Status.RUNNING:
                self._process = self._start()
            return self._url

    def _start(self) -> Process:
        port, folder = free_port(), self._folder()
        environment = dict(self._environment())
        process = SUPERVISOR.start(
            ProcessSpec(
                name="dynamodb",
                command=[
                    str(java(environment)),
                    *JVM,
                    temporary_option(folder),
                    *arguments(port, folder),
                ],
                environment=environment | {"DDB_LOCAL_TELEMETRY": "0"},
                folder=folder,
                limits=Limits(memory_mb=MEMORY_MB),
                log=LOG.debug,
                needed=True,
            )
        )
        wait_until_it_listens(process, port)
        self._url = f"http://127.0.0.1:{port}/"
        return process


def arguments(port: int, folder: Path) -> list[str]:
    """What Java is told of the engine."""
    library = f"-Dsqlite4java.library.path={jars_folder()}"
    options = ["-port", str(port), "-dbPath", str(folder)]
    return [library, "-cp", class_path(), MAIN, *options]


def wait_until_it_listens(process: Process, port: int) -> None:
    """Wait for the engine's port.

    Raises:
        EngineFailedError: it ended, or took too long; the message has its last words.
    """
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.status() is Status.RUNNING:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            process.wait(0.02)
        else:
            return
    process.kill()
    said = "; ".join(process.logs()[-5:])
    raise EngineFailedError(f"DynamoDB's engine did not start ({process.wait()}): {said}")
