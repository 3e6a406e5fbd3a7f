"""Jobs: what would run, and on what. Nothing runs here."""

from typing import Any

from localstack.aws.api import RequestContext, handler

from emulation.services.glue.errors import (
    EntityNotFoundError,
    IdempotentParameterMismatchError,
    InvalidInputError,
)
from emulation.services.glue.job_arguments import refuse_arguments
from emulation.services.glue.paging import page
from emulation.services.glue.store import LOCK, GlueStore, Job, Record, now, pick, scope_of

COMMANDS = ("glueetl", "pythonshell")
GLUE_VERSIONS = ("4.0", "5.0", "5.1", "6.0")
OLD_GLUE_VERSIONS = ("0.9", "1.0", "2.0", "3.0")
DEFAULT_GLUE_VERSION = "5.1"

DPUS = {
    "Standard": 1.0, "G.025X": 0.25, "G.1X": 1.0, "G.2X": 2.0, "G.4X": 4.0, "G.8X": 8.0,
    "G.12X": 12.0, "G.16X": 16.0, "R.1X": 1.0, "R.2X": 2.0, "R.4X": 4.0, "R.8X": 8.0, "Z.2X": 2.0,
}  # fmt: skip
"""Data processing units of a worker. They are recorded; the laptop's cores do the work."""

DEFINITION = (
    "JobMode", "Description", "LogUri", "Role", "ExecutionProperty", "Command", "DefaultArguments",
    "NonOverridableArguments", "Connections", "MaxRetries", "AllocatedCapacity", "Timeout",
    "MaxCapacity", "WorkerType", "NumberOfWorkers", "SecurityConfiguration",
    "NotificationProperty", "GlueVersion", "ExecutionClass", "SourceControlDetails",
    "MaintenanceWindow", "JobRunQueuingEnabled",
)  # fmt: skip
"""What a caller can say of a job."""


class JobOperations:
    """The operations on jobs."""

    @handler("CreateJob", expand=False)
    def create_job(self, context: RequestContext, request: Any) -> dict[str, Any]:
        """Keep a job; the same once more is no error."""
        scope, name = scope_of(context), request["Name"]
        definition = definition_of(request)
        with LOCK:
            there = scope.store.jobs.get(name)
            if there and pick(there.record, *DEFINITION) != definition:
                raise IdempotentParameterMismatchError(name)
            if not there:
                created = {"CreatedOn": now(), "LastModifiedOn": now()}
                scope.store.jobs[name] = Job({"Name": name, **created, **definition})
                scope.store.tags[scope.arn(f"job/{name}")] = dict(request.get("Tags") or {})
        return {"Name": name}

    @handler("UpdateJob", expand=False)
    def update_job(self, context: RequestContext, request: Any) -> dict[str, Any]:
        """Replace a job's definition: what the update does not name is gone, as on AWS."""
        name = request["JobName"]
        definition = definition_of(request["JobUpdate"])
        with LOCK:
            job = find_job(scope_of(context).store, name)
            kept = pick(job.record, "Name", "CreatedOn")
            job.record = {**kept, **definition, "LastModifiedOn": now()}
        return {"JobName": name}

    @handler("DeleteJob", expand=False)
    def delete_job(self, context: RequestContext, request: Any) -> dict[str, Any]:
        """Forget a job and its runs; one that is not there is no error."""
        scope, name = scope_of(context), request["JobName"]
        with LOCK:
            scope.store.jobs.pop(name, None)
            scope.store.tags.pop(scope.arn(f"job/{name}"), None)
        return {"JobName": name}

    @handler("GetJob", expand=False)
    def get_job(self, context: RequestContext, request: Any) -> dict[str, Any]:
        """One job."""
        return {"Job": find_job(scope_of(context).store, request["JobName"]).record}

    @handler("GetJobs", expand=False)
    def get_jobs(self, context: RequestContext, request: Any) -> dict[str, Any]:
        """All jobs."""
        jobs = [job.record for job in scope_of(context).store.jobs.values()]
        return page(jobs, request, "Jobs")

    @handler("ListJobs", expand=False)
    def list_jobs(self, context: RequestContext, request: Any) -> dict[str, Any]:
        """The names of all jobs, or of those with certain tags."""
        scope, wanted = scope_of(context), dict(request.get("Tags") or {})
        tags = scope.store.tags
        names = [
            name
            for name in scope.store.jobs
            if wanted.items() <= tags.get(scope.arn(f"job/{name}"), {}).items()
        ]
        return page(names, request, "JobNames")

    @handler("BatchGetJobs", expand=False)
    def batch_get_jobs(self, context: RequestContext, request: Any) -> dict[str, Any]:
        """Several jobs, and the names of those that are not there."""
        jobs, names = scope_of(context).store.jobs, request["JobNames"]
        return {
            "Jobs": [jobs[name].record for name in names if name in jobs],
            "JobsNotFound": [name for name in names if name not in jobs],
        }


def find_job(store: GlueStore, name: str) -> Job:
    """A job by its name."""
    if name not in store.jobs:
        raise EntityNotFoundError("Job not found.")
    return store.jobs[name]


def definition_of(request: Any) -> Record:
    """A job's definition, checked, with Glue's defaults where the caller says nothing."""
    given = pick(request, *DEFINITION)
    if not given.get("Role"):
        raise InvalidInputError("Role cannot be null or empty.")
    command = check_command(given)
    refuse_arguments(given.get("DefaultArguments", {}))
    if given.get("Connections", {}).get("Connections"):
        raise NotImplementedError("glue.CreateJob with Connections is not emulated")
    defaults = {
        "MaxRetries": 0,
        "ExecutionProperty": {"MaxConcurrentRuns": 1},
        **defaults_of(command),
    }
    return {**defaults, **given, **capacity(given, command)}


def check_command(given: Record) -> Record:
    """The command and the version that are to run it."""
    command: Record = dict(given.get("Command") or {})
    name = command.setdefault("Name", "glueetl")
    if name in {"gluestreaming", "glueray"}:
        raise NotImplementedError(f"glue.CreateJob with the command {name} is not emulated")
    if name not in COMMANDS:
        raise InvalidInputError(f"Job command name {name} is not valid.")
    if not str(command.get("ScriptLocation", "")).startswith("s3://"):
        raise InvalidInputError("Script location cannot be null or empty.")
    if command.get("PythonVersion") == "2":
        raise NotImplementedError("glue.CreateJob with PythonVersion 2 is not emulated")
    check_glue_version(given.get("GlueVersion"), name)
    command.setdefault("PythonVersion", "3")
    given["Command"] = command
    return command


def check_glue_version(version: str | None, command: str) -> None:
    """Versions whose scripts Spark 4.1 can run; a Python shell has versions of its own."""
    if version is None or version in GLUE_VERSIONS:
        return
    if version not in OLD_GLUE_VERSIONS:
        raise InvalidInputError(f"Given GlueVersion [{version}] is not valid")
    if command != "pythonshell":
        raise NotImplementedError(f"glue.CreateJob with GlueVersion {version} is not emulated")


def defaults_of(command: Record) -> Record:
    """What Glue fills in: two days of time, for newer versions eight hours."""
    if command["Name"] == "pythonshell":
        return {"Timeout": 2880}
    return {"GlueVersion": DEFAULT_GLUE_VERSION, "Timeout": 480}


def capacity(given: Record, command: Record) -> Record:
    """Workers and data processing units, checked and completed."""
    workers = "WorkerType" in given or "NumberOfWorkers" in given
    if workers and "MaxCapacity" in given:
        raise InvalidInputError(
            "Please do not set Max Capacity if using Worker Type and Number of Workers."
        )
    if workers:
        units = dpus(given.get("WorkerType", "G.1X")) * given.get("NumberOfWorkers", 2)
    else:
        default = 0.0625 if command["Name"] == "pythonshell" else 10.0
        units = float(given.get("MaxCapacity") or given.get("AllocatedCapacity") or default)
    return {"MaxCapacity": units, "AllocatedCapacity": int(units)}


def dpus(worker_type: str) -> float:
    """Units of a worker type."""
    if worker_type not in DPUS:
        raise InvalidInputError(f"Worker Type {worker_type} is not supported.")
    return DPUS[worker_type]
