"""What lets a driver end between two micro-batches: TERM stops its streaming queries, then it.

EMR Serverless has a listener in the driver's JVM that lets the running batch of a cancelled run
end. Here Python does it, for a signal reaches a script but not its JVM: Python imports this module
by its name when it starts, and it does nothing but in a driver. A script's own handler of the
signal takes the place of ours.

A query whose state is TERMINATED starts no further batch, and lets the running one end; Spark's
`stop` would interrupt it. A script with no query raises SystemExit, so that what it registered with
`atexit` runs.
"""

import os
import signal
import sys
import threading
import time
from types import FrameType
from typing import Any

ENVIRONMENT = os.environ  # noqa: TID251 - a program of its own, in the job's process
NOTE = "SPARK_SUBMIT_DRIVER"
"""Names the file in which the driver leaves its process's number."""

POLL_SECONDS = 0.05
LAST_WORDS_SECONDS = 10.0
"""How long a script may go on after its queries have stopped."""

TERMINATED = 128 + signal.SIGTERM


def is_driver() -> bool:
    """Whether this is the Python of a script: it alone is told of a gateway, and it comes first."""
    path = ENVIRONMENT.get(NOTE)
    if not path or "PYSPARK_GATEWAY_PORT" not in ENVIRONMENT:
        return False
    try:
        with open(path, "x") as note:  # noqa: PTH123 - pathlib would cost every Python its import
            note.write(str(os.getpid()))
    except OSError:
        return False
    return True


def active_queries() -> list[Any]:
    """The streaming queries that run; none where Spark was not started."""
    sql = sys.modules.get("pyspark.sql")
    session = getattr(getattr(sql, "SparkSession", None), "_instantiatedSession", None)
    return list(session.streams.active) if session else []


def finish(query: Any) -> None:
    """Let the running batch end and no other start."""
    runtime = query._jsq.streamingQuery()
    states = query._jsq.getClass().getPackage().getName()
    loader = query._jsq.getClass().getClassLoader()
    terminated = loader.loadClass(f"{states}.TERMINATED$").getField("MODULE$").get(None)
    runtime.state().set(terminated)
    while query.status["isTriggerActive"]:
        time.sleep(POLL_SECONDS)
    query.stop()


def stop() -> None:
    """Stop all queries, in a thread of its own: the script's may be waiting for the JVM's answer.

    A script that goes on for long after that is asked once more to end.
    """
    queries = active_queries()
    for query in queries:
        print(f"stopping the query {query.id}", file=sys.stderr, flush=True)  # noqa: T201
        finish(query)
    if queries:
        time.sleep(LAST_WORDS_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)


def on_term(_: int, __: FrameType | None) -> None:
    """The first signal stops the queries; the second ends the script."""
    signal.signal(signal.SIGTERM, end)
    threading.Thread(target=stop, name="stop", daemon=True).start()


def end(_: int, __: FrameType | None) -> None:
    """End the script as an exit of its own would."""
    sys.exit(TERMINATED)


if is_driver():
    signal.signal(signal.SIGTERM, on_term)
