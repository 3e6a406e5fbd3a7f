"""Carries a run out: fetch, start the process, follow it, tell its end, try again where the job
says so.

The record's state is the process's: RUNNING because it runs, and what comes after because of how it
ended. A thread a run; the record and the process are the only things that it shares.
"""

import shutil
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from emulation.compute import spark
from emulation.compute.processes import Process, Status
from emulation.services.glue import announcements, failures, staging
from emulation.services.glue.job_arguments import command_line, driver_environment, spark_conf
from emulation.services.glue.store import LOCK, Job, Record, Scope, now
from emulation.services.log_events import LogStream
from emulation.settings import settings, system_environment
from emulation.state import save_service

ACTIVE = ("STARTING", "RUNNING", "STOPPING", "WAITING")
COMPUTED_VERSION = "6.0"
SECRET_KEY = "test"
INTERNAL = "Internal service error"

STATES = {
    Status.SUCCEEDED: "SUCCEEDED",
    Status.FAILED: "FAILED",
    Status.OUT_OF_MEMORY: "FAILED",
    Status.TIMED_OUT: "TIMEOUT",
    Status.STOPPED: "STOPPED",
}

_processes: dict[str, Process] = {}
"""The processes of the runs that run, by run."""


@dataclass(frozen=True, slots=True)
class RunInScope:
    """Which run, of which job, whose."""

    scope: Scope
    job_name: str
    run_id: str

    def job(self) -> Job | None:
        """The job, unless it has been deleted meanwhile."""
        return self.scope.store.jobs.get(self.job_name)

    def record(self) -> Record:
        """The run's record; a deleted job's run goes on, and nobody reads of it."""
        job = self.job()
        return job.runs.get(self.run_id, {}) if job else {}

    def change(self, **members: object) -> None:
        """Write to the record."""
        with LOCK:
            self.record().update(members, LastModifiedOn=now())

    def folder(self) -> Path:
        """The run's own folder."""
        return settings().folder("glue", "runs") / self.run_id


@dataclass(frozen=True, slots=True)
class Logs:
    """A run's two log streams."""

    output: LogStream
    errors: LogStream

    def close(self) -> None:
        """Write what is left."""
        self.output.close()
        self.errors.close()


def start(run: RunInScope) -> None:
    """Carry a run out in the background."""
    job = run.job()
    assert job is not None
    definition = dict(job.record)
    # A run that was answered is not forgotten, however soon the emulator is killed.
    save_service("glue")
    threading.Thread(target=carry_out, args=(run, definition), name=run.run_id, daemon=True).start()


def stop(run_id: str) -> None:
    """End a run's process; a run that has none yet sees that it is to stop before it starts one."""
    if process := _processes.get(run_id):
        threading.Thread(target=process.stop, name=f"stop-{run_id}", daemon=True).start()


def log_group(command: Mapping[str, str]) -> str:
    """Where a command's output goes; below it are `output` and `error`."""
    return "/aws-glue/python-jobs" if command["Name"] == "pythonshell" else "/aws-glue/jobs"


def carry_out(run: RunInScope, definition: Record) -> None:
    """Fetch what the run needs and start its process; whatever prevents it fails the run."""
    record = dict(run.record())
    if not record:
        return
    logs, message = open_logs(run, record), INTERNAL
    try:
        location = definition["Command"]["ScriptLocation"]
        stage = staging.prepare(run.scope, run.folder(), location, record["Arguments"])
        start_process(run, definition, stage, logs)
        message = ""
    except (staging.LaunchError, spark.JavaNotFoundError, OSError) as error:
        message = str(error)
    finally:
        if message:
            logs.errors(message)
            end(run, definition, logs, "FAILED", message)


def open_logs(run: RunInScope, record: Record) -> Logs:
    """The streams of a run, named after it."""
    scope, group = run.scope, record["LogGroupName"]
    names = (f"{group}/output", f"{group}/error")
    output, errors = (LogStream(scope.account, scope.region, name, run.run_id) for name in names)
    version = record.get("GlueVersion", COMPUTED_VERSION)
    if version != COMPUTED_VERSION and group == "/aws-glue/jobs":
        errors(
            f"Glue {version} was asked for; Spark 4.1.1 and Python 3.13 "
            f"(Glue {COMPUTED_VERSION}) run this job"
        )
    return Logs(output, errors)


def start_process(run: RunInScope, definition: Record, stage: staging.Stage, logs: Logs) -> None:
    """Start the script, unless the run has been stopped meanwhile."""
    record = run.record()

    def ended(process: Process) -> None:
        with LOCK:
            _processes.pop(run.run_id, None)
        state, message = outcome(run, process)
        end(run, definition, logs, state, message)

    with LOCK:
        if record.get("JobRunState") != "STARTING":
            end(run, definition, logs, "STOPPED", None)
            return
        _processes[run.run_id] = spark.start(
            script_of(run, record, stage),
            session_of(run, definition, record, stage),
            output=logs.output,
            errors=logs.errors,
            on_exit=ended,
        )
        run.change(JobRunState="RUNNING")


def script_of(run: RunInScope, record: Record, stage: staging.Stage) -> spark.Script:
    """The script with its arguments and what it may see of the machine."""
    arguments = record["Arguments"]
    return spark.Script(
        name=run.job_name,
        path=stage.script,
        folder=stage.folder,
        environment=environment(run.scope, record, stage),
        arguments=command_line(run.job_name, run.run_id, arguments),
        modules=stage.modules,
        seconds=record["Timeout"] * 60,
    )


def environment(scope: Scope, record: Record, stage: staging.Stage) -> dict[str, str]:
    """The machine's programs, the gateway as AWS, and the run's own temporary folder."""
    return {
        **system_environment(),
        **driver_environment(record["Arguments"]),
        "AWS_ENDPOINT_URL": settings().endpoint_url,
        "AWS_ACCESS_KEY_ID": scope.account,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_REGION": scope.region,
        "AWS_DEFAULT_REGION": scope.region,
        "AWS_EC2_METADATA_DISABLED": "true",
        "TMPDIR": str(stage.folder / "tmp"),
        "GLUE_VERSION": record.get("GlueVersion", COMPUTED_VERSION),
    }


def session_of(
    run: RunInScope, definition: Record, record: Record, stage: staging.Stage
) -> spark.Session | None:
    """The JVM of a Spark job; a Python shell has none."""
    if definition["Command"]["Name"] == "pythonshell":
        return None
    store = spark.ObjectStore(
        settings().endpoint_url, run.scope.account, SECRET_KEY, run.scope.region
    )
    conf = spark_conf(record["Arguments"])
    return spark.Session(store, settings().spark_memory, conf, stage.jars)


def outcome(run: RunInScope, process: Process) -> tuple[str, str | None]:
    """How a process's end reads in Glue."""
    state = STATES[process.status()]
    if state == "STOPPED" and run.record().get("JobRunState") != "STOPPING":
        return "FAILED", "The emulator was stopped while the job was running."
    if state == "FAILED":
        found = spark.failure(run.folder())
        return state, failures.message(found, process.exit_code or 0)
    if state == "TIMEOUT":
        return state, f"Job run exceeded its timeout of {run.record().get('Timeout')} minutes."
    return state, None


def end(run: RunInScope, definition: Record, logs: Logs, state: str, message: str | None) -> None:
    """Write the log's last lines, clear up, then tell the end: who sees it, sees the whole log."""
    logs.close()
    shutil.rmtree(run.folder(), ignore_errors=True)
    with LOCK:
        record, moment = run.record(), now()
        if state == "FAILED" and record.get("JobRunState") == "STOPPING":
            # It failed by itself; who stopped it meanwhile wants no other attempt.
            state, message = "STOPPED", None
        seconds = int((moment - record["StartedOn"]).total_seconds()) if record else 0
        told = {"ErrorMessage": message} if message else {}
        run.change(JobRunState=state, CompletedOn=moment, ExecutionTime=seconds, **told)
    # No request tells of this change, and a kill must not make a run that ended one that was
    # running.
    save_service("glue")
    announcements.job_ended(run.scope, run.job_name, run.run_id, state, message)
    if state == "FAILED" and record:
        retry(run, definition, record)


def retry(run: RunInScope, definition: Record, record: Record) -> None:
    """Start the next attempt, if the job has one left."""
    job, attempt = run.job(), record["Attempt"] + 1
    if job is None or attempt > definition.get("MaxRetries", 0):
        return
    first = run.run_id.partition("_attempt_")[0]
    again = {
        **{name: value for name, value in record.items() if name not in OF_ONE_ATTEMPT},
        "Id": f"{first}_attempt_{attempt}",
        "Attempt": attempt,
        "PreviousRunId": run.run_id,
        "JobRunState": "STARTING",
        "StartedOn": now(),
        "ExecutionTime": 0,
    }
    with LOCK:
        job.runs[again["Id"]] = again
    start(RunInScope(run.scope, run.job_name, again["Id"]))


OF_ONE_ATTEMPT = ("ErrorMessage", "CompletedOn", "LastModifiedOn")
