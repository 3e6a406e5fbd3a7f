"""A build's shell: commands run one after another in one process, so that what one of them sets,
changes into or leaves in the background is there for the next.

A command that ends the shell (`exit 7`) is a command that failed; the next shell begins with the
variables and in the folder of the one before. The shell tells the status of each command on the
pipe of its output, so the status never overtakes what the command wrote.
"""

import contextlib
import os
import secrets
import signal
import threading
import time
from collections.abc import Mapping
from pathlib import Path

import psutil

from emulation.compute.builds.places import Place
from emulation.compute.lambda_isolation import Namespaces
from emulation.compute.processes import LogSink, Process, Status, Supervisor

# Descriptors below 10, for dash knows no others. Bash marks its own variables as read-only, which
# `declare` passes over and an assignment in POSIX mode does not.
DRIVER = r"""
exec 9>&1 8<"$1"
_cb_dir=$2 _cb_token=$3
set --
_cb_save() {
    if [ -n "${BASH_VERSION-}" ]; then declare -p; declare -f; else set; export -p; fi \
        >"$_cb_dir/env.new" 2>/dev/null
    mv "$_cb_dir/env.new" "$_cb_dir/env"
    pwd >"$_cb_dir/dir"
}
if [ -f "$_cb_dir/env" ]; then
    _cb_now=$_cb_token
    . "$_cb_dir/env" 2>/dev/null
    _cb_token=$_cb_now
    cd "$(cat "$_cb_dir/dir")" || :
fi
trap _cb_save EXIT
printf '\036%s:0\n' "$_cb_token" >&9
while IFS= read -r _cb_file <&8; do
    . "$_cb_file" 8<&- 9>&-
    _cb_status=$?
    printf '\036%s:%s\n' "$_cb_token" "$_cb_status" >&9
done
"""


class ShellEndedError(Exception):
    """The shell was ended from outside; `cause` says why."""

    def __init__(self, cause: Status) -> None:
        super().__init__(cause)
        self.cause = cause


def kill_strays(namespace: int) -> None:
    """End what left the shell's group and still is in its root, as a container's end does."""
    own = os.fstat(namespace).st_ino
    for pid in psutil.pids():
        with contextlib.suppress(OSError):
            if Path(f"/proc/{pid}/ns/mnt").stat().st_ino == own:
                os.kill(pid, signal.SIGKILL)


class Shell:
    """Runs commands; `fresh` gives each a shell of its own, as version 0.1 of a buildspec does."""

    def __init__(
        self,
        supervisor: Supervisor,
        place: Place,
        program: str,
        environment: Mapping[str, str],
        folder: str,
        log: LogSink,
        *,
        fresh: bool = False,
    ) -> None:
        """`folder` is where the first command runs, as the build sees it."""
        self._supervisor = supervisor
        self._place = place
        self._program = program
        self._environment = dict(environment)
        self._folder = folder
        self._log = log
        self._fresh = fresh
        self._token = secrets.token_hex(8)
        self._told = threading.Condition()
        self._status: int | None = None
        self._process: Process | None = None
        self._commands = -1
        self._number = 0
        self._prelude = ""
        self._cause: Status | None = None
        self._namespaces: Namespaces | None = None

    def run(self, command: str, deadline: float) -> int:
        """Run a command to its end, until `deadline` (in s of `time.monotonic`); its exit status,
        negative for the signal that ended the shell.

        Raises:
            ShellEndedError: it was stopped, or it took too long.
        """
        file = self._write(command)
        process = self._ready(deadline)
        self._status = None
        # A shell that was stopped meanwhile reads no more; why it ended is told below.
        with contextlib.suppress(BrokenPipeError), os.fdopen(os.dup(self._commands), "w") as pipe:
            pipe.write(f"{self._place.seen(file)}\n")
        status = self._wait(process, deadline)
        if self._fresh:
            self._end()
        return status

    def set_succeeding(self, value: str) -> None:
        """Tell the commands that follow whether those before them succeeded."""
        self._prelude = f"export CODEBUILD_BUILD_SUCCEEDING={value}\n"

    def stop(self, cause: Status = Status.STOPPED) -> None:
        """TERM and, after the grace period, KILL, to everything that the build started."""
        self._cause = self._cause or cause
        process = self._process
        if process is not None:
            process.stop(cause)

    def close(self) -> None:
        """End the shell and what it left in the background; its root is gone with it."""
        self._end()
        if self._namespaces is not None and self._namespaces.numbers:
            kill_strays(self._namespaces.numbers[-1])
            self._namespaces.close()

    def _end(self) -> None:
        process, self._process = self._process, None
        if self._commands >= 0:
            os.close(self._commands)
            self._commands = -1
        if process is not None:
            process.kill()
            process.wait()

    def _write(self, command: str) -> Path:
        self._number += 1
        file = self._place.scratch / f"script-{self._number}.sh"
        file.write_text(f"{self._prelude}{command}\n")
        return file

    def _ready(self, deadline: float) -> Process:
        if self._process is None or self._process.status() is not Status.RUNNING:
            self._end()
            self._status = None
            self._process = process = self._start()
            self._wait(process, deadline)
            if self._place.isolated and self._namespaces is None:
                self._namespaces = Namespaces(process.pid)
        if self._cause is not None:
            self.stop(self._cause)
            raise ShellEndedError(self._cause)
        return self._process

    def _start(self) -> Process:
        reading, self._commands = os.pipe()
        command = [self._program, "-c", DRIVER, self._program, f"/dev/fd/{reading}"]
        state = self._place.scratch if not self._fresh else self._place.scratch / "none"
        arguments = [*command, self._place.seen(state), self._token]
        spec = self._place.process(
            arguments,
            self._environment,
            self._folder,
            log=self._read,
            pass_fds=[reading],
            joined=self._namespaces,
        )
        try:
            return self._supervisor.start(spec, self._ended)
        finally:
            os.close(reading)

    def _read(self, line: str) -> None:
        """A line of output, which may end in what the shell says of its command."""
        text, mark, status = line.rpartition(f"\x1e{self._token}:")
        if text or not mark:
            self._log(text or line)
        if mark:
            with self._told:
                self._status = int(status)
                self._told.notify_all()

    def _ended(self, _: Process) -> None:
        with self._told:
            self._told.notify_all()

    def _wait(self, process: Process, deadline: float) -> int:
        with self._told:
            while self._status is None and process.status() is Status.RUNNING:
                left = deadline - time.monotonic()
                if left <= 0:
                    break
                self._told.wait(left)
            status = self._status
        if status is not None:
            return status
        if process.status() is Status.RUNNING:
            self.stop(Status.TIMED_OUT)
        if process.status() in {Status.STOPPED, Status.TIMED_OUT}:
            raise ShellEndedError(process.status())
        return process.exit_code or 0
