"""A Lambda execution environment: one function's process, answering one invocation after another.

The process is started once and kept, as on AWS. When it ends - a crash, a timeout, too much memory
- the invocation at hand gets AWS's error for it, and the next one starts a fresh process in the
same environment, with the same log stream and the same temporary folder.
"""

import functools
import os
import shutil
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from emulation.compute import lambda_words
from emulation.compute.lambda_isolation import Folders, Namespaces, Plain, Rooted, View
from emulation.compute.lambda_languages import Language
from emulation.compute.lambda_runtime_api import Answer, Invocation
from emulation.compute.lambda_session import Limits, Session
from emulation.compute.processes import LogSink, ProcessSpec, Status, Supervisor

INIT_SECONDS = 10.0
"""How long an initialization may take on its own. Past it, it starts again inside the first
invocation, whose timeout then counts.
"""

PROVISIONED_INIT_SECONDS = 130.0
"""How long one may take that nobody waits for, if the function's timeout is not longer."""


@dataclass(frozen=True, slots=True)
class FunctionSpec:
    """What an environment runs and may use."""

    name: str
    version: str
    handler: str
    language: Language
    code: Path
    layers: Path | None
    """All of them, as one folder."""
    environment: Mapping[str, str]
    memory_mb: int
    storage_mb: int
    timeout_seconds: int
    folder: Path
    """Of this environment alone; it goes with it."""
    init_seconds: float = INIT_SECONDS

    def folders(self) -> Folders:
        """Where everything of it lies."""
        return Folders(
            code=self.code,
            layers=self.layers,
            packages=self.language.packages,
            needed=self.language.needed,
            temporary=self.folder / "tmp",
            storage_mb=self.storage_mb,
        )


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
    interrupted: bool = False
    """It was not the function's doing: the supervisor stops everything."""


class Environment:
    """One environment: `start`, `invoke` as often as wanted, `stop`."""

    def __init__(
        self,
        spec: FunctionSpec,
        isolation: Plain | Rooted,
        supervisor: Supervisor,
        log: LogSink,
        *,
        on_end: Callable[["Environment"], None] = lambda _: None,
        on_stopped: Callable[[], None] = lambda: None,
    ) -> None:
        """`on_end` is called when a process of it has ended, however it did; `on_stopped` when
        nothing is left of it.
        """
        self.spec = spec
        self.init_failed = False
        """The last initialization failed."""
        self._isolation = isolation
        self._supervisor = supervisor
        self._log = log
        self._on_end = on_end
        self._on_stopped = on_stopped
        self._lines: list[str] = []
        self._session: Session | None = None
        self._namespaces: Namespaces | None = None
        self._problem = spec.language.problem(spec.folders())
        """Why nothing can be started, in AWS's words."""
        self._init_milliseconds: float | None = None
        self._untold = False
        """The initialization failed, and no invocation was told yet."""
        self._busy = threading.Lock()
        self._stopped = False
        self._ended = False

    def start(self) -> None:
        """Start the process and wait for its initialization; a failure of it is the result of the
        first invocation.

        Raises:
            OSError: the process cannot be started.
        """
        with self._busy:
            self._write(f"INIT_START Runtime Version: {self.spec.language.description}")
            if self._problem is None:
                self._initialize()
            else:
                self.init_failed = True
                self._write(lambda_words.init_report(0, "init", lambda_words.NO_ENTRYPOINT))
        self._end_if_stopped()

    def invoke(self, request: Request) -> Result:
        """Run the handler once; every way it can end is a result."""
        with self._busy:
            if not self._untold:
                self._lines = []
            began = time.monotonic()
            answer = self._answer(request, began + self.spec.timeout_seconds)
            milliseconds = (time.monotonic() - began) * 1000
            self._report(request, milliseconds, answer.error_type)
            log = "".join(self._lines)
            ended = answer.error_type == lambda_words.EXITED
            stopped = ended and self._session is not None and self._session.stopped
            result = Result(answer.payload, answer.error_type, log, milliseconds, stopped)
        self._end_if_stopped()
        return result

    @property
    def alive(self) -> bool:
        """Its process runs."""
        return self._session is not None and self._session.alive

    def stop(self) -> None:
        """Stop. An invocation that runs is let finish first, as on AWS, and its result counts."""
        self._stopped = True
        if self._busy.acquire(blocking=False):
            self._busy.release()
            self._end_if_stopped()

    def _end_if_stopped(self) -> None:
        with self._busy:
            if not self._stopped or self._ended:
                return
            self._ended = True
        if self._session is not None:
            self._session.close()
        if self._namespaces is not None:
            self._namespaces.close()
        shutil.rmtree(self.spec.folder, ignore_errors=True)
        self._on_stopped()

    def _initialize(self) -> None:
        session = self._session = self._new_session()
        in_time = session.initialized(session.started + self.spec.init_seconds)
        self._hold(session)
        self.init_failed = not session.api.idle
        if session.api.idle:
            self._init_milliseconds = session.init_milliseconds()
        else:
            self._untold = in_time
            self._report_init(session, "init", in_time=in_time)

    def _answer(self, request: Request, deadline: float) -> Answer:
        """The runtime's own answer, or Lambda's for a process that gave none."""
        session = self._session
        if self._problem is None and not (session and (session.alive or self._untold)):
            session = self._session = self._new_session()
            if session.initialized(deadline) and not session.api.idle:
                self._report_init(session, "invoke", in_time=True)
            self._hold(session)
        self._untold = False
        self._write(f"START RequestId: {request.request_id} Version: {self.spec.version}")
        if session is None:
            message = f"RequestId: {request.request_id} Error: {self._problem}"
            return self._platform_error(lambda_words.NO_ENTRYPOINT, message)
        return self._run(session, request, deadline) or self._failure(session, request)

    def _run(self, session: Session, request: Request, deadline: float) -> Answer | None:
        answer = session.api.init_error
        if answer is None and session.api.idle:
            answer = session.run(_invocation(request, deadline), deadline)
            if session.end_if_too_large():
                return None
        return answer

    def _hold(self, session: Session) -> None:
        """A process that has spoken has its folders; the next one shall find the same."""
        if self._namespaces is None and session.alive and session.api.has_spoken:
            self._namespaces = self._isolation.hold(session.process.pid)

    def _failure(self, session: Session, request: Request) -> Answer:
        if session.alive:
            session.close()
            message = lambda_words.timeout_message(self.spec.timeout_seconds)
            self._write(f"{_timestamp()} {request.request_id} {message}\n")
            message = f"RequestId: {request.request_id} Error: {message}"
            return self._platform_error(lambda_words.TIMED_OUT, message)
        error_type = lambda_words.EXITED
        if session.process.status() is Status.OUT_OF_MEMORY:
            error_type = lambda_words.OUT_OF_MEMORY
        message = lambda_words.exit_message(request.request_id, session.process.exit_code)
        self._write(f"{message}\n{error_type}")
        return self._platform_error(error_type, message)

    @staticmethod
    def _platform_error(error_type: str, message: str) -> Answer:
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
        used_mb = self._session.memory_mb() if self._session else 0
        report = lambda_words.Report(
            request.request_id,
            milliseconds,
            self.spec.memory_mb,
            min(used_mb, self.spec.memory_mb),
            self._init_milliseconds,
            error_type,
        )
        self._init_milliseconds = None
        self._write(f"END RequestId: {request.request_id}")
        self._write(report.line())

    def _new_session(self) -> Session:
        spec, folders = self.spec, self.spec.folders()

        def process_spec(address: str, log: LogSink) -> ProcessSpec:
            view = self._isolation.view(folders)
            process = ProcessSpec(
                name=f"lambda-{spec.name}",
                command=_command(spec, view, address),
                environment=_environment(spec, view, address),
                folder=spec.code,
                log=log,
            )
            return self._isolation.process(process, folders, self._namespaces)

        limits = Limits(spec.memory_mb, spec.language.marks_output)
        ended = functools.partial(self._on_end, self)
        return Session(process_spec, limits, self._supervisor, self._write, ended)

    def _write(self, line: str) -> None:
        """One log event. CloudWatch Logs holds Lambda's events with their line break."""
        self._lines.append(f"{line}\n")
        self._log(f"{line}\n")


def _command(spec: FunctionSpec, view: View, address: str) -> list[str]:
    """A wrapper of the function's gets the command as its arguments."""
    wrapper = spec.environment.get("AWS_LAMBDA_EXEC_WRAPPER") if spec.language.wrappable else None
    command = spec.language.command(view, spec.handler, address)
    return [wrapper, *command] if wrapper else command


def _environment(spec: FunctionSpec, view: View, address: str) -> dict[str, str]:
    """What depends on where the folders are. HOME is none of AWS's variables: without it, the SDK
    would find the profile of this machine's user.
    """
    layers = view.layers or "/opt"
    given = {
        "PATH": os.defpath,
        "TMPDIR": view.temporary,
        "HOME": view.temporary,
        "LD_LIBRARY_PATH": f"{view.task}:{view.task}/lib:{layers}/lib",
        **spec.language.environment(view),
        **spec.environment,
    }
    return {
        **given,
        "PATH": f"{given['PATH']}:{layers}/bin",
        "LAMBDA_TASK_ROOT": view.task,
        "LAMBDA_RUNTIME_DIR": view.packages,
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
