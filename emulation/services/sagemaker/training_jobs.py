"""Training jobs, as the API has them: what is accepted, what is refused, what is described.

Accepted although nothing differs by it on one machine: the network (VPC, encryption between
instances), spot instances (none is ever taken away), and the SDK's default debugger and profiler
settings (no rule runs; the profiler is described as disabled).
"""

import re

from emulation.compute.container_contract import HOST
from emulation.services.sagemaker import state_events, tags
from emulation.services.sagemaker.errors import (
    cannot_stop_job,
    no_input_data,
    not_emulated,
    resource_not_found,
    training_job_exists,
    validation_exception,
)
from emulation.services.sagemaker.listing import list_page
from emulation.services.sagemaker.roles import check_role
from emulation.services.sagemaker.scope import Scope
from emulation.services.sagemaker.storage import Location, Storage
from emulation.services.sagemaker.store import Members, TrainingJob
from emulation.services.sagemaker.training_run import TrainingRun

OPERATION = "CreateTrainingJob"

ECHOED = (
    "HyperParameters",
    "AlgorithmSpecification",
    "RoleArn",
    "InputDataConfig",
    "OutputDataConfig",
    "ResourceConfig",
    "VpcConfig",
    "StoppingCondition",
    "CheckpointConfig",
    "DebugHookConfig",
    "ProfilerConfig",
    "Environment",
    "RetryStrategy",
)
"""Members that the description repeats as they were given."""

ACCEPTED = {
    *ECHOED,
    "TrainingJobName",
    "Tags",
    "EnableInterContainerTrafficEncryption",
    "EnableManagedSpotTraining",
}

RUNS: dict[str, TrainingRun] = {}
"""The jobs that run in this process, by ARN."""


def create(scope: Scope, request: Members) -> Members:
    """Start a training job."""
    refuse(request)
    name = request["TrainingJobName"]
    arn = scope.arn("training-job", name)
    if name in scope.store.training_jobs:
        raise training_job_exists(arn)
    check_metric_definitions(request)
    check_role(scope, request["RoleArn"])
    check_channels(scope, request)
    job = TrainingJob(name, arn, request)
    RUNS[arn] = run = TrainingRun(scope, job, lambda: announce(scope, job))
    scope.store.training_jobs[name] = job
    tags.set_tags(scope, arn, request.get("Tags", []))
    run.start()
    return {"TrainingJobArn": arn}


def refuse(request: Members) -> None:
    """Name what would be accepted and ignored otherwise."""
    for member, value in request.items():
        if member not in ACCEPTED and value not in (False, [], {}, None):
            raise not_emulated(OPERATION, member)
    refuse_algorithm(request.get("AlgorithmSpecification") or {})
    refuse_resources(request.get("ResourceConfig") or {})
    for channel in request.get("InputDataConfig", []):
        refuse_channel(channel, request["AlgorithmSpecification"]["TrainingInputMode"])


def refuse_algorithm(algorithm: Members) -> None:
    """An image is needed, and its registry asks for no password here."""
    for member in ("AlgorithmName", "TrainingImageConfig"):
        if member in algorithm:
            raise not_emulated(OPERATION, f"AlgorithmSpecification.{member}")
    if "TrainingImage" not in algorithm:
        raise validation_exception(
            "You must specify either an algorithm name or a training image in the"
            " AlgorithmSpecification."
        )


def refuse_resources(resources: Members) -> None:
    """One instance for now."""
    if resources.get("InstanceGroups"):
        raise not_emulated(OPERATION, "ResourceConfig.InstanceGroups")
    if resources.get("InstanceCount", 0) > 1:
        raise not_emulated(OPERATION, "more than one instance (ResourceConfig.InstanceCount)")
    missing = [name for name in ("InstanceType", "InstanceCount") if not resources.get(name)]
    if missing:
        raise validation_exception(f"ResourceConfig is missing: {', '.join(missing)}")


def refuse_channel(channel: Members, default_mode: str) -> None:
    """Files from S3."""
    if "S3DataSource" not in channel["DataSource"]:
        kinds = ", ".join(channel["DataSource"]) or "no data source"
        raise not_emulated(OPERATION, f"an input channel from {kinds}")
    if channel.get("InputMode", default_mode) == "Pipe":
        raise not_emulated(OPERATION, "input mode Pipe")
    if channel.get("CompressionType", "None") != "None":
        raise not_emulated(OPERATION, f"CompressionType {channel['CompressionType']}")
    for member in ("ShuffleConfig",):
        if member in channel:
            raise not_emulated(OPERATION, member)
    kind = channel["DataSource"]["S3DataSource"]["S3DataType"]
    if kind not in {"S3Prefix", "ManifestFile"}:
        raise not_emulated(OPERATION, f"S3DataType {kind}")


def check_metric_definitions(request: Members) -> None:
    """Expressions that cannot be compiled are the caller's error."""
    for item in request["AlgorithmSpecification"].get("MetricDefinitions", []):
        try:
            re.compile(item["Regex"])
        except re.error as error:
            raise validation_exception(
                f"Invalid regular expression for metric {item['Name']}: {error}"
            ) from error


def check_channels(scope: Scope, request: Members) -> None:
    """Each channel has data, and a name of its own."""
    channels = request.get("InputDataConfig", [])
    names = [channel["ChannelName"] for channel in channels]
    if len(set(names)) < len(names):
        raise validation_exception("Channel names must be unique within a training job.")
    storage = Storage(scope.client("s3"))
    for channel in channels:
        uri = channel["DataSource"]["S3DataSource"]["S3Uri"]
        location = Location.parse(uri)
        if storage.is_empty(location):
            bucket, role = location.bucket, request["RoleArn"]
            raise no_input_data(uri, bucket=bucket, region=scope.region, role=role)


def find(scope: Scope, name: str) -> TrainingJob:
    """A job by its name."""
    job = scope.store.training_jobs.get(name)
    if job is None:
        raise resource_not_found()
    return job


def stop(scope: Scope, name: str) -> None:
    """TERM, two minutes, KILL; what the program saved until then is kept."""
    job = find(scope, name)
    if job.finished:
        raise cannot_stop_job("training", job.status)
    if job.arn in RUNS:
        RUNS[job.arn].stop()


def describe(scope: Scope, name: str) -> Members:
    """The whole job; members that do not apply are absent."""
    job = find(scope, name)
    echoed = {member: job.request[member] for member in ECHOED if member in job.request}
    optional = {
        "FailureReason": job.failure_reason,
        "TrainingStartTime": job.started,
        "TrainingEndTime": job.ended if job.started else None,
        "TrainingTimeInSeconds": seconds(job),
        "BillableTimeInSeconds": seconds(job),
        "FinalMetricDataList": list(job.final_metrics.values()) or None,
        "ProfilingStatus": "Disabled" if "ProfilerConfig" in echoed else None,
    }
    flags = ("EnableInterContainerTrafficEncryption", "EnableManagedSpotTraining")
    return {
        "TrainingJobName": job.name,
        "TrainingJobArn": job.arn,
        "ModelArtifacts": {"S3ModelArtifacts": model_uri(job)},
        "TrainingJobStatus": job.status,
        "SecondaryStatus": job.secondary_status,
        "SecondaryStatusTransitions": [dict(item) for item in job.transitions],
        "CreationTime": job.created,
        "LastModifiedTime": job.modified,
        "EnableNetworkIsolation": False,
        **{flag: job.request.get(flag, False) for flag in flags},
        **echoed,
        **{member: value for member, value in optional.items() if value is not None},
    }


def announce(scope: Scope, job: TrainingJob) -> None:
    """Tell EventBridge where the job is."""
    detail = {**describe(scope, job.name), "Tags": scope.store.tags.get(job.arn, {})}
    state_events.put_in_milliseconds(scope, "SageMaker Training Job State Change", job.arn, detail)


def seconds(job: TrainingJob) -> int | None:
    """How long it trained; a second at least."""
    if job.started is None or job.ended is None:
        return None
    return max(1, round((job.ended - job.started).total_seconds()))


def model_uri(job: TrainingJob) -> str:
    """Where the model is, or will be."""
    output = job.request["OutputDataConfig"]
    base = Location.parse(output["S3OutputPath"]).child(job.name, "output")
    packed = output.get("CompressionType", "GZIP") == "GZIP"
    return str(base.child("model.tar.gz")) if packed else f"{base.child('model')}/"


def list_jobs(scope: Scope, request: Members) -> Members:
    """A page of summaries."""
    for member in ("WarmPoolStatusEquals", "TrainingPlanArnEquals"):
        if member in request:
            raise not_emulated("ListTrainingJobs", member)
    jobs = [summary(job) for job in scope.store.training_jobs.values()]
    page, more = list_page(request, jobs, "TrainingJob", newest_first=False)
    return {"TrainingJobSummaries": page, **more}


def summary(job: TrainingJob) -> Members:
    """One line of the list."""
    ended = {} if job.ended is None else {"TrainingEndTime": job.ended}
    return {
        "TrainingJobName": job.name,
        "TrainingJobArn": job.arn,
        "CreationTime": job.created,
        "LastModifiedTime": job.modified,
        "TrainingJobStatus": job.status,
        "SecondaryStatus": job.secondary_status,
        **ended,
    }


def fail_interrupted(scope: Scope, jobs: list[TrainingJob]) -> None:
    """After a restart: what ran then runs no more."""
    for job in jobs:
        if not job.finished:
            job.fail(f"InternalServerError: the emulator ended while {HOST} was at work.")
            announce(scope, job)
