"""One service of an instance: its processes, state and restarts, as systemd.service(5) says."""

import contextlib
import pwd
import signal
import threading
import time
import uuid
from collections import deque
from collections.abc import Mapping
from pathlib import Path

from emulation.compute.instances.guest.children import Child, Children, Console, Sink, Start
from emulation.compute.instances.guest.paths import Paths
from emulation.compute.instances.guest.unit_text import Command, environment_file, substituted
from emulation.compute.instances.guest.units import Unit

CORE_SIGNALS = {signal.SIGABRT, signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGQUIT}
NOT_STARTED = {FileNotFoundError: 203, PermissionError: 203, NotADirectoryError: 200}
RESTARTED_AFTER = {
    "always": {"success", "exit-code", "signal", "core-dump", "timeout"},
    "on-success": {"success"},
    "on-failure": {"exit-code", "signal", "core-dump", "timeout"},
    "on-abnormal": {"signal", "core-dump", "timeout"},
    "on-abort": {"signal", "core-dump"},
}


class Service:
    """Runs one unit. Its states are systemd's: inactive, activating, active, and so on."""

    def __init__(
        self,
        unit: Unit,
        children: Children,
        console: Console,
        paths: Paths,
        environment: Mapping[str, str],
    ) -> None:
        self.unit = unit
        self.state = "inactive"
        self.result = "success"
        self.main: Child | None = None
        self._control: Child | None = None
        """A command before or after the main process, while it runs."""
        self._children = children
        self._say = console.named("systemd[1]")
        self._journal = console.named(unit.name)
        self._paths = paths
        self._environment = dict(environment)
        self._starts: deque[float] = deque()
        self._stop = threading.Event()
        self._settled = threading.Event()
        self._life: threading.Thread | None = None
        self._restarts = 0

    def start(self) -> bool:
        """Start it and wait until it is active, or until it is sure that it will not be."""
        if self.state == "deactivating" and self._life is not None:
            self._life.join()
        if self.state not in {"active", "activating"}:
            self._stop.clear()
            self._settled.clear()
            self.state = "activating"
            self._life = threading.Thread(target=self._live, daemon=True)
            self._life.start()
        self._settled.wait()
        return self.state == "active" or self.result == "success"

    def stop(self) -> None:
        """Stop its processes: the unit's own way, then the signal, then KILL."""
        life = self._life
        if life is None or self.state in {"inactive", "failed"}:
            return
        self._stop.set()
        self.state = "deactivating"
        self._say(f"Stopping {self.unit.name} - {self.unit.description}...")
        main, control = self.main, self._control
        if main is not None:
            for command in self.unit.stop:
                self._run(command, self.unit.stop_timeout)
        for child in (main, control):
            if child is not None:
                self._end_processes(child)
        life.join()

    def reset(self) -> None:
        """Forget a failure and how often it was started."""
        self._starts.clear()
        if self.state == "failed":
            self.state = "inactive"

    def _end_processes(self, main: Child) -> None:
        if main.process.poll() is not None:
            return
        if self.unit.kill_mode != "none":
            main.signal(self.unit.kill_signal, everybody=self.unit.kill_mode == "control-group")
        if self._children.wait(main, self.unit.stop_timeout) is None:
            self._say(f"{self.unit.name}: State 'stop-sigterm' timed out. Killing.")
            main.signal(signal.SIGKILL, everybody=self.unit.kill_mode != "process")

    def _live(self) -> None:
        """Start, and start again as long as the unit asks for it."""
        while True:
            if self._too_often():
                self._end("start-limit-hit", "Start request repeated too quickly.")
                return
            result, status = self._run_once()
            for command in self.unit.stop_post:
                self._run(command, self.unit.stop_timeout)
            if self._stop.is_set() or not self._restarts_after(result, status):
                self._end(result)
                return
            self.state = "activating"
            self._settled.set()
            if self._stop.wait(self.unit.restart_seconds):
                self._end(result)
                return
            self._restarts += 1
            self._say(
                f"{self.unit.name}: Scheduled restart job, restart counter is at {self._restarts}."
            )

    def _end(self, result: str, why: str | None = None) -> None:
        if why:
            self._say(f"{self.unit.name}: {why}")
        self.result = result
        failed = result != "success" and not self._stop.is_set()
        if failed:
            self._say(f"{self.unit.name}: Failed with result '{result}'.")
        elif self._stop.is_set():
            self._say(f"Stopped {self.unit.name} - {self.unit.description}.")
        self.main = None
        self.state = "failed" if failed else "inactive"
        self._settled.set()

    def _too_often(self) -> bool:
        now = time.monotonic()
        self._starts.append(now)
        while self._starts and now - self._starts[0] > self.unit.limit_seconds:
            self._starts.popleft()
        limit = self.unit.limit_starts
        return bool(limit and self.unit.limit_seconds) and len(self._starts) > limit

    def _restarts_after(self, result: str, status: int) -> bool:
        wanted = result in RESTARTED_AFTER.get(self.unit.restart, ())
        return wanted and status not in self.unit.prevent_restart

    def _run_once(self) -> tuple[str, int]:
        """The result and the status of one run."""
        if missing := self._unmet_condition():
            self._say(f"{self.unit.name} was skipped: ConditionPathExists={missing} was not met.")
            return "success", 0
        for command in self.unit.start_pre:
            if (status := self._run(command, self.unit.start_timeout, starting=True)) != 0:
                return self._ended("Control process", status)
            if self._stop.is_set():
                return "success", 0
        if self.unit.kind == "oneshot":
            return self._run_oneshot()
        return self._run_main(self.unit.start[0])

    def _run_oneshot(self) -> tuple[str, int]:
        for command in self.unit.start:
            status = self._run(command, self.unit.start_timeout, starting=True)
            if status not in self.unit.success or self._stop.is_set():
                return self._ended("Main process", status)
        self._say(f"Finished {self.unit.name} - {self.unit.description}.")
        if self.unit.remain:
            self.state = "active"
            self._settled.set()
            self._stop.wait()
        return "success", 0

    def _run_main(self, command: Command) -> tuple[str, int]:
        started = self._start(command)
        if isinstance(started, int):
            return self._ended("Main process", started)
        self.main = started
        if self._stop.is_set():
            # Whoever stops it may have looked before it was there.
            self._end_processes(started)
        else:
            self.state = "active"
        self._say(f"Started {self.unit.name} - {self.unit.description}.")
        for after in self.unit.start_post:
            self._run(after, self.unit.start_timeout)
        self._settled.set()
        status = self._children.wait(started)
        assert status is not None
        if self.unit.kill_mode in {"control-group", "mixed"}:
            started.signal(signal.SIGKILL, everybody=True)
        return self._ended("Main process", status)

    def _ended(self, who: str, status: int) -> tuple[str, int]:
        result = self._result(status)
        if result != "success" or status != 0:
            self._say(f"{self.unit.name}: {who} exited, {exit_words(status)}")
        return result, status

    def _result(self, status: int) -> str:
        if status in self.unit.success:
            return "success"
        if status == TIMED_OUT:
            return "timeout"
        if status < 0:
            return "core-dump" if -status in CORE_SIGNALS else "signal"
        return "exit-code"

    def _run(self, command: Command, seconds: float, *, starting: bool = False) -> int:
        """Run a command to its end; 0 where its failure does not matter. One that belongs to the
        start does not outlive the wish to stop.
        """
        child = self._start(command)
        if isinstance(child, int):
            return 0 if command.may_fail else child
        self._control = child
        if starting and self._stop.is_set():
            self._end_processes(child)
        status = self._children.wait(child, seconds)
        if status is None:
            child.signal(signal.SIGKILL, everybody=True)
            self._children.wait(child)
            status = TIMED_OUT
        self._control = None
        return 0 if command.may_fail else status

    def _start(self, command: Command) -> Child | int:
        """Start a process, or the status that systemd gives to what could not be started."""
        unit = self.unit
        try:
            environment = self._variables()
            words = [self._paths.here(word) for word in substituted(command, environment)]
            sink = self._target(unit.output, self._journal)
            folder = self._paths.here(unit.working_directory.removeprefix("-"))
            return self._children.start(
                Start(
                    words=words,
                    environment=environment,
                    folder=environment.get("HOME", "/") if folder == "~" else folder,
                    output=sink,
                    errors=sink
                    if unit.errors == "inherit"
                    else self._target(unit.errors, self._journal),
                    umask=unit.umask,
                    open_files=unit.open_files,
                    first_argument=command.first_argument,
                )
            )
        except KeyError:
            self._say(f"{unit.name}: Failed to determine user credentials: {unit.user} is no user")
            return 217
        except OSError as error:
            self._say(f"{unit.name}: Failed to execute {command.words[0]}: {error}")
            in_folder = error.filename == unit.working_directory
            return 200 if in_folder else NOT_STARTED.get(type(error), 203)

    def _target(self, output: str, journal: Sink) -> Sink | str | None:
        if output == "null":
            return None
        kind, colon, path = output.partition(":")
        return f"{kind}:{self._paths.here(path)}" if colon else journal

    def _variables(self) -> dict[str, str]:
        """The environment of the unit's processes."""
        variables = {**self._environment, "INVOCATION_ID": uuid.uuid4().hex}
        if self.unit.user:
            user = user_named(self.unit.user, self._paths)
            variables |= {"USER": user[0], "LOGNAME": user[0], "HOME": user[1], "SHELL": user[2]}
        variables |= self.unit.environment
        for name in self.unit.environment_files:
            path = self._paths.path(name.removeprefix("-"))
            with contextlib.suppress(*((FileNotFoundError,) if name.startswith("-") else ())):
                variables |= environment_file(path.read_text())
        return {name: self._paths.here(value) for name, value in variables.items()}

    def _unmet_condition(self) -> str | None:
        for condition in self.unit.conditions:
            wanted = not condition.startswith("!")
            if self._paths.path(condition.removeprefix("!")).exists() is not wanted:
                return condition
        return None


TIMED_OUT = -1000
"""The status of a command that took too long."""


def user_named(name: str, paths: Paths) -> tuple[str, str, str]:
    """Name, home and shell of a user of the instance.

    Raises:
        KeyError: there is none.
    """
    if name.isdigit():
        found = pwd.getpwuid(int(name))
        return found.pw_name, found.pw_dir, found.pw_shell
    for line in Path(paths.path("/etc/passwd")).read_text().splitlines():
        fields = line.split(":")
        if fields[0] == name:
            return name, fields[5], fields[6]
    raise KeyError(name)


def exit_words(status: int) -> str:
    """A status as systemd writes it."""
    if status == TIMED_OUT:
        return "code=killed, status=9/KILL (timeout)"
    if status < 0:
        number = signal.Signals(-status)
        kind = "dumped" if number in CORE_SIGNALS else "killed"
        return f"code={kind}, status={-status}/{number.name.removeprefix('SIG')}"
    words = {0: "SUCCESS", 1: "FAILURE", 200: "CHDIR", 203: "EXEC", 217: "USER"}
    return f"code=exited, status={status}/{words.get(status, 'n/a')}"
