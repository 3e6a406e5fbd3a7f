"""Streaming runs of EMR Serverless: they go on until somebody ends them, and before that their
application can be neither changed nor deleted.
"""

from collections.abc import Callable, Iterator
from typing import Any

from pipeline import aws
from pipeline.errors import LateError
from pipeline.polling import polls

MODE = "STREAMING"
RUNNING, CANCELLING = "RUNNING", "CANCELLING"
ALIVE = ("SUBMITTED", "QUEUED", "PENDING", "SCHEDULED", RUNNING, CANCELLING)


def alive(application: str) -> Iterator[dict[str, Any]]:
    """The runs that have not ended, the newest first."""
    pages = aws.client("emr-serverless").get_paginator("list_job_runs")
    for page in pages.paginate(applicationId=application, states=list(ALIVE), mode=MODE):
        for item in page["jobRuns"]:
            yield describe(application, item["id"])


def describe(application: str, run_id: str) -> dict[str, Any]:
    """EMR's record of a run."""
    found: dict[str, Any] = aws.client("emr-serverless").get_job_run(
        applicationId=application, jobRunId=run_id
    )["jobRun"]
    return found


def end(
    application: str, found: dict[str, Any], seconds: float, tell: Callable[[str], None]
) -> None:
    """End a run after its batch, and wait for that.

    Raises:
        LateError: it does not end.
    """
    run_id = found["jobRunId"]
    if found["state"] != CANCELLING:
        aws.client("emr-serverless").cancel_job_run(applicationId=application, jobRunId=run_id)
    for _ in polls(seconds):
        if describe(application, run_id)["state"] not in ALIVE:
            return
        tell(f"ending run {run_id} after its batch")
    raise LateError(f"Job run {run_id} has not ended after {seconds} s.")
