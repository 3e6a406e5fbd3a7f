"""CodePipeline: the runs that retrain, compare, approve and deliver."""

from typing import Any

from botocore.exceptions import ClientError

from api.core.clock import seconds_between, told
from api.core.deployment import Clients, Deployment
from api.core.stages.stage import Figure, Stage, State, absent

SHOWN, MOST = 5, 100
MISSING = "PipelineNotFoundException"

_RUN_STATES = {
    "Succeeded": State.DONE,
    "Failed": State.FAILED,
    "Stopped": State.FAILED,
    "Cancelled": State.DONE,
    "Superseded": State.DONE,
}


def read_delivery(clients: Clients, deployment: Deployment) -> Stage:
    """The newest runs, and where the newest is."""
    name = deployment.outputs.get("DeliveryPipelineName")
    if name is None:
        return absent("The delivery pipeline")
    codepipeline = clients("codepipeline")
    try:
        listed = codepipeline.list_pipeline_executions(pipelineName=name, maxResults=MOST)
    except ClientError as error:
        if error.response["Error"]["Code"] == MISSING:
            return absent("The delivery pipeline")
        raise
    runs = listed["pipelineExecutionSummaries"]
    newest = runs[0] if runs else None
    return Stage(
        state=_RUN_STATES.get(newest["status"], State.BUSY) if newest else State.IDLE,
        resource=name,
        summary=_summary(codepipeline, name, newest),
        figures=(
            Figure("runs", "runs", len(runs)),
            Figure("delivered", "went through", _count(runs, "Succeeded")),
            Figure("refused", "failed or refused", _count(runs, "Failed")),
        ),
        entries=tuple(_run(run) for run in runs[:SHOWN]),
    )


def _count(runs: list[dict[str, Any]], status: str) -> int:
    return sum(run["status"] == status for run in runs)


def _summary(codepipeline: Any, name: str, newest: dict[str, Any] | None) -> str:
    if newest is None:
        return "has not run yet"
    standing = [
        f"{stage['stageName']} {stage['latestExecution']['status'].lower()}"
        for stage in codepipeline.get_pipeline_state(name=name)["stageStates"]
        if stage.get("latestExecution", {}).get("pipelineExecutionId")
        == newest["pipelineExecutionId"]
        and stage["latestExecution"]["status"] != "Succeeded"
    ]
    where = f", {', '.join(standing)}" if standing else ""
    return f"newest run {newest['status'].lower()}{where}"


def _run(run: dict[str, Any]) -> dict[str, Any]:
    """A run; why it began is in its trigger."""
    began = run["startTime"]
    running = run["status"] in {"InProgress", "Stopping"}
    return {
        "id": run["pipelineExecutionId"],
        "state": run["status"],
        "started": told(began),
        "seconds": None if running else seconds_between(began, run["lastUpdateTime"]),
        "reason": run.get("trigger", {}).get("triggerType"),
    }
