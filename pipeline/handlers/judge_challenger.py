"""Lambda, an action of the delivery pipeline: a challenger that has lost ends the run here.

A build that fails shows the command that failed. CodePipeline shows the words of a job that a
function refuses, and the words are what matters: the gate's reason.
"""

import logging
from typing import Any

from pipeline import aws

LOG = logging.getLogger()
LOG.setLevel(logging.INFO)

MAY_SERVE = {"wins", "serves"}


def handler(event: dict[str, Any], _context: object) -> None:
    """Let the run go on, or end it. `UserParameters`: the outcome, a space, the verdict."""
    job = event["CodePipeline.job"]
    told = job["data"]["actionConfiguration"]["configuration"]["UserParameters"]
    outcome, _, verdict = told.partition(" ")
    LOG.info("%s: %s", outcome, verdict)
    codepipeline = aws.client("codepipeline")
    if outcome in MAY_SERVE:
        codepipeline.put_job_success_result(
            jobId=job["id"], executionDetails={"summary": verdict, "percentComplete": 100}
        )
        return
    codepipeline.put_job_failure_result(
        jobId=job["id"], failureDetails={"type": "JobFailed", "message": verdict}
    )
