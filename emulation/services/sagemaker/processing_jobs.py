"""Processing jobs, as the API has them: what is accepted, what is refused, what is described.

Accepted although nothing differs by it on one machine: the network, sharding of inputs (there is
one instance to get them), encryption keys, experiments (noted only).
"""

from emulation.compute.container_contract import HOST, PROCESSING
from emulation.services.sagemaker import state_events, tags
from emulation.services.sagemaker.errors import (
    cannot_stop_job,
    job_exists,
    job_in_use,
    job_not_found,
    not_emulated,
    validation_exception,
)
from emulation.services.sagemaker.listing import list_page
from emulation.services.sagemaker.processing_run import ProcessingRun
from emulation.services.sagemaker.roles import check_role
from emulation.services.sagemaker.scope import Scope
from emulation.services.sagemaker.store import Members, ProcessingJob

OPERATION = "CreateProcessingJob"

ECHOED = (
    "ProcessingInputs",
    "ProcessingOutputConfig",
    "ProcessingResources",
    "StoppingCondition",
    "AppSpecification",
    "Environment",
    "NetworkConfig",
    "RoleArn",
    "ExperimentConfig",
)
"""Members that the description repeats as they were given."""

DEFAULT_STOPPING = {"StoppingCondition": {"MaxRuntimeInSeconds": 86_400}}

RUNS: dict[str, ProcessingRun] = {}
"""The jobs that run in this process, by ARN."""


def create(scope: Scope, request: Members) -> Members:
    """Start a processing job."""
    return {"ProcessingJobArn": start(scope, request).arn}


def start(
    scope: Scope,
    request: Members,
    *,
    schedule_arn: str | None = None,
    metrics_namespace: str | None = None,
) -> ProcessingJob:
    """A job that runs; one of a monitoring schedule names it, and leaves metrics."""
    refuse(request)
    name = request["ProcessingJobName"]
    arn = scope.arn("processing-job", name)
    if name in scope.store.processing_jobs:
        raise job_exists(arn)
    check_paths(request)
    check_role(scope, request["RoleArn"])
    job = ProcessingJob(
        name,
        arn,
        DEFAULT_STOPPING | request,
        schedule_arn=schedule_arn,
        metrics_namespace=metrics_namespace,
    )
    RUNS[arn] = run = ProcessingRun(scope, job, lambda: announce(scope, job))
    scope.store.processing_jobs[name] = job
    tags.set_tags(scope, arn, request.get("Tags", []))
    run.start()
    return job


def refuse(request: Members) -> None:
    """Name what would be accepted and ignored otherwise."""
    if request["ProcessingResources"]["ClusterConfig"]["InstanceCount"] > 1:
        raise not_emulated(OPERATION, "more than one instance (ClusterConfig.InstanceCount)")
    if request.get("NetworkConfig", {}).get("EnableNetworkIsolation"):
        raise not_emulated(OPERATION, "NetworkConfig.EnableNetworkIsolation")
    for item in request.get("ProcessingInputs", []):
        refuse_input(item)
    for output in outputs(request):
        if "FeatureStoreOutput" in output:
            raise not_emulated(OPERATION, "FeatureStoreOutput")
        if "S3Output" not in output:
            raise validation_exception(f"Output {output['OutputName']} must have an S3Output.")


def refuse_input(item: Members) -> None:
    """Files from S3."""
    name = item["InputName"]
    if "DatasetDefinition" in item:
        raise not_emulated(OPERATION, "DatasetDefinition")
    if "S3Input" not in item:
        raise validation_exception(f"Input {name} must have an S3Input or a DatasetDefinition.")
    source = item["S3Input"]
    if source.get("S3InputMode") == "Pipe":
        raise not_emulated(OPERATION, "S3InputMode Pipe")
    if source.get("S3CompressionType", "None") == "Gzip":
        raise validation_exception("S3CompressionType Gzip can only be used with S3InputMode Pipe.")


def outputs(request: Members) -> list[Members]:
    """A request's outputs."""
    found: list[Members] = request.get("ProcessingOutputConfig", {}).get("Outputs", [])
    return found


def check_paths(request: Members) -> None:
    """Names and paths are given once, and paths are the container's own."""
    inputs = request.get("ProcessingInputs", [])
    for kind, member, items in (
        ("Input", "S3Input", inputs),
        ("Output", "S3Output", outputs(request)),
    ):
        names = [item[f"{kind}Name"] for item in items]
        if len(set(names)) < len(names):
            raise validation_exception(f"{kind} names must be unique within a processing job.")
        places = [local_path(item, member) for item in items if not item.get("AppManaged")]
        if len(set(places)) < len(places):
            raise validation_exception(f"{kind} local paths must be unique within a job.")


def local_path(item: Members, member: str) -> str:
    """Where an input or output is in the container."""
    path: str = item[member].get("LocalPath", "")
    if not f"{path}/".startswith(f"{PROCESSING}/") or ".." in path.split("/"):
        raise validation_exception(f"LocalPath must begin with {PROCESSING}/: '{path}'")
    return path.rstrip("/")


def find(scope: Scope, name: str) -> ProcessingJob:
    """A job by its name."""
    job = scope.store.processing_jobs.get(name)
    if job is None:
        raise job_not_found(name)
    return job


def stop(scope: Scope, name: str) -> None:
    """TERM, two minutes, KILL; what the program wrote until then is kept."""
    job = find(scope, name)
    if job.finished:
        raise cannot_stop_job("processing", job.status)
    if job.arn in RUNS:
        RUNS[job.arn].stop()


def delete(scope: Scope, name: str) -> None:
    """Forget a job that has ended."""
    job = find(scope, name)
    if not job.finished:
        raise job_in_use(job.arn, job.status)
    del scope.store.processing_jobs[name]
    RUNS.pop(job.arn, None)
    tags.forget(scope, job.arn)


def describe(scope: Scope, name: str) -> Members:
    """The whole job; members that do not apply are absent."""
    job = find(scope, name)
    echoed = {member: job.request[member] for member in ECHOED if member in job.request}
    optional = {
        "ExitMessage": job.exit_message,
        "FailureReason": job.failure_reason,
        "ProcessingStartTime": job.started,
        "ProcessingEndTime": job.ended,
        "MonitoringScheduleArn": job.schedule_arn,
    }
    return {
        "ProcessingJobName": job.name,
        "ProcessingJobArn": job.arn,
        "ProcessingJobStatus": job.status,
        "CreationTime": job.created,
        "LastModifiedTime": job.modified,
        **echoed,
        **{member: value for member, value in optional.items() if value is not None},
    }


def announce(scope: Scope, job: ProcessingJob) -> None:
    """Tell EventBridge where the job is."""
    detail = describe(scope, job.name)
    state_events.put_in_milliseconds(
        scope, "SageMaker Processing Job State Change", job.arn, detail
    )


def list_jobs(scope: Scope, request: Members) -> Members:
    """A page of summaries."""
    jobs = [summary(job) for job in scope.store.processing_jobs.values()]
    page, more = list_page(request, jobs, "ProcessingJob", newest_first=True)
    return {"ProcessingJobSummaries": page, **more}


def summary(job: ProcessingJob) -> Members:
    """One line of the list."""
    optional = {
        "ProcessingEndTime": job.ended,
        "FailureReason": job.failure_reason,
        "ExitMessage": job.exit_message,
    }
    return {
        "ProcessingJobName": job.name,
        "ProcessingJobArn": job.arn,
        "CreationTime": job.created,
        "LastModifiedTime": job.modified,
        "ProcessingJobStatus": job.status,
        **{member: value for member, value in optional.items() if value is not None},
    }


def fail_interrupted(scope: Scope, jobs: list[ProcessingJob]) -> None:
    """After a restart: what ran then runs no more."""
    for job in jobs:
        if not job.finished:
            job.fail(f"InternalServerError: the emulator ended while {HOST} was at work.")
            announce(scope, job)
