"""Spark's history server: the pages of drivers that are over, drawn from their event logs.

A process of its own, started when somebody wants to look; it ends when nobody has for a while.
"""

import http.client
import os
import threading
import time
from collections.abc import Mapping
from pathlib import Path

from emulation.compute import spark, spark_jars
from emulation.compute.processes import SUPERVISOR, Process, ProcessSpec, Status, free_port

HEAP = "512m"
IDLE_SECONDS = 1800.0
START_SECONDS = 45.0
POLL_SECONDS = 0.2
ANSWER_SECONDS = 20.0


class HistoryServer:
    """The one server of an emulator."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: Process | None = None
        self._port = 0
        self._timer: threading.Timer | None = None

    def start(self, logs: Path, folder: Path, environment: Mapping[str, str]) -> str:
        """Start it unless it runs; its address.

        Raises:
            JavaNotFoundError: there is no Java. FileNotFoundError: the runtime is not installed.
        """
        with self._lock:
            if self._process is None or self._process.status() is not Status.RUNNING:
                self._port = free_port()
                command = server_command(logs, folder, self._port, environment)
                given = {**environment, "SPARK_LOCAL_IP": "127.0.0.1"}
                self._process = SUPERVISOR.start(
                    ProcessSpec("spark-history", command, given, folder)
                )
            self._stop_later(self._process)
            return f"http://127.0.0.1:{self._port}"

    def wait_for(self, application: str) -> bool:
        """Wait until it has read an application's log, or has ended."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._process is not None:
            if answers(self._port, f"/api/v1/applications/{application}"):
                return True
            if self._process.wait(POLL_SECONDS) is not Status.RUNNING:
                break
        return False

    def _stop_later(self, process: Process) -> None:
        if self._timer:
            self._timer.cancel()
        self._timer = threading.Timer(IDLE_SECONDS, process.stop)
        self._timer.daemon = True
        self._timer.start()


def server_command(
    logs: Path, folder: Path, port: int, environment: Mapping[str, str]
) -> list[str]:
    """Java with Spark's own class; logs are looked at every second."""
    settings = {
        "spark.history.fs.logDirectory": logs.as_uri(),
        "spark.history.fs.update.interval": "1s",
        "spark.history.ui.port": str(port),
    }
    return [
        str(spark.java(environment)),
        *spark.JVM_OPTIONS,
        spark.temporary_option(folder),
        f"-Xmx{HEAP}",
        *(f"-D{name}={value}" for name, value in settings.items()),
        "-cp",
        os.pathsep.join(map(str, spark_jars.class_path())),
        "org.apache.spark.deploy.history.HistoryServer",
    ]


def answers(port: int, path: str) -> bool:
    """Whether a page of this machine is there."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_SECONDS)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
