"""Job runs: starting, looking at and cancelling them. The work itself is in `running`."""

from emulation.services.emr_serverless import (
    attempts,
    checks,
    dashboards,
    errors,
    running,
    submission,
)
from emulation.services.emr_serverless.application_states import RUNNING
from emulation.services.emr_serverless.applications import find
from emulation.services.emr_serverless.store import (
    ENDED,
    LOCK,
    Application,
    Attempt,
    JobRun,
    Members,
    all_runs,
    moment,
    new_identifier,
    runs_of,
)
from emulation.services.paging import CAMEL_NAMES, page
from emulation.services.scope import Scope

BATCH_MINUTES = 720
STREAMING_MINUTES = 0
STREAMING_GRACE = 120
PAGE = 50


def start(scope: Scope, request: Members) -> Members:
    """StartJobRun."""
    with LOCK:
        application = find(scope, request["applicationId"])
        for known in runs_of(application):
            if known.token == request["clientToken"]:
                if known.request != request:
                    raise errors.token_taken(known.token)
                return _named(known)
        if application.state == "TERMINATED":
            raise errors.terminated(application.identifier)
        checks.check_run(scope, request)
        _check_started(application)
        run = _new(scope, application, request)
        all_runs()[run.identifier] = run
        run.save()
    running.submit(run)
    return _named(run)


def _check_started(application: Application) -> None:
    starts = application.members["autoStartConfiguration"]["enabled"]
    if application.state not in RUNNING and not starts:
        raise errors.not_started(application.identifier, application.state)


def _new(scope: Scope, application: Application, request: Members) -> JobRun:
    overrides = request.get("configurationOverrides") or {}
    defaults = submission.defaults(application.members, overrides)
    driver = request["jobDriver"]["sparkSubmit"]
    line = submission.command_line(driver)
    checks.check_command(line, line.merged(defaults), driver["entryPoint"])
    mode = request.get("mode") or "BATCH"
    minutes = STREAMING_MINUTES if mode == "STREAMING" else BATCH_MINUTES
    names = ("name", "configurationOverrides", "retryPolicy", "executionIamPolicy")
    members = {
        **{name: request[name] for name in names if request.get(name)},
        "createdBy": f"arn:{scope.partition}:iam::{scope.account}:root",
        "executionRole": request["executionRoleArn"],
        "releaseLabel": application.members["releaseLabel"],
        "jobDriver": request["jobDriver"],
        "executionTimeoutMinutes": request.get("executionTimeoutMinutes", minutes),
        "mode": mode,
        "defaults": defaults,
    }
    if network := application.members.get("networkConfiguration"):
        members["networkConfiguration"] = network
    return JobRun(
        scope.account,
        scope.region,
        scope.partition,
        application.identifier,
        new_identifier(),
        request["clientToken"],
        request,
        members,
        [Attempt(1)],
        tags=dict(request.get("tags") or {}),
    )


def _named(run: JobRun) -> Members:
    return {"applicationId": run.application, "jobRunId": run.identifier, "arn": run.arn}


def find_run(scope: Scope, request: Members) -> JobRun:
    """A run of an application.

    Raises:
        CommonServiceException: ResourceNotFoundException.
    """
    application = find(scope, request["applicationId"])
    run = all_runs().get(request["jobRunId"])
    if run is None or run.application != application.identifier:
        raise errors.not_found("JobRun", request["jobRunId"])
    return run


def find_attempt(run: JobRun, number: int | None) -> Attempt:
    """An attempt by its number, the latest without one."""
    if number is None:
        return run.attempt
    for attempt in run.attempts:
        if attempt.number == number:
            return attempt
    raise errors.not_found("Attempt", f"{number} of JobRun {run.identifier}")


def get(scope: Scope, request: Members) -> Members:
    """GetJobRun, of the latest attempt or of the one that is named."""
    with LOCK:
        run = find_run(scope, request)
        return {"jobRun": described(run, find_attempt(run, request.get("attempt")))}


def described(run: JobRun, attempt: Attempt) -> Members:
    """As GetJobRun tells it; what was used is told at the end."""
    told = {name: value for name, value in run.members.items() if name != "defaults"}
    answer = {
        **told,
        **_named(run),
        **_states(run, attempt),
        "tags": run.tags,
        "attempt": attempt.number,
        "createdAt": moment(run.created),
        "attemptCreatedAt": moment(attempt.created),
        "attemptUpdatedAt": moment(attempt.updated),
        "queuedDurationMilliseconds": int(run.queued_seconds * 1000),
    }
    first = run.attempts[0].started
    if first:
        answer["startedAt"] = moment(first)
    if run.state in ENDED:
        ended = run.attempt.ended or run.attempt.updated
        used, billed = attempts.utilization(run)
        answer |= {
            "endedAt": moment(ended),
            "totalExecutionDurationSeconds": int(ended - (first or ended)),
            "totalResourceUtilization": used,
            "billedResourceUtilization": billed,
        }
    return answer


def _states(run: JobRun, attempt: Attempt) -> Members:
    return {
        "state": attempt.state,
        "stateDetails": attempt.details,
        "updatedAt": moment(attempt.updated),
        "createdAt": moment(run.created),
    }


def _summary(run: JobRun, attempt: Attempt) -> Members:
    names = ("name", "mode", "createdBy", "executionRole", "releaseLabel")
    return {
        **{name: run.members[name] for name in names if name in run.members},
        **_states(run, attempt),
        "applicationId": run.application,
        "id": run.identifier,
        "arn": run.arn,
        "type": "SPARK",
        "attempt": attempt.number,
    }


def list_runs(scope: Scope, request: Members) -> Members:
    """ListJobRuns, the latest first."""
    application = find(scope, request["applicationId"])
    found = [
        _summary(run, run.attempt)
        | {
            "attemptCreatedAt": moment(run.attempt.created),
            "attemptUpdatedAt": moment(run.attempt.updated),
        }
        for run in reversed(runs_of(application))
        if _asked(run, request)
    ]
    items, token = page(request, found, errors.bad_token(), size=PAGE, names=CAMEL_NAMES)
    return {"jobRuns": items, **token}


def _asked(run: JobRun, request: Members) -> bool:
    states, mode = request.get("states"), request.get("mode")
    after, before = request.get("createdAtAfter"), request.get("createdAtBefore")
    created = moment(run.created)
    return (
        (not states or run.state in states)
        and (not mode or run.members["mode"] == mode)
        and (after is None or created > after)
        and (before is None or created < before)
    )


def list_attempts(scope: Scope, request: Members) -> Members:
    """ListJobRunAttempts, the latest first."""
    run = find_run(scope, request)
    found = [
        {
            **_summary(run, attempt),
            "jobCreatedAt": moment(run.created),
            "createdAt": moment(attempt.created),
        }
        for attempt in reversed(run.attempts)
    ]
    items, token = page(request, found, errors.bad_token(), size=PAGE, names=CAMEL_NAMES)
    return {"jobRunAttempts": items, **token}


def cancel(scope: Scope, request: Members) -> Members:
    """CancelJobRun: a streaming run may end its batch, a batch run only if it is given time."""
    grace = request.get("shutdownGracePeriodInSeconds")
    checks.check_grace(grace)
    with LOCK:
        run = find_run(scope, request)
        if run.state in ENDED:
            raise errors.not_cancellable(run.identifier)
        default = STREAMING_GRACE if run.streaming else 0
        running.cancel(run, default if grace is None else grace)
    return {"applicationId": run.application, "jobRunId": run.identifier}


def dashboard(scope: Scope, request: Members) -> Members:
    """GetDashboardForJobRun: Spark's page of a driver that runs, or its history server's."""
    run = find_run(scope, request)
    attempt = find_attempt(run, request.get("attempt"))
    return {"url": dashboards.url(run, attempt)}
