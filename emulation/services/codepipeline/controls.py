"""What somebody does to an execution: stop it, try a stage again, hold a stage's door."""

import time

from emulation.services.codepipeline import advancing, stage_runs, telling
from emulation.services.codepipeline.errors import (
    not_emulated,
    refused,
    stage_not_found,
)
from emulation.services.codepipeline.pipelines import find
from emulation.services.codepipeline.starting import caller, check_room
from emulation.services.codepipeline.states import latest_in
from emulation.services.codepipeline.store import (
    LOCK,
    Execution,
    Members,
    Pipeline,
    executions,
)
from emulation.services.scope import Scope


def stop(scope: Scope, request: Members) -> Members:
    """StopPipelineExecution: what is in progress is awaited, or abandoned."""
    identifier = request["pipelineExecutionId"]
    with LOCK:
        pipeline = find(scope, request["pipelineName"])
        execution = executions(pipeline).get(identifier)
        check_stoppable(pipeline, execution, identifier, abandon=bool(request.get("abandon")))
        assert execution is not None
        reason = request.get("reason") or execution.stop.get("reason", "")
        execution.stop = {"reason": reason, "abandon": bool(request.get("abandon"))}
        stopping(execution)
        if execution.stop["abandon"] or execution.waiting:
            advancing.close(execution, "Stopped")
            advancing.advance(pipeline)
        else:
            execution.save()
            stage_runs.wake(execution)
    return {"pipelineExecutionId": identifier}


def stopping(execution: Execution) -> None:
    """An execution that is about to stop."""
    if execution.status == "Stopping":
        return
    execution.status, execution.updated = "Stopping", time.time()
    telling.pipeline_is(execution, "Stopping")
    for name, stage_run in execution.stages.items():
        if stage_run.status == "InProgress":
            stage_run.status = "Stopping"
            telling.stage_is(execution, name, "Stopping")


def check_stoppable(
    pipeline: Pipeline, execution: Execution | None, identifier: str, *, abandon: bool
) -> None:
    """It must be in progress, and not have been told the same before."""
    if execution is None or not execution.live:
        raise refused(
            "PipelineExecutionNotStoppableException",
            f"Pipeline execution '{identifier}' in pipeline '{pipeline.name}' cannot be stopped: "
            "it is not in progress",
        )
    if execution.status == "Stopping" and not abandon:
        raise refused(
            "DuplicatedStopRequestException",
            "The pipeline execution is already in a Stopping state. If you already chose to stop "
            "and wait, you cannot make that request again. You can choose to stop and abandon now, "
            "but be aware that this option can lead to failed tasks or out of sequence tasks. If "
            "you already chose to stop and abandon, you cannot make that request again.",
        )


def retry(scope: Scope, request: Members) -> Members:
    """RetryStageExecution."""
    name, identifier = request["stageName"], request["pipelineExecutionId"]
    with LOCK:
        pipeline = find(scope, request["pipelineName"])
        stage = find_stage(pipeline, name)
        execution = executions(pipeline).get(identifier)
        latest = latest_in(pipeline, name)
        if execution is None or (
            latest is not execution and pipeline.declaration["executionMode"] != "PARALLEL"
        ):
            raise refused(
                "NotLatestPipelineExecutionException",
                f"The pipeline execution '{identifier}' is not the latest in stage '{name}' of "
                f"pipeline '{pipeline.name}'",
            )
        check_retryable(pipeline, execution, name)
        check_room(pipeline)
        advancing.retry(execution, stage, request["retryMode"], trigger="ManualStageRetry")
    return {"pipelineExecutionId": identifier}


def check_retryable(pipeline: Pipeline, execution: Execution, stage: str) -> None:
    """A stage that has failed, of a pipeline that has not changed since."""
    stage_run = execution.stages.get(stage)
    if stage_run is None or stage_run.status not in {"Failed", "Stopped"} or execution.live:
        raise refused(
            "StageNotRetryableException",
            f"Stage '{stage}' of pipeline '{pipeline.name}' cannot be retried: it contains no "
            "failed actions",
        )
    if pipeline.versions[execution.version - 1]["stages"] != pipeline.declaration["stages"]:
        raise refused(
            "StageNotRetryableException",
            f"Stage '{stage}' of pipeline '{pipeline.name}' cannot be retried: the pipeline "
            "structure has changed since",
        )


def find_stage(pipeline: Pipeline, name: str) -> Members:
    """A stage of the pipeline as it is now.

    Raises:
        CommonServiceException: there is none of that name.
    """
    for stage in pipeline.declaration["stages"]:
        if stage["name"] == name:
            found: Members = stage
            return found
    raise stage_not_found(name, pipeline.name)


def disable_transition(scope: Scope, request: Members) -> None:
    """DisableStageTransition: nothing enters the stage any more."""
    with LOCK:
        pipeline, stage = at_door(scope, request, "DisableStageTransition")
        pipeline.disabled[stage] = {
            "reason": request["reason"],
            "by": caller(scope),
            "at": time.time(),
        }
        pipeline.save()


def enable_transition(scope: Scope, request: Members) -> None:
    """EnableStageTransition: who waits enters."""
    with LOCK:
        pipeline, stage = at_door(scope, request, "EnableStageTransition")
        pipeline.disabled.pop(stage, None)
        pipeline.save()
        advancing.advance(pipeline)


def at_door(scope: Scope, request: Members, operation: str) -> tuple[Pipeline, str]:
    """The stage whose inbound transition is meant."""
    pipeline = find(scope, request["pipelineName"])
    stage = find_stage(pipeline, request["stageName"])["name"]
    if request["transitionType"] == "Inbound":
        return pipeline, stage
    raise not_emulated(operation, "the transition type Outbound")
