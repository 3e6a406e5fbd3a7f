"""One try of a run: its folder, its machine, its command, its logs, and what it has used."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from emulation.compute.processes import free_port
from emulation.compute.spark import ObjectStore
from emulation.compute.spark_submit.machine import Machine
from emulation.compute.spark_submit.processes import Command
from emulation.services.emr_serverless import submission
from emulation.services.emr_serverless.job_logs import Destination, Logs
from emulation.services.emr_serverless.store import Application, JobRun, Members
from emulation.services.log_events import LogStream
from emulation.services.scope import Scope
from emulation.settings import settings, system_environment

SECRET_KEY = "test"
STREAMING_GRACE = 120
KEPT_HISTORIES = 50


@dataclass(frozen=True, slots=True)
class Place:
    """Where an attempt runs."""

    folder: Path
    machine: Machine
    ui_port: int

    @property
    def work(self) -> Path:
        """The driver's working folder."""
        return self.folder / "work"


def history_folder() -> Path:
    """The event logs of batch runs."""
    return settings().folder("emr_serverless", "history")


def spark_id(run: JobRun) -> str:
    """What Spark calls the application: the run, as on AWS."""
    number = run.attempt.number
    return run.identifier if number == 1 else f"{run.identifier}-{number}"


def prepare(run: JobRun, application: Application) -> Place:
    """The folder and the machine of the latest attempt."""
    base = settings().folder("emr_serverless", "attempts", run.identifier)
    folder = base / str(run.attempt.number)
    port = free_port()
    overrides = run.members.get("configurationOverrides") or {}
    machine = Machine(
        folder=folder / "machine",
        store=object_store(run.scope),
        memory=settings().spark_memory,
        properties={
            "spark.test.appId": spark_id(run),
            "spark.ui.port": str(port),
            **event_log(run),
            **submission.defaults(application.members, overrides),
        },
        log_properties=submission.defaults(application.members, overrides, "spark-driver-log4j2"),
        long_running=run.streaming,
    )
    place = Place(folder, machine, port)
    place.work.mkdir(parents=True)
    return place


def event_log(run: JobRun) -> dict[str, str]:
    """A batch run leaves a log for the history server; a streaming run's would never end."""
    if run.streaming:
        return {"spark.eventLog.enabled": "false"}
    return {
        "spark.eventLog.enabled": "true",
        "spark.eventLog.dir": history_folder().as_uri(),
        "spark.eventLog.rolling.enabled": "true",
    }


def object_store(scope: Scope) -> ObjectStore:
    """The gateway as S3, for an account."""
    return ObjectStore(settings().endpoint_url, scope.account, SECRET_KEY, scope.region)


def aws_environment(scope: Scope) -> dict[str, str]:
    """The machine's programs, and the gateway as AWS."""
    return {
        **system_environment(),
        "AWS_ENDPOINT_URL": settings().endpoint_url,
        "AWS_ACCESS_KEY_ID": scope.account,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_REGION": scope.region,
        "AWS_DEFAULT_REGION": scope.region,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def command(run: JobRun, place: Place) -> Command:
    """The driver's command.

    Raises:
        JavaNotFoundError: there is no Java. FileNotFoundError: the runtime is not installed.
    """
    given = {
        **aws_environment(run.scope),
        "EMR_SERVERLESS_APPLICATION_ID": run.application,
        "EMR_SERVERLESS_JOB_RUN_ID": run.identifier,
        "EMR_RELEASE_LABEL": run.members["releaseLabel"],
    }
    place.machine.install(given)
    minutes = run.members["executionTimeoutMinutes"]
    return Command(
        name=f"emr-{run.identifier}",
        words=submission.words(run.members["jobDriver"]["sparkSubmit"]),
        environment=place.machine.environment(given),
        folder=place.work,
        seconds=minutes * 60 if minutes else None,
        grace_seconds=STREAMING_GRACE if run.streaming else settings().stop_seconds,
    )


def open_logs(run: JobRun, application: Application, place: Place) -> Logs:
    """Where the driver's outputs go."""
    scope, overrides = run.scope, run.members.get("configurationOverrides") or {}
    wanted = submission.monitoring(application.members, overrides)
    streams = {}
    cloudwatch = wanted.get("cloudWatchLoggingConfiguration") or {}
    if cloudwatch.get("enabled"):
        group = cloudwatch.get("logGroupName") or submission.LOG_GROUP
        kinds = cloudwatch.get("logTypes") or submission.DEFAULT_TYPES
        prefix = cloudwatch.get("logStreamNamePrefix", "")
        for name in [kind.lower() for kind in kinds.get("SPARK_DRIVER", [])]:
            stream = f"{prefix}/{log_place(run)}/SPARK_DRIVER/{name}"
            streams[name] = LogStream(scope.account, scope.region, group, stream)
    return Logs(scope, place.folder / "logs", destination(run, wanted, "SPARK_DRIVER"), streams)


def destination(run: JobRun, wanted: Members, below: str) -> Destination | None:
    """Where a run's files go in S3, if they are to go there."""
    s3 = wanted.get("s3MonitoringConfiguration") or {}
    if not s3.get("logUri"):
        return None
    return Destination.of(s3["logUri"], f"{log_place(run)}/{below}", s3.get("encryptionKeyArn"))


def log_place(run: JobRun) -> str:
    """`applications/ID/jobs/RUN`; with the attempt, where there may be more than one."""
    place = f"applications/{run.application}/jobs/{run.identifier}"
    policy = run.members.get("retryPolicy") or {}
    several = run.streaming or policy.get("maxAttempts", 1) > 1
    return f"{place}/attempts/{run.attempt.number}" if several else place


def keep_history(run: JobRun, application: Application) -> None:
    """A copy of the event log goes where the other logs go; here only the latest ones stay."""
    overrides = run.members.get("configurationOverrides") or {}
    wanted = submission.monitoring(application.members, overrides)
    if place := destination(run, wanted, "sparklogs"):
        for path in sorted(history_folder().glob(f"*{spark_id(run)}/*")):
            place.put(run.scope, f"{path.parent.name}/{path.name}", path.read_bytes())
    logs = sorted(history_folder().iterdir(), key=lambda path: path.stat().st_mtime)
    for path in logs[:-KEPT_HISTORIES]:
        shutil.rmtree(path, ignore_errors=True)


def clear(place: Place) -> None:
    """Free the disk."""
    shutil.rmtree(place.folder, ignore_errors=True)


def driver_worker(run: JobRun) -> submission.Worker:
    """The worker that the driver would have on AWS."""
    line = submission.command_line(run.members["jobDriver"]["sparkSubmit"])
    return submission.worker(line.merged(run.members.get("defaults", {})))


def utilization(run: JobRun) -> tuple[Members, Members]:
    """What all attempts have used, and what would be billed."""
    worker = driver_worker(run)
    seconds = sum(attempt.seconds for attempt in run.attempts)
    return worker.used(seconds), worker.billed(seconds)
