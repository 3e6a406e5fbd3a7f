"""Runs a command with its two outputs apart, and what an output's end tells of a failure."""

import os
import re
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from emulation.compute.processes import SUPERVISOR, Limits, LogSink, Process, ProcessSpec
from emulation.compute.spark import read_lines
from emulation.compute.spark_submit.machine import redirected

LAST_ERRORS_SECONDS = 5.0
EXCEPTION = re.compile(
    r"^(Caused by: |Exception in thread .*|Error: |: )?([A-Za-z_]\w*\.)*[A-Z]\w*"
    r"(Error|Exception|Interrupt|Exit|Killed)\b.*"
)
KEPT = 3
LAST_EXCEPTIONS = 2


@dataclass(frozen=True, slots=True)
class Command:
    """A command with everything that it needs."""

    name: str
    words: Sequence[str]
    environment: Mapping[str, str]
    folder: Path
    seconds: float | None = None
    grace_seconds: float = 10.0


@dataclass
class Exceptions:
    """Looks for exceptions in lines of output; the last ones are what a failure is told by."""

    lines: deque[str] = field(default_factory=lambda: deque(maxlen=KEPT))

    def see(self, line: str) -> None:
        """Look at a line."""
        found = EXCEPTION.match(line)
        text = line.removeprefix(": ").strip() if found else ""
        if text and text not in self.lines:
            self.lines.append(text)

    def last(self) -> str:
        """The last ones in a row; empty when there was none."""
        return " ".join(list(self.lines)[-LAST_EXCEPTIONS:])


def start(
    command: Command, output: LogSink, errors: LogSink, on_exit: Callable[[Process], None]
) -> Process:
    """Start a command. `on_exit` runs when it has ended and all output is delivered.

    Raises:
        OSError: it cannot be started.
    """
    reading, writing = os.pipe()
    reader = threading.Thread(target=read_lines, args=(reading, errors), daemon=True)
    reader.start()

    def ended(process: Process) -> None:
        reader.join(LAST_ERRORS_SECONDS)
        on_exit(process)

    spec = ProcessSpec(
        name=command.name,
        command=redirected(writing, list(command.words)),
        environment=command.environment,
        folder=command.folder,
        limits=Limits(seconds=command.seconds),
        log=output,
        grace_seconds=command.grace_seconds,
        pass_fds=(writing,),
    )
    try:
        return SUPERVISOR.start(spec, ended)
    finally:
        os.close(writing)


def exit_code(process: Process) -> int:
    """The code as a shell tells it: 128 more than the number of the signal that ended it."""
    code = process.exit_code or 0
    return code if code >= 0 else 128 - code
