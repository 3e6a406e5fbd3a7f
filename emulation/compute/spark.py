"""Runs a Spark script as a process of its own: a Python driver in the runtime, and its JVM.

Decided here, all measured (two cores, trivial job, seconds of wall time): `spark-submit` takes 11,
Java called directly with an archive of loaded classes (AppCDS) and the quick compiler only takes 6.
So Java is called directly, with the archive that `spark_jars` makes at setup; without it a job runs
just as well, only later. One process a job, `local[*]`, no user interface, loopback only.

`s3://` and `s3a://` both are Hadoop's S3A, pointed at one endpoint.
"""

import json
import os
import shutil
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from emulation.compute import spark_jars
from emulation.compute.processes import SUPERVISOR, Limits, LogSink, Process, ProcessSpec
from emulation.compute.runtimes import interpreter, site_packages

DRIVER = Path(__file__).with_name("spark_driver.py")
LIBRARY = Path(__file__).with_name("glue_runtime")
"""The folder that holds our `awsglue`."""

REPORT = "failure.json"
LAST_ERRORS_SECONDS = 5.0

OPENED = (
    "java.lang java.lang.invoke java.lang.reflect java.io java.net java.nio java.util "
    "java.util.concurrent java.util.concurrent.atomic jdk.internal.ref sun.nio.ch sun.nio.cs "
    "sun.security.action sun.util.calendar"
)
"""Packages of the JDK that Spark reaches into, as its own launcher opens them."""

JVM_OPTIONS = (
    # The quick compiler and the simple collector: a job is over before the better ones pay for
    # themselves.
    "-XX:TieredStopAtLevel=1",
    "-XX:+UseSerialGC",
    # Java's own warnings (an archive that is stale) would be lines of the job's output.
    "-Xlog:disable",
    *(f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in OPENED.split()),
    "--add-opens=java.security.jgss/sun.security.krb5=ALL-UNNAMED",
    "-Djdk.reflect.useDirectMethodHandle=false",
    "-Dio.netty.tryReflectionSetAccessible=true",
    "-Djava.net.preferIPv4Stack=true",
)

S3A = "org.apache.hadoop.fs.s3a"
SPARK_CONF = {
    "spark.master": "local[*]",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.shuffle.partitions": "4",
    "spark.sql.catalogImplementation": "in-memory",
    "spark.hadoop.fs.s3.impl": f"{S3A}.S3AFileSystem",
    "spark.hadoop.fs.AbstractFileSystem.s3.impl": f"{S3A}.S3A",
    "spark.hadoop.fs.s3a.path.style.access": "true",
    "spark.hadoop.fs.s3a.connection.ssl.enabled": "false",
    "spark.hadoop.fs.s3a.aws.credentials.provider": f"{S3A}.SimpleAWSCredentialsProvider",
    "spark.hadoop.fs.s3a.attempts.maximum": "2",
    "spark.hadoop.fs.s3a.retry.limit": "2",
    "spark.hadoop.fs.s3a.connection.establish.timeout": "15s",
    "spark.hadoop.fs.s3a.threads.max": "16",
    "spark.hadoop.fs.s3a.fast.upload.buffer": "bytebuffer",
}


@dataclass(frozen=True, slots=True)
class ObjectStore:
    """The S3 that `s3://` means, and who asks."""

    endpoint_url: str
    access_key: str
    secret_key: str
    region: str


@dataclass(frozen=True, slots=True)
class Script:
    """A script with everything that it needs, on local disk.

    `folder` is the process's own: the driver keeps its notes there, and it is the parent of the
    script's folder.
    """

    name: str
    path: Path
    folder: Path
    environment: Mapping[str, str]
    arguments: Sequence[str] = ()
    modules: Sequence[Path] = ()
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """The JVM of a Spark script."""

    store: ObjectStore
    memory: str
    conf: Mapping[str, str] = field(default_factory=dict)
    jars: Sequence[Path] = ()
    archive_to: Path | None = None
    """Write the archive of loaded classes there at the end, instead of reading it."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a script failed: the exception's class and message, and the script's line where it is
    known.
    """

    kind: str
    message: str
    line: int | None = None


class JavaNotFoundError(Exception):
    """No Java on this machine; the message says what to do."""


def start(
    script: Script,
    session: Session | None,
    *,
    output: LogSink,
    errors: LogSink,
    on_exit: Callable[[Process], None],
) -> Process:
    """Start a script, with a JVM when there is a session. `on_exit` runs when all output is
    delivered.

    Raises:
        JavaNotFoundError: there is no Java for the session. FileNotFoundError: the runtime or its
        jars are not installed; the message says how to install them.
    """
    reading, writing = os.pipe()
    reader = threading.Thread(target=read_lines, args=(reading, errors), daemon=True)
    reader.start()

    def ended(process: Process) -> None:
        reader.join(LAST_ERRORS_SECONDS)
        on_exit(process)

    try:
        return SUPERVISOR.start(process_spec(script, session, output, writing), ended)
    finally:
        os.close(writing)


def process_spec(
    script: Script, session: Session | None, output: LogSink, errors: int
) -> ProcessSpec:
    """The driver's process; it writes its errors to the file descriptor `errors`."""
    job = script.folder / "driver.json"
    job.write_text(json.dumps(driver_job(script, session, errors)))
    return ProcessSpec(
        name=script.name,
        command=[str(interpreter("glue")), "-u", "-P", str(DRIVER), str(job)],
        environment=process_environment(script, session),
        folder=script.path.parent,
        limits=Limits(seconds=script.seconds),
        log=output,
        pass_fds=(errors,),
    )


def driver_job(script: Script, session: Session | None, errors: int) -> dict[str, object]:
    """What `spark_driver` reads."""
    return {
        "script": str(script.path),
        "arguments": list(script.arguments),
        "report": str(script.folder / REPORT),
        "errors": errors,
        "jvm": jvm_command(script, session) if session else None,
        "wait": bool(session and session.archive_to),
    }


def process_environment(script: Script, session: Session | None) -> Mapping[str, str]:
    """The script's own environment, with its modules and, for Spark, the runtime's places."""
    environment = {
        **script.environment,
        "PYTHONPATH": os.pathsep.join(str(path) for path in (*script.modules, LIBRARY)),
        "PYTHONUNBUFFERED": "1",
    }
    if session is None:
        return environment
    python = str(interpreter("glue"))
    return environment | {
        "SPARK_HOME": str(site_packages("glue") / "pyspark"),
        "PYSPARK_PYTHON": python,
        "PYSPARK_DRIVER_PYTHON": python,
        "SPARK_LOCAL_IP": "127.0.0.1",
    }


def jvm_command(script: Script, session: Session) -> list[str]:
    """Java, called as `spark-submit` would have its launcher call it."""
    properties = script.folder / "spark.properties"
    properties.write_text(properties_text(spark_conf(script, session)))
    jars = [*spark_jars.class_path(), *session.jars]
    return [
        str(java(script.environment)),
        *archive_options(script, session),
        f"-Xmx{session.memory}",
        *JVM_OPTIONS,
        temporary_option(script.folder),
        "-cp",
        os.pathsep.join(str(jar) for jar in jars),
        "org.apache.spark.deploy.SparkSubmit",
        "--properties-file",
        str(properties),
        "pyspark-shell",
    ]


def temporary_option(folder: Path) -> str:
    """What a JVM leaves when it is killed (the native libraries that it unpacks, its folders) goes
    with the process's own folder, or when the next one starts there; Java looks at no `TMPDIR`.
    """
    temporary = folder / "tmp"
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    return f"-Djava.io.tmpdir={temporary}"


def archive_options(script: Script, session: Session) -> list[str]:
    """Read the archive of loaded classes where there is one, or write it. A stale one is ignored by
    Java.
    """
    if session.archive_to:
        return [f"-XX:ArchiveClassesAtExit={session.archive_to}"]
    archive = spark_jars.archive(java(script.environment))
    return [f"-XX:SharedArchiveFile={archive}"] if archive.exists() else []


def spark_conf(script: Script, session: Session) -> dict[str, str]:
    """The defaults of a session; a script's own `config(...)` goes over them."""
    store = session.store
    return {
        **SPARK_CONF,
        "spark.app.name": script.name,
        "spark.local.dir": str(script.folder / "spark"),
        "spark.sql.warehouse.dir": str(script.folder / "warehouse"),
        "spark.hadoop.fs.s3a.endpoint": store.endpoint_url,
        "spark.hadoop.fs.s3a.endpoint.region": store.region,
        "spark.hadoop.fs.s3a.access.key": store.access_key,
        "spark.hadoop.fs.s3a.secret.key": store.secret_key,
        **session.conf,
    }


def properties_text(conf: Mapping[str, str]) -> str:
    """A Java properties file; backslashes are its escapes."""
    return "".join(f"{key}={value.replace('\\', '\\\\')}\n" for key, value in conf.items())


def java(environment: Mapping[str, str]) -> Path:
    """The Java of `JAVA_HOME`, or else of `PATH`.

    Raises:
        JavaNotFoundError: there is none.
    """
    home = environment.get("JAVA_HOME")
    found = shutil.which("java", path=f"{home}/bin" if home else environment.get("PATH", ""))
    if found is None:
        raise JavaNotFoundError(
            "Java was not found: install a JDK 17 or later (on Debian and Ubuntu "
            "`apt install openjdk-17-jre-headless`, on macOS `brew install openjdk@17`) "
            "or point JAVA_HOME at one"
        )
    return Path(found).resolve()


def failure(folder: Path) -> Failure | None:
    """The word that a driver left of its script's end; none when it ended well, or was killed."""
    report = folder / REPORT
    return Failure(**json.loads(report.read_text())) if report.exists() else None


def read_lines(descriptor: int, sink: LogSink) -> None:
    """Deliver lines until every writer has closed the pipe."""
    with os.fdopen(descriptor, "rb") as lines:
        for line in lines:
            sink(line.decode(errors="replace").rstrip("\r\n"))
