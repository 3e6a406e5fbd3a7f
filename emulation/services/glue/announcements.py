"""Glue's own events on EventBridge: "Glue Job State Change" and "Glue Crawler State Change".

Their details are those of the user guide's "Automating Glue with EventBridge": a job's states are
SUCCEEDED, FAILED, TIMEOUT and STOPPED; a crawler's Started, Succeeded and Failed, with counts as
texts.
"""

from datetime import datetime

from emulation.services.glue.crawled_tables import Changes
from emulation.services.glue.store import Record, Scope, now
from emulation.services.service_events import put_event

SOURCE = "aws.glue"

JOB_ENDS = {
    "SUCCEEDED": ("INFO", "Job run succeeded"),
    "STOPPED": ("INFO", "Job run stopped"),
    "TIMEOUT": ("WARN", "Job run timed out"),
}
"""Severity and message; a failure has a message of its own."""


def job_ended(scope: Scope, job: str, run_id: str, state: str, message: str | None) -> None:
    """A job run has ended."""
    failure = f"JobName:{job} and JobRunId:{run_id} failed to execute with exception {message}"
    severity, told = JOB_ENDS.get(state, ("ERROR", failure))
    detail = {
        "jobName": job,
        "severity": severity,
        "state": state,
        "jobRunId": run_id,
        "message": told,
    }
    put_event(scope.account, scope.region, SOURCE, "Glue Job State Change", detail)


def crawl_started(scope: Scope, crawler: str, started: datetime) -> None:
    """A crawler runs."""
    _crawler(scope, crawler, "Started", {"startTime": started})


def crawl_succeeded(scope: Scope, crawler: str, started: datetime, changes: Changes) -> None:
    """A crawler has written to the catalog what it found."""
    created, updated, deleted = changes.counts()
    ended = now()
    told = {
        "tablesCreated": str(created),
        "tablesUpdated": str(updated),
        "tablesDeleted": str(deleted),
        "partitionsCreated": str(len(changes.partitions)),
        "partitionsUpdated": "0",
        "partitionsDeleted": "0",
        "warningMessage": "N/A",
        "runningTime (sec)": str(int((ended - started).total_seconds())),
        "completionDate": ended,
    }
    _crawler(scope, crawler, "Succeeded", told)


def crawl_failed(scope: Scope, crawler: str, message: str) -> None:
    """A crawler has failed, and changed nothing."""
    _crawler(scope, crawler, "Failed", {"errorMessage": message})


def _crawler(scope: Scope, crawler: str, state: str, told: Record) -> None:
    detail = {
        "accountId": scope.account,
        "crawlerName": crawler,
        "state": state,
        "message": f"Crawler {state}",
        **told,
    }
    put_event(scope.account, scope.region, SOURCE, "Glue Crawler State Change", detail)
