"""How the pipeline stands, asked of AWS: stacks, objects of the lake, newest work, endpoint."""

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError
from rich.markup import escape
from rich.table import Table

from pipeline import aws
from pipeline.contracts.poison import GIVEN_UP, POISON
from pipeline.contracts.stream_features import FEATURES_PREFIX
from pipeline.deploy.plan import describe_stack
from pipeline.deploy.stacks import STACKS
from pipeline.orchestration.consumers import UNSCORED, leases, workers
from pipeline.orchestration.display import console
from pipeline.orchestration.run import Run, listing, read_state
from pipeline.orchestration.stream import newest_state
from pipeline.orchestration.training import metrics_of

MISSING = {"EntityNotFoundException", "ValidationException", "ValidationError", "ResourceNotFound"}

PREFIXES = (
    *("raw/", "dimensions/", "processed/", FEATURES_PREFIX, "predictions/"),
    *(UNSCORED, POISON, GIVEN_UP),
)

Line = tuple[str, str, str]


def show_status(run: Run) -> None:
    """The table of `status`."""
    table = Table("what", "state", "detail")
    for line in (*_stacks(run), *_lake(run), *_work(run)):
        table.add_row(*map(escape, line))
    console.print(table)


def _stacks(run: Run) -> Iterator[Line]:
    for stack in STACKS:
        name = run.deployer.stack_name(stack)
        found = describe_stack(name) or {}
        run.deployer.learn(stack)
        yield f"stack {name}", found.get("StackStatus", "not deployed"), ""


def _lake(run: Run) -> Iterator[Line]:
    if "LakeBucket" not in run.deployer.known:
        return
    for prefix in PREFIXES:
        found = listing(run.output("LakeBucket"), prefix)
        yield f"lake {prefix}", f"{len(found.sizes)} objects", f"{found.bytes / 1e6:.1f} MB"
    counted = read_state(run, "raw")
    if counted:
        yield "events", f"{counted['events']:,}", f"{counted['repeated']:,} repeated"


def _work(run: Run) -> Iterator[Line]:
    known = run.deployer.known
    if job := known.get("FlightFeaturesJobName"):
        yield f"job {job}", *_newest_job_run(job)
    if application := known.get("StreamApplicationId"):
        yield f"stream job {run.settings.name}-features", *newest_state(run, application)
    if prefix := known.get("TrainingJobPrefix"):
        yield "training", *_newest_training(prefix)
    if endpoint := known.get("EndpointName"):
        yield f"endpoint {endpoint}", _endpoint_status(endpoint), ""
    if "WorkerGroupName" in known:
        in_service, wanted = workers(run)
        readers = len({lease.owner for lease in leases(run)} - {""})
        yield "consumers", f"{in_service} of {wanted} instances", f"{readers} read the stream"


def _newest_job_run(job: str) -> tuple[str, str]:
    runs = aws.client("glue").get_job_runs(JobName=job, MaxResults=1)["JobRuns"]
    if not runs:
        return "never run", ""
    return runs[0]["JobRunState"], runs[0].get("ErrorMessage") or runs[0]["Id"]


def _newest_training(prefix: str) -> tuple[str, str]:
    sagemaker = aws.client("sagemaker")
    jobs = sagemaker.list_training_jobs(
        NameContains=prefix, SortBy="CreationTime", SortOrder="Descending", MaxResults=1
    )["TrainingJobSummaries"]
    if not jobs:
        return "never run", ""
    job: dict[str, Any] = sagemaker.describe_training_job(
        TrainingJobName=jobs[0]["TrainingJobName"]
    )
    return job["TrainingJobStatus"], metrics_of(job) or job.get("FailureReason", "")


def _endpoint_status(endpoint: str) -> str:
    try:
        found = aws.client("sagemaker").describe_endpoint(EndpointName=endpoint)
    except ClientError as error:
        if error.response["Error"]["Code"] not in MISSING:
            raise
        return "not deployed"
    return str(found["EndpointStatus"])
