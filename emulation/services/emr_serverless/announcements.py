"""EMR Serverless's own events on EventBridge, with the details of its user guide's "Automating EMR
Serverless with Amazon EventBridge".
"""

from datetime import UTC, datetime

from emulation.services.emr_serverless.store import Application, Attempt, JobRun, Members
from emulation.services.service_events import put_event

SOURCE = "aws.emr-serverless"


def _text(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


def application_changed(application: Application, state: str) -> None:
    """An application is in another state."""
    members = application.members
    detail: Members = {
        "applicationId": application.identifier,
        "applicationName": members.get("name", ""),
        "arn": application.arn,
        "releaseLabel": members["releaseLabel"],
        "state": state,
        "type": members["type"].upper(),
        "createdAt": _text(application.created),
        "updatedAt": _text(application.updated),
        "autoStopConfig": {
            "enabled": members["autoStopConfiguration"]["enabled"],
            "idleTimeout": members["autoStopConfiguration"]["idleTimeoutMinutes"],
        },
        "autoStartConfig": members["autoStartConfiguration"],
    }
    _put(application.account, application.region, "EMR Serverless Application State Change", detail)


def run_changed(run: JobRun, previous: str) -> None:
    """A run is in another state."""
    detail = {
        **_run(run),
        "state": run.state,
        "previousState": previous,
        "updatedAt": _text(run.attempt.updated),
    }
    _put(run.account, run.region, "EMR Serverless Job Run State Change", detail)


def run_retried(run: JobRun, previous: Attempt) -> None:
    """A run is tried again."""
    detail = {
        **_run(run),
        "updatedAt": _text(run.attempt.updated),
        "previousAttempt": previous.number,
        "previousAttemptState": previous.state,
        "previousAttemptCreatedAt": _text(previous.created),
        "previousAttemptEndedAt": _text(previous.ended or previous.updated),
        "newAttempt": run.attempt.number,
        "newAttemptCreatedAt": _text(run.attempt.created),
    }
    _put(run.account, run.region, "EMR Serverless Job Run Retry", detail)


def run_used(run: JobRun, used: Members, billed: Members) -> None:
    """What an attempt that has ended has used."""
    attempt = run.attempt
    started = {"startedAt": _text(attempt.started)} if attempt.started else {}
    detail = {
        "applicationId": run.application,
        "jobRunId": run.identifier,
        "attempt": attempt.number,
        "mode": run.members["mode"],
        "createdAt": _text(run.created),
        **started,
        "calculatedFrom": _text(attempt.started or attempt.created),
        "calculatedTo": _text(attempt.ended or attempt.updated),
        "resourceUtilizationFinal": True,
        "resourceUtilizationForInterval": used,
        "billedResourceUtilizationForInterval": billed,
        "totalResourceUtilization": used,
        "totalBilledResourceUtilization": billed,
    }
    name = "EMR Serverless Job Resource Utilization Update"
    put_event(run.account, run.region, SOURCE, name, detail, [run.arn])


def _run(run: JobRun) -> Members:
    return {
        "jobRunId": run.identifier,
        "applicationId": run.application,
        "arn": run.arn,
        "releaseLabel": run.members["releaseLabel"],
        "createdBy": run.members["createdBy"],
        "createdAt": _text(run.created),
    }


def _put(account: str, region: str, name: str, detail: Members) -> None:
    put_event(account, region, SOURCE, name, detail)
