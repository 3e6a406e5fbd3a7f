"""Runs of jobs: starting, watching and stopping them. The work itself is in `running`."""

import secrets
from typing import Any

from localstack.aws.api import RequestContext, handler

from emulation.services.glue import announcements, running
from emulation.services.glue.errors import (
    ConcurrentRunsExceededError,
    EntityNotFoundError,
    InvalidInputError,
)
from emulation.services.glue.job_arguments import merged
from emulation.services.glue.jobs import capacity, find_job
from emulation.services.glue.paging import page
from emulation.services.glue.running import ACTIVE, RunInScope
from emulation.services.glue.store import (
    LOCK,
    Job,
    Record,
    Scope,
    now,
    pick,
    scope_of,
)

INTERRUPTED = "The emulator ended while the job was running."


class JobRunOperations:
    """The operations on runs."""

    @handler("StartJobRun", expand=False)
    def start_job_run(self, context: RequestContext, request: Any) -> dict[str, Any]:
        """Start a run and answer at once."""
        scope, name = scope_of(context), request["JobName"]
        with LOCK:
            if name not in scope.store.jobs:
                raise EntityNotFoundError("Failed to start job run due to missing metadata")
            job = scope.store.jobs[name]
            check_concurrency(job)
            if previous := request.get("JobRunId"):
                find_run(job, previous)
            run = new_run(job, request)
            job.runs[run["Id"]] = run
        running.start(RunInScope(scope, name, run["Id"]))
        return {"JobRunId": run["Id"]}

    @handler("GetJobRun", expand=False)
    def get_job_run(self, context: RequestContext, request: Any) -> dict[str, Any]:
        """One run."""
        job = find_job(scope_of(context).store, request["JobName"])
        return {"JobRun": told(find_run(job, request["RunId"]))}

    @handler("GetJobRuns", expand=False)
    def get_job_runs(self, context: RequestContext, request: Any) -> dict[str, Any]:
        """A job's runs, the latest first."""
        job = find_job(scope_of(context).store, request["JobName"])
        return page([told(run) for run in reversed(job.runs.values())], request, "JobRuns")

    @handler("BatchStopJobRun", expand=False)
    def batch_stop_job_run(self, context: RequestContext, request: Any) -> dict[str, Any]:
        """Stop runs; each that cannot be stopped is answered for."""
        scope, name = scope_of(context), request["JobName"]
        answer: dict[str, Any] = {"SuccessfulSubmissions": [], "Errors": []}
        for run_id in request["JobRunIds"]:
            entry = {"JobName": name, "JobRunId": run_id}
            if error := stop(scope, name, run_id):
                answer["Errors"].append({**entry, "ErrorDetail": error})
            else:
                answer["SuccessfulSubmissions"].append(entry)
        return answer


def check_concurrency(job: Job) -> None:
    """As many runs at a time as the job allows."""
    allowed = job.record["ExecutionProperty"].get("MaxConcurrentRuns", 1)
    active = [run for run in job.runs.values() if run["JobRunState"] in ACTIVE]
    if len(active) >= allowed:
        raise ConcurrentRunsExceededError(job.record["Name"])


def new_run(job: Job, request: Any) -> Record:
    """A run's record: the job's definition with what the request says otherwise."""
    record, moment = job.record, now()
    arguments = merged(
        record.get("DefaultArguments", {}),
        request.get("Arguments") or {},
        record.get("NonOverridableArguments", {}),
    )
    return {
        "Id": f"jr_{secrets.token_hex(32)}",
        "Attempt": 0,
        "JobName": record["Name"],
        "StartedOn": moment,
        "LastModifiedOn": moment,
        "JobRunState": "STARTING",
        "Arguments": arguments,
        "PredecessorRuns": [],
        "ExecutionTime": 0,
        "LogGroupName": running.log_group(record["Command"]),
        **pick(record, "GlueVersion", "ExecutionClass", "SecurityConfiguration", "JobMode"),
        **pick(request, "SecurityConfiguration", "ExecutionClass"),
        "Timeout": request.get("Timeout") or record["Timeout"],
        **run_capacity(record, request),
    }


def run_capacity(job: Record, request: Any) -> Record:
    """The request's workers, or else the job's."""
    names = ("WorkerType", "NumberOfWorkers", "MaxCapacity", "AllocatedCapacity")
    given = pick(request, *names)
    if not given:
        return pick(job, *names)
    return {**given, **capacity(given, job["Command"])}


def find_run(job: Job, run_id: str) -> Record:
    """A run by its id."""
    if run_id not in job.runs:
        raise EntityNotFoundError(f"Job run {run_id} not found.")
    return job.runs[run_id]


def told(run: Record) -> Record:
    """The record as it is now: `ExecutionTime` counts while the run goes on."""
    if run["JobRunState"] in ACTIVE and "StartedOn" in run:
        return {**run, "ExecutionTime": int((now() - run["StartedOn"]).total_seconds())}
    return run


def stop(scope: Scope, job_name: str, run_id: str) -> Record | None:
    """Stop one run; why not, when it cannot be stopped."""
    try:
        with LOCK:
            run = find_run(find_job(scope.store, job_name), run_id)
            if run["JobRunState"] not in ACTIVE:
                raise InvalidInputError(
                    f"Job run {run_id} is in state {run['JobRunState']} and cannot be stopped."
                )
            run["JobRunState"] = "STOPPING"
    except (EntityNotFoundError, InvalidInputError) as error:
        return {"ErrorCode": error.code, "ErrorMessage": error.message}
    running.stop(run_id)
    return None


def fail_interrupted_runs(scope: Scope) -> None:
    """A run whose process ended with the emulator has failed."""
    for name, job in scope.store.jobs.items():
        for run_id, run in job.runs.items():
            if run["JobRunState"] in ACTIVE:
                run.update(JobRunState="FAILED", ErrorMessage=INTERRUPTED, CompletedOn=now())
                announcements.job_ended(scope, name, run_id, "FAILED", INTERRUPTED)
