"""The Spark job from raw events to flights with features, run once for each state of its inputs."""

from typing import Any

from pipeline import aws
from pipeline.errors import JobFailedError, LateError
from pipeline.orchestration.logs import first_line, log_tail
from pipeline.orchestration.run import Run, Show, digest, listing
from pipeline.polling import polls

PROCESSED = "processed/flights/"
VERSION_ARGUMENT = "--input_version"
"""Names what a run was made from: the raw events, the dimensions, and the code."""
GOING_ON = {"STARTING", "WAITING", "RUNNING", "STOPPING"}


def build_features(run: Run, show: Show) -> str:
    """Run the job, unless its newest run was made from the same inputs and left its result."""
    _let_end(run, show)
    version = input_version(run)
    found = newest_run(run)
    if not _is_of(found, version) or not _is_useful(run, found):
        show.say("starting the job")
        found = _start(run, version)
    if found["JobRunState"] in GOING_ON:
        found = _wait(run, found["Id"], show)
    sizes = _parquet(run)
    return f"{len(sizes)} Parquet objects, {sum(sizes) / 1e6:.1f} MB"


def _parquet(run: Run) -> list[int]:
    """Sizes of the objects with rows; Spark leaves empty ones as marks beside them."""
    found = listing(run.output("LakeBucket"), PROCESSED).sizes
    return [size for key, size in found.items() if key.endswith(".parquet")]


def input_version(run: Run) -> str:
    """A name for the raw events, the dimensions and the code together."""
    lake = run.output("LakeBucket")
    command = aws.client("glue").get_job(JobName=run.output("FlightFeaturesJobName"))["Job"]
    code = [command["Command"]["ScriptLocation"], command["DefaultArguments"]["--extra-py-files"]]
    data = [listing(lake, prefix).digest for prefix in ("raw/", "dimensions/")]
    return digest([*data, *code])


def _let_end(run: Run, show: Show) -> None:
    """Wait for a run that somebody has started: the job runs once at a time."""
    for _ in polls(run.settings.stage_seconds):
        found = newest_run(run)
        if found.get("JobRunState") not in GOING_ON:
            return
        show.say(f"waiting for {found['Id'][:11]}")


def newest_run(run: Run) -> dict[str, Any]:
    """The job's newest run; empty when there was none."""
    runs = aws.client("glue").get_job_runs(
        JobName=run.output("FlightFeaturesJobName"), MaxResults=1
    )["JobRuns"]
    newest: dict[str, Any] = runs[0] if runs else {}
    return newest


def _is_of(found: dict[str, Any], version: str) -> bool:
    return bool(found.get("Arguments", {}).get(VERSION_ARGUMENT) == version)


def _is_useful(run: Run, found: dict[str, Any]) -> bool:
    if found["JobRunState"] in GOING_ON:
        return True
    return found["JobRunState"] == "SUCCEEDED" and bool(_parquet(run))


def _start(run: Run, version: str) -> dict[str, Any]:
    name = run.output("FlightFeaturesJobName")
    started = aws.client("glue").start_job_run(JobName=name, Arguments={VERSION_ARGUMENT: version})
    return _job_run(name, started["JobRunId"])


def _job_run(name: str, run_id: str) -> dict[str, Any]:
    found: dict[str, Any] = aws.client("glue").get_job_run(JobName=name, RunId=run_id)["JobRun"]
    return found


def _wait(run: Run, run_id: str, show: Show) -> dict[str, Any]:
    name = run.output("FlightFeaturesJobName")
    for _ in polls(run.settings.stage_seconds):
        found = _job_run(name, run_id)
        if found["JobRunState"] == "SUCCEEDED":
            return found
        if found["JobRunState"] not in GOING_ON:
            raise _failure(name, found)
        show.say(f"{found['JobRunState'].lower()} ({run_id[:11]})")
    raise LateError(f"Job run {run_id} is not through after {run.settings.stage_seconds} s.")


def _failure(name: str, found: dict[str, Any]) -> JobFailedError:
    group = found.get("LogGroupName", "/aws-glue/jobs")
    tail = log_tail(f"{group}/error", found["Id"]) or log_tail(f"{group}/output", found["Id"])
    reason = first_line(found.get("ErrorMessage", ""))
    sentence = f"Job run {found['Id']} of {name} ended {found['JobRunState']}: {reason}"
    return JobFailedError(sentence, log_tail=tail)
