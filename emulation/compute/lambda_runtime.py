"""A Lambda execution environment: one function's process, answering one invocation after another.

The process is started once and kept, as on AWS. When it ends - a crash, a timeout, too much memory
- the invocation at hand gets AWS's error for it, and the next one starts a fresh process in the
same environment, with the same log stream and the same temporary folder.
"""

import shutil
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from emulation.compute import lambda_bootstrap, lambda_words
from emulation.compute.lambda_runtime_api import Answer, Invocation
from emulation.compute.lambda_session import Session
from emulation.compute.processes import LogSink, ProcessSpec, Status, Supervisor

INIT_SECONDS = 10.0
"""How long an initialization may take on its own. Past it, it starts again inside the first
invocation, whose timeout then counts.
"""


@dataclass(frozen=True, slots=True)
class FunctionSpec:
    """What an environment runs and may use."""

    name: str
    version: str
    handler: str
    runtime: str
    python: Path
    code: Path
    layers: Sequence[Path]
    environment: Mapping[str, str]
    memory_mb: int
    timeout_seconds: int
    folder: Path
    """Of this environment alone; it goes with it."""


@dataclass(frozen=True, slots=True)
class Request:
    """One invocation, as its caller made it."""

    request_id: str
    payload: bytes
    function_arn: str
    trace_id: str
    client_context: str | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What an invocation came to."""

    payload: bytes
    error_type: str | None
    log: str
    milliseconds: float


class Environment:
    """One environment: `start`, `invoke` as often as wanted, `stop`."""

    def __init__(self, spec: FunctionSpec, supervisor: Supervisor, log: LogSink) -> None:
        self.spec = spec
        self._supervisor = supervisor
        self._log = log
        self._lines: list[str] = []
        self._session: Session | None = None
        self._init_milliseconds: float | None = None
        self._init_failed = False
        """The initialization failed, and no invocation was told yet."""
        self._busy = threading.Lock()
        self._stopped = False

    def start(self) -> None:
        """Start the process and wait for its initialization; a failure of it is the result of the
        first invocation.

        Raises:
            OSError: the process cannot be started.
        """
        with self._busy:
            self._write(f"INIT_START Runtime Version: {self.spec.runtime}")
            session = self._session = self._new_session()
            in_time = session.initialized(session.started + INIT_SECONDS)
            if session.api.idle:
                self._init_milliseconds = session.init_milliseconds()
            else:
                self._init_failed = in_time
                self._report_init(session, "init", in_time=in_time)
        self._end_if_stopped()

    def invoke(self, request: Request) -> Result:
        """Run the handler once; every way it can end is a result."""
        with self._busy:
            if not self._init_failed:
                self._lines = []
            began = time.monotonic()
            answer = self._answer(request, began + self.spec.timeout_seconds)
            milliseconds = (time.monotonic() - began) * 1000
            self._report(request, milliseconds, answer.error_type)
            log = "".join(self._lines)
            result = Result(answer.payload, answer.error_type, log, milliseconds)
        self._end_if_stopped()
        return result

    def stop(self) -> None:
        """Stop. An invocation that runs is let finish first, as on AWS, and its result counts."""
        self._stopped = True
        if self._busy.acquire(blocking=False):
            self._busy.release()
            self._end_if_stopped()

    def logs(self) -> list[str]:
        """The last lines of the process's output."""
        return self._session.process.logs() if self._session else []

    def status(self) -> Status:
        """Where its process is."""
        return self._session.process.status() if self._session else Status.STOPPED

    def _end_if_stopped(self) -> None:
        if self._stopped:
            if self._session is not None:
                self._session.close()
            shutil.rmtree(self.spec.folder, ignore_errors=True)

    def _answer(self, request: Request, deadline: float) -> Answer:
        """The runtime's own answer, or Lambda's for a process that gave none."""
        session = self._session
        if session is None or not (session.alive or self._init_failed):
            session = self._session = self._new_session()
            if session.initialized(deadline) and not session.api.idle:
                self._report_init(session, "invoke", in_time=True)
        self._init_failed = False
        self._write(f"START RequestId: {request.request_id} Version: {self.spec.version}")
        answer = session.api.init_error
        if answer is None and session.api.idle:
            answer = session.run(_invocation(request, deadline), deadline)
        if answer is None:
            answer = self._failure(session, request)
        return answer

    def _failure(self, session: Session, request: Request) -> Answer:
        if session.alive:
            session.close()
            message = lambda_words.timeout_message(self.spec.timeout_seconds)
            self._write(f"{_timestamp()} {request.request_id} {message}\n")
            message = f"RequestId: {request.request_id} Error: {message}"
            return Answer(
                lambda_words.error(lambda_words.TIMED_OUT, message), lambda_words.TIMED_OUT
            )
        error_type = lambda_words.EXITED
        if session.process.status() is Status.OUT_OF_MEMORY:
            error_type = lambda_words.OUT_OF_MEMORY
        message = lambda_words.exit_message(request.request_id, session.process.exit_code)
        self._write(f"{message}\n{error_type}")
        return Answer(lambda_words.error(error_type, message), error_type)

    def _report_init(self, session: Session, phase: str, *, in_time: bool) -> None:
        """Tell of an initialization that failed, and end what is left of it."""
        milliseconds = session.init_milliseconds()
        session.close()
        error = session.api.init_error
        error_type = error.error_type if error else lambda_words.EXITED
        self._write(
            lambda_words.init_report(
                milliseconds, phase, error_type if in_time else lambda_words.TIMED_OUT
            )
        )

    def _report(self, request: Request, milliseconds: float, error_type: str | None) -> None:
        session = self._session
        assert session is not None
        report = lambda_words.Report(
            request.request_id,
            milliseconds,
            self.spec.memory_mb,
            min(session.memory_mb(), self.spec.memory_mb),
            self._init_milliseconds,
            error_type,
        )
        self._init_milliseconds = None
        self._write(f"END RequestId: {request.request_id}")
        self._write(report.line())

    def _new_session(self) -> Session:
        temporary = self.spec.folder / "tmp"
        temporary.mkdir(parents=True, exist_ok=True)

        def process_spec(address: str, log: LogSink) -> ProcessSpec:
            return ProcessSpec(
                name=f"lambda-{self.spec.name}",
                command=_command(self.spec, address),
                environment=_environment(self.spec, temporary, address),
                folder=self.spec.code,
                log=log,
            )

        return Session(process_spec, self.spec.memory_mb, self._supervisor, self._write)

    def _write(self, line: str) -> None:
        """One log event. CloudWatch Logs holds Lambda's events with their line break."""
        self._lines.append(f"{line}\n")
        self._log(f"{line}\n")


def _command(spec: FunctionSpec, address: str) -> list[str]:
    return [
        str(spec.python),
        "-P",  # The bootstrap's own folder is ours, and must not be on the path.
        lambda_bootstrap.__file__,
        address,
        spec.handler,
        str(spec.code),
        *map(str, spec.layers),
    ]


def _environment(spec: FunctionSpec, temporary: Path, address: str) -> dict[str, str]:
    """The bundle stays where it is and /tmp is private by name: a process needs no root for it."""
    return {
        "TMPDIR": str(temporary),
        "HOME": str(temporary),
        **spec.environment,
        "LAMBDA_TASK_ROOT": str(spec.code),
        "LAMBDA_RUNTIME_DIR": str(spec.python.parent),
        "AWS_LAMBDA_RUNTIME_API": address,
    }


def _invocation(request: Request, deadline: float) -> Invocation:
    left = deadline - time.monotonic()
    return Invocation(
        request_id=request.request_id,
        payload=request.payload,
        deadline_ms=int((time.time() + left) * 1000),
        function_arn=request.function_arn,
        trace_id=request.trace_id,
        client_context=request.client_context,
    )


def _timestamp() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
