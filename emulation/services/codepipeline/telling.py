"""The state changes of executions, stages and actions as EventBridge gets them from AWS.

Times are texts of ISO 8601 with milliseconds; attempts are numbers that begin at 1.
"""

from datetime import UTC, datetime
from typing import Any

from emulation.services.codepipeline.store import ActionRun, Execution, Members
from emulation.services.service_events import put_event

SOURCE = "aws.codepipeline"
WORDS = {
    "InProgress": "STARTED",
    "Succeeded": "SUCCEEDED",
    "Failed": "FAILED",
    "Stopping": "STOPPING",
    "Stopped": "STOPPED",
    "Superseded": "SUPERSEDED",
    "Skipped": "SKIPPED",
    "Cancelled": "CANCELED",
    "Abandoned": "ABANDONED",
    "Resumed": "RESUMED",
}


def pipeline_is(execution: Execution, status: str) -> None:
    """An execution has got a status."""
    trigger = execution.trigger
    detail = {
        "execution-trigger": {
            "trigger-type": trigger["triggerType"],
            "trigger-detail": trigger["triggerDetail"],
        },
        "state": WORDS[status],
    }
    if execution.stop.get("reason"):
        detail["stop-execution-comments"] = execution.stop["reason"]
    tell(execution, "Pipeline", execution.started, detail)


def stage_is(execution: Execution, stage: str, status: str) -> None:
    """A stage has got a status."""
    started = execution.stages[stage].started
    tell(execution, "Stage", started, {"stage": stage, "state": WORDS[status]})


def action_is(execution: Execution, action: Members, run: ActionRun, status: str) -> None:
    """An action has got a status."""
    detail: Members = {
        "stage": run.stage,
        "action": run.name,
        "action-execution-id": run.identifier,
        "state": WORDS[status],
        "region": execution.region,
        "type": dict(action["actionTypeId"]),
    }
    if run.inputs:
        detail["input-artifacts"] = run.inputs
    if status == "Succeeded" and run.outputs:
        detail["output-artifacts"] = run.outputs
    if status in {"Succeeded", "Failed"} and (result := result_of(run)):
        detail["execution-result"] = result
    tell(execution, "Action", run.started, detail)


def result_of(run: ActionRun) -> Members:
    """What came of an action."""
    found = {
        "external-execution-url": run.external_url,
        "external-execution-summary": run.error.get("message") or run.summary,
        "external-execution-id": run.external_id,
        "error-code": run.error.get("code"),
    }
    return {name: value for name, value in found.items() if value}


def tell(execution: Execution, noun: str, started: float, detail: dict[str, Any]) -> None:
    """Send what is common to all of them."""
    put_event(
        execution.account,
        execution.region,
        SOURCE,
        f"CodePipeline {noun} Execution State Change",
        {
            "pipeline": execution.pipeline,
            "execution-id": execution.identifier,
            "start-time": stamp(started),
            **detail,
            "version": float(execution.version),
            "pipeline-execution-attempt": float(execution.attempt),
        },
        [execution.scope.arn("codepipeline", execution.pipeline)],
    )


def stamp(seconds: float) -> str:
    """A time, as these events write it."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
