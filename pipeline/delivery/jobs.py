"""Processing jobs that are found again: the name says what a job does, a number which attempt.

SageMaker keeps a name for ever, so what failed is tried anew under the next number.
"""

from collections.abc import Mapping
from typing import Any

from pipeline import aws
from pipeline.errors import JobFailedError, LateError
from pipeline.orchestration.logs import first_line, log_tail
from pipeline.orchestration.run import Show
from pipeline.polling import polls

LOG_GROUP = "/aws/sagemaker/ProcessingJobs"
GOING_ON = {"InProgress", "Stopping"}


def run_job(request: Mapping[str, Any], seconds: float, show: Show) -> dict[str, Any]:
    """The completed job of a request, found or made.

    Raises:
        JobFailedError: it failed; with the end of its log.
    """
    attempts = _attempts(request["ProcessingJobName"])
    for name in attempts:
        if _describe(name)["ProcessingJobStatus"] in {"Completed", *GOING_ON}:
            return _wait(name, seconds, show)
    name = f"{request['ProcessingJobName']}-{len(attempts) + 1}"
    show.say(f"starting {name}")
    aws.client("sagemaker").create_processing_job(**{**request, "ProcessingJobName": name})
    return _wait(name, seconds, show)


def _attempts(name: str) -> list[str]:
    found = aws.client("sagemaker").list_processing_jobs(
        NameContains=f"{name}-", SortBy="CreationTime", SortOrder="Descending", MaxResults=100
    )["ProcessingJobSummaries"]
    return [job["ProcessingJobName"] for job in found]


def _describe(name: str) -> dict[str, Any]:
    found: dict[str, Any] = aws.client("sagemaker").describe_processing_job(ProcessingJobName=name)
    return found


def _wait(name: str, seconds: float, show: Show) -> dict[str, Any]:
    for _ in polls(seconds):
        found = _describe(name)
        status = found["ProcessingJobStatus"]
        if status == "Completed":
            return found
        if status not in GOING_ON:
            reason = first_line(found.get("FailureReason", ""))
            tail = log_tail(LOG_GROUP, f"{name}/")
            raise JobFailedError(f"Processing job {name} ended {status}: {reason}", log_tail=tail)
        show.say(f"{name} is {status}")
    raise LateError(f"Processing job {name} is not through after {seconds:.0f} s.")
