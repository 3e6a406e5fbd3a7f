"""What a job's process runs first: it starts the JVM, runs the script, and leaves word of how the
script failed.

Run by path with the runtime's interpreter and `-P`, so it imports nothing but the standard library,
and pyspark where there is a JVM. Its one argument is a JSON file, written by
`emulation.compute.spark`. The JVM starts at once and pyspark is imported meanwhile; pyspark then
finds the gateway in its environment, as it does under `spark-submit`, so that scripts run
unmodified.
"""

import json
import os
import runpy
import struct
import subprocess
import sys
import time
import traceback
from pathlib import Path
from types import TracebackType
from typing import Any

Jvm = subprocess.Popen[bytes]  # noqa: TID251 - here the supervisor is out of reach; we are its child
ENVIRONMENT = os.environ  # noqa: TID251 - pyspark reads it
POLL_SECONDS = 0.01


class GatewayNotStartedError(Exception):
    """The JVM ended before it answered."""


def start_gateway(command: list[str], folder: Path) -> Jvm:
    """Start the JVM and put the address of its gateway into our environment, where pyspark looks
    for it.
    """
    connection = folder / "gateway"
    environment = {
        **ENVIRONMENT,
        "SPARK_CONNECT_MODE": "0",
        "_PYSPARK_DRIVER_CONN_INFO_PATH": str(connection),
    }
    # The gateway ends when its standard input does, so it ends with us.
    jvm = Jvm(command, stdin=subprocess.PIPE, env=environment)
    import pyspark.sql  # noqa: F401 - half a second that the JVM needs to start as well

    while not connection.exists():
        if jvm.poll() is not None:
            raise GatewayNotStartedError(f"Java exited with code {jvm.returncode} at its start")
        time.sleep(POLL_SECONDS)
    port, secret = read_connection(connection.read_bytes())
    ENVIRONMENT["PYSPARK_GATEWAY_PORT"] = str(port)
    ENVIRONMENT["PYSPARK_GATEWAY_SECRET"] = secret
    return jvm


def read_connection(content: bytes) -> tuple[int, str]:
    """Port and secret, as the gateway writes them: a number, a length, and a text so long."""
    port, length = struct.unpack(">ii", content[:8])
    return port, content[8 : 8 + length].decode()


def failure_of(error: BaseException, script: Path) -> dict[str, Any]:
    """What the service tells of a script's end: class, message, and the line of the script."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == str(script)]
    if isinstance(error, SyntaxError) and error.filename == str(script):
        lines.append(error.lineno)
    return {
        "kind": type(error).__name__,
        "message": message_of(error),
        "line": lines[-1] if lines else None,
    }


def message_of(error: BaseException) -> str:
    """The exception's text; of an exception in the JVM, the call and the JVM's own message."""
    java = getattr(error, "java_exception", None)
    if java is None:
        return str(error)
    call = str(getattr(error, "errmsg", "")).strip().removesuffix(":").strip()
    return f"{call} {java.getMessage()}"


def script_frames(trace: TracebackType | None, script: Path) -> TracebackType | None:
    """The traceback from the script on: our own frames and runpy's are none of the reader's
    business.
    """
    while trace is not None and trace.tb_frame.f_code.co_filename != str(script):
        trace = trace.tb_next
    return trace


def report_failures(script: Path, report: Path) -> None:
    """Write down and print whatever ends the script, in the place of Python's own last word."""

    def excepthook(
        kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        report.write_text(json.dumps(failure_of(error, script)))
        traceback.print_exception(kind, error, script_frames(trace, script))

    sys.excepthook = excepthook


def run_script(script: Path, arguments: list[str], report: Path) -> None:
    """Run the script as the main program. An exit code of its own is a failure, unless it is 0."""
    sys.argv = [str(script), *arguments]
    sys.path.insert(0, str(script.parent))
    report_failures(script, report)
    try:
        runpy.run_path(str(script), run_name="__main__")
    except SystemExit as end:
        if end.code not in (None, 0):
            report.write_text(json.dumps(failure_of(end, script)))
            raise


def main() -> None:
    """Run the job that the JSON file describes."""
    job = json.loads(Path(sys.argv[1]).read_text())
    os.dup2(job["errors"], 2)
    os.close(job["errors"])
    report = Path(job["report"])
    jvm = None
    if job["jvm"]:
        report_failures(report, report)
        jvm = start_gateway(job["jvm"], report.parent)
    run_script(Path(job["script"]), job["arguments"], report)
    if jvm is not None and job["wait"]:
        jvm.communicate()


if __name__ == "__main__":
    main()
