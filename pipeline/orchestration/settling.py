"""Whether the loop has done all that there is to do, asked of AWS: nothing here starts anything.

The loop is at rest when every flight that may be scored is scored, every complete window has its
report, no delivery is in flight, and an alarm has had the time to ring.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from pipeline import aws
from pipeline.contracts.captures import REQUESTS, day_of, scored_prefix, state_key
from pipeline.contracts.monitoring import (
    REPORT,
    RETRAINING_CHECKS,
    complete_windows,
    report_prefix,
    reports_prefix,
    retraining_key,
    service_key,
)
from pipeline.errors import JobFailedError, LateError
from pipeline.orchestration.objects import read_json
from pipeline.orchestration.run import Run, Show, listing
from pipeline.polling import polls

ALARM_TIME = timedelta(seconds=120)
"""A metric of this minute, its alarm's next look, and the function that it calls."""

IN_FLIGHT = {"InProgress", "Stopping"}


@dataclass(frozen=True)
class Looked:
    """A window's report, and when it was left."""

    report: dict[str, Any]
    at: datetime

    @property
    def calls(self) -> bool:
        """Whether something was found that a new model can mend."""
        found = {item["check"] for item in self.report["violations"]}
        return bool(found & set(RETRAINING_CHECKS))


def settle(run: Run, show: Show) -> str:
    """Wait until the loop is at rest; what it has found and done, in a few words."""
    before = set(_reports(run))
    for _ in polls(run.settings.stage_seconds):
        doing = " and ".join(unfinished(run))
        if not doing:
            return _told(run, before)
        show.say(doing)
    raise LateError(f"The loop does not rest after {run.settings.stage_seconds} s: {doing}.")


def unfinished(run: Run) -> Iterator[str]:
    """What is still to be done."""
    if _unscored(run):
        yield "scoring"
    elif missing := _missing_windows(run):
        yield f"looking at {', '.join(missing)}"
    executions = in_flight(run)
    if executions:
        yield f"delivering ({where(run)})"
    elif _may_ring(run):
        yield "waiting for the alarm"


def _unscored(run: Run) -> bool:
    """Whether requests lie there that nobody has read to their end; months before the model in
    service are nobody's business.
    """
    lake, endpoint = run.output("LakeBucket"), run.output("EndpointName")
    service = read_json(lake, service_key(endpoint))
    if service is None:
        return False
    first = f"{REQUESTS}month={service['scored_from'][:7]}"
    read = read_json(lake, state_key(endpoint)) or {}
    pages = aws.client("s3").get_paginator("list_objects_v2")
    return any(
        read.get(item["Key"].rpartition("/")[0]) != item["ETag"]
        for page in pages.paginate(Bucket=lake, Prefix=REQUESTS)
        for item in page.get("Contents", ())
        if item["Key"].endswith(".gz") and item["Key"] >= first
    )


def _missing_windows(run: Run) -> list[str]:
    lake, endpoint = run.output("LakeBucket"), run.output("EndpointName")
    service = read_json(lake, service_key(endpoint))
    days = [day_of(key) for key in listing(lake, scored_prefix(endpoint)).sizes]
    if service is None or not any(days):
        return []
    there = listing(lake, reports_prefix(endpoint)).sizes
    windows = complete_windows(
        date.fromisoformat(service["scored_from"]),
        int(run.output("MonitorWindowDays")),
        date.fromisoformat(max(days)),
    )
    return [
        window.name
        for window in windows
        if f"{report_prefix(endpoint, window)}{REPORT}" not in there
    ]


def _may_ring(run: Run) -> bool:
    """Whether the newest report calls for a retraining that nobody has answered yet."""
    keys = _reports(run)
    if not keys:
        return False
    newest = read_report(run, max(keys))
    until = date.fromisoformat(newest.report["until"])
    answered = read_json(
        run.output("LakeBucket"), retraining_key(run.output("EndpointName"), until)
    )
    return newest.calls and answered is None and datetime.now(UTC) - newest.at < ALARM_TIME


def _reports(run: Run) -> list[str]:
    found = listing(run.output("LakeBucket"), reports_prefix(run.output("EndpointName")), REPORT)
    return sorted(found.sizes)


def read_report(run: Run, key: str) -> Looked:
    """A report and its time."""
    lake = run.output("LakeBucket")
    head = aws.client("s3").head_object(Bucket=lake, Key=key)
    return Looked(read_json(lake, key) or {}, head["LastModified"])


def reports(run: Run) -> list[Looked]:
    """Every report, oldest window first."""
    return [read_report(run, key) for key in _reports(run)]


def executions(run: Run) -> list[dict[str, Any]]:
    """The runs of the delivery, the newest first."""
    pages = aws.client("codepipeline").get_paginator("list_pipeline_executions")
    return [
        item
        for page in pages.paginate(pipelineName=run.output("DeliveryPipelineName"))
        for item in page["pipelineExecutionSummaries"]
    ]


def in_flight(run: Run) -> list[dict[str, Any]]:
    """Those that are not through."""
    return [item for item in executions(run) if item["status"] in IN_FLIGHT]


def where(run: Run) -> str:
    """The stages that the newest executions are in.

    Raises:
        JobFailedError: one waits for somebody, who is not here.
    """
    state = aws.client("codepipeline").get_pipeline_state(name=run.output("DeliveryPipelineName"))
    standing = [
        stage["stageName"]
        for stage in state["stageStates"]
        if stage.get("latestExecution", {}).get("status") == "InProgress"
    ]
    if "Approval" in standing:
        raise JobFailedError(
            f"Delivery {run.output('DeliveryPipelineName')} waits for an approval:"
            " PIPELINE_APPROVAL=automatic lets a model that has won serve by itself."
        )
    return ", ".join(standing) or "starting"


def _told(run: Run, before: set[str]) -> str:
    new = [read_report(run, key).report for key in _reports(run) if key not in before]
    outcomes = [f"{report['first']} {report['outcome'].replace('_', ' ')}" for report in new]
    return ", ".join(outcomes) or "no whole window yet"
