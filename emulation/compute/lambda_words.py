"""What Lambda itself writes: the lines around a handler's output and the errors that no handler
raised.
"""

import json
import math
import signal
from dataclasses import dataclass

TIMED_OUT = "Sandbox.Timedout"
EXITED = "Runtime.ExitError"
OUT_OF_MEMORY = "Runtime.OutOfMemory"
NO_ENTRYPOINT = "Runtime.InvalidEntrypoint"
PLATFORM_ERRORS = ("Runtime.", "Sandbox.", "Function.")
"""An exception that a handler raised is no status of the platform: REPORT says nothing of it."""


@dataclass(frozen=True, slots=True)
class Report:
    """The figures of one invocation."""

    request_id: str
    milliseconds: float
    memory_size_mb: int
    memory_used_mb: int
    init_milliseconds: float | None = None
    error_type: str | None = None

    def line(self) -> str:
        """The REPORT line. The initialization is billed too, since August 2025."""
        billed = math.ceil(self.milliseconds + (self.init_milliseconds or 0))
        fields = [
            f"REPORT RequestId: {self.request_id}",
            f"Duration: {self.milliseconds:.2f} ms",
            f"Billed Duration: {billed} ms",
            f"Memory Size: {self.memory_size_mb} MB",
            f"Max Memory Used: {self._most_mb()} MB",
        ]
        if self.init_milliseconds is not None:
            fields.append(f"Init Duration: {self.init_milliseconds:.2f} ms")
        return "\t".join([*fields, *_status(self.error_type)]) + "\t"

    def _most_mb(self) -> int:
        """All of it, where it was killed for more, whatever was seen of that moment."""
        killed = self.error_type == OUT_OF_MEMORY
        return self.memory_size_mb if killed else min(self.memory_used_mb, self.memory_size_mb)


def init_report(milliseconds: float, phase: str, error_type: str | None) -> str:
    """The line after an initialization that failed; an exception's own name is not told."""
    if error_type is None or not error_type.startswith(PLATFORM_ERRORS):
        error_type = "Runtime.Unknown"
    fields = [f"INIT_REPORT Init Duration: {milliseconds:.2f} ms", f"Phase: {phase}"]
    return "\t".join([*fields, *_status(error_type)])


def _status(error_type: str | None) -> list[str]:
    if error_type is None or not error_type.startswith(PLATFORM_ERRORS):
        return []
    if error_type == TIMED_OUT:
        return ["Status: timeout"]
    return ["Status: error", f"Error Type: {error_type}"]


def error(error_type: str, message: str) -> bytes:
    """The payload of an error that Lambda reports, as it reports it."""
    return json.dumps({"errorType": error_type, "errorMessage": message}).encode()


def timeout_message(seconds: int) -> str:
    """How a timeout is told."""
    return f"Task timed out after {seconds:.2f} seconds"


def exit_message(request_id: str, exit_code: int | None) -> str:
    """How the end of a process is told; the words for it are those of Go's `os.ProcessState`."""
    if not exit_code:
        return f"RequestId: {request_id} Error: Runtime exited without providing a reason"
    if exit_code > 0:
        how = f"exit status {exit_code}"
    else:
        how = f"signal: {(signal.strsignal(-exit_code) or str(-exit_code)).lower()}"
    return f"RequestId: {request_id} Error: Runtime exited with error: {how}"
