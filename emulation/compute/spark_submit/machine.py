"""The machine that a Spark command runs on: a folder with a program `spark-submit`, and what its
environment says.

Java is called with the archive of classes that `spark_jars` makes, as for Glue's jobs. A command
that is over soon gets the quick compiler; one that streams for hours the good one.
"""

import contextlib
import json
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from emulation.compute import spark, spark_jars
from emulation.compute.processes import Process
from emulation.compute.runtimes import interpreter, site_packages
from emulation.compute.spark_submit.options import properties_text

RUNTIME = "glue"
HERE = Path(__file__).parent
CORES = 2

PATIENCE = 5
"""What streams for hours leaves the processors to what somebody waits for."""

QUICK = "-XX:TieredStopAtLevel=1"

LOG_PROPERTIES = {
    "rootLogger.level": "info",
    "rootLogger.appenderRef.stdout.ref": "console",
    "appender.console.type": "Console",
    "appender.console.name": "console",
    "appender.console.target": "SYSTEM_ERR",
    "appender.console.layout.type": "PatternLayout",
    "appender.console.layout.pattern": "%d{yy/MM/dd HH:mm:ss} %p %c{1}: %m%n%ex",
    # As in Spark's own: theirs are warnings of every start that mean nothing.
    "logger.jetty.name": "org.sparkproject.jetty",
    "logger.jetty.level": "warn",
    "logger.native.name": "org.apache.hadoop.util.NativeCodeLoader",
    "logger.native.level": "error",
}
"""log4j 2 as a driver of EMR has it: everything from INFO on, to standard error."""


@dataclass(frozen=True, slots=True)
class Machine:
    """Where Spark commands run, and with what."""

    folder: Path
    """Its own: programs, settings, Spark's scratch space."""
    store: spark.ObjectStore
    memory: str
    """The most that a driver's heap may have, as the JVM writes it."""
    properties: Mapping[str, str] = field(default_factory=dict)
    log_properties: Mapping[str, str] = field(default_factory=dict)
    """Properties of log4j 2 over those of the release."""
    long_running: bool = False
    note: str = "driver.pid"
    """The file in which a Python driver leaves the number of its process."""

    def install(self, environment: Mapping[str, str]) -> None:
        """Make the folder's programs, for an environment whose Java they use.

        Raises:
            JavaNotFoundError: there is none. FileNotFoundError: the runtime is not installed.
        """
        programs = self.folder / "bin"
        for path in (programs, self.folder / "spark"):
            path.mkdir(parents=True, exist_ok=True)
        settings = self.folder / "spark-submit.json"
        settings.write_text(json.dumps(self._settings(environment)))
        python = interpreter(RUNTIME)
        patience = f"nice -n {PATIENCE} " if self.long_running else ""
        self._program("spark-submit", f"{patience}{python} -I {HERE / 'launcher.py'} {settings}")
        for name in ("python3", "python"):
            self._program(name, str(python))

    def _program(self, name: str, command: str) -> None:
        path = self.folder / "bin" / name
        path.write_text(f'#!/bin/sh\nexec {command} "$@"\n')
        path.chmod(0o755)

    def _settings(self, environment: Mapping[str, str]) -> dict[str, object]:
        java = spark.java(environment)
        archive = spark_jars.archive(java)
        options = [word for word in spark.JVM_OPTIONS if not (self.long_running and word == QUICK)]
        if archive.exists():
            options.insert(0, f"-XX:SharedArchiveFile={archive}")
        logging = self.folder / "log4j2.properties"
        logging.write_text(properties_text({**LOG_PROPERTIES, **self.log_properties}))
        options.append(f"-Dlog4j2.configurationFile={logging.as_uri()}")
        options.append(spark.temporary_option(self.folder))
        return {
            "java": str(java),
            "options": options,
            "class_path": os.pathsep.join(map(str, spark_jars.class_path())),
            "properties": self._properties(),
            "master": f"local[{min(CORES, os.cpu_count() or 1)}]",
            "memory": self.memory,
            "python": str(interpreter(RUNTIME)),
        }

    def _properties(self) -> dict[str, str]:
        store = self.store
        return {
            **{
                name: value
                for name, value in spark.SPARK_CONF.items()
                if name != "spark.ui.enabled"
            },
            "spark.local.dir": str(self.folder / "spark"),
            "spark.sql.warehouse.dir": str(self.folder / "warehouse"),
            "spark.hadoop.fs.s3a.endpoint": store.endpoint_url,
            "spark.hadoop.fs.s3a.endpoint.region": store.region,
            "spark.hadoop.fs.s3a.access.key": store.access_key,
            "spark.hadoop.fs.s3a.secret.key": store.secret_key,
            **self.properties,
        }

    def environment(self, given: Mapping[str, str]) -> dict[str, str]:
        """The environment of a command, over what it is given."""
        python = str(interpreter(RUNTIME))
        path = os.pathsep.join([str(self.folder / "bin"), given.get("PATH", os.defpath)])
        return {
            **given,
            "PATH": path,
            "PYTHONPATH": str(HERE / "python"),
            "PYTHONUNBUFFERED": "1",
            "TMPDIR": str(self.folder / "tmp"),
            "SPARK_HOME": str(spark_home()),
            "PYSPARK_PYTHON": python,
            "SPARK_LOCAL_IP": "127.0.0.1",
            "SPARK_SUBMIT_DRIVER": str(self.driver_note),
        }

    def ask_to_end(self, process: Process) -> None:
        """TERM for the driver: a script's Python, which then ends its JVM; of other programs the
        JVM.
        """
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.driver() or process.pid, signal.SIGTERM)

    @property
    def driver_note(self) -> Path:
        """Where a Python driver leaves the number of its process."""
        return self.folder / self.note

    def driver(self) -> int | None:
        """The process of the Python driver, None before it has started and for other programs."""
        note = self.driver_note
        return int(note.read_text() or 0) or None if note.exists() else None


def spark_home() -> Path:
    """Spark's own folder, which is pyspark's."""
    return site_packages(RUNTIME) / "pyspark"


def redirected(descriptor: int, command: list[str]) -> list[str]:
    """A command whose errors go to a file descriptor."""
    return [sys.executable, "-I", "-S", str(HERE / "redirect.py"), str(descriptor), *command]
