"""A stage is carried out again as it was in an execution that succeeded: its artifacts, variables
and sources, in an execution of its own that ends with the stage.
"""

import copy

from emulation.services.codepipeline import advancing, starting
from emulation.services.codepipeline.controls import find_stage
from emulation.services.codepipeline.errors import refused
from emulation.services.codepipeline.histories import find_execution, succeeded
from emulation.services.codepipeline.pipelines import find
from emulation.services.codepipeline.starting import caller, take_in
from emulation.services.codepipeline.store import (
    LOCK,
    Execution,
    Members,
    Pipeline,
    executions,
    pipelines,
)
from emulation.services.scope import Scope


def rollback(scope: Scope, request: Members) -> Members:
    """RollbackStage."""
    stage = request["stageName"]
    with LOCK:
        pipeline = find(scope, request["pipelineName"])
        find_stage(pipeline, stage)
        target = find_execution(pipeline, request["targetPipelineExecutionId"])
        check(pipeline, target, stage)
        starting.check_room(pipeline)
        trigger = {"triggerType": "ManualRollback", "triggerDetail": caller(scope)}
        return {"pipelineExecutionId": begin(pipeline, target, stage, trigger).identifier}


def check(pipeline: Pipeline, target: Execution, stage: str) -> None:
    """The target must have succeeded in the stage, and the stage must be at rest."""
    if target.version != len(pipeline.versions):
        raise refused(
            "PipelineExecutionOutdatedException",
            "The specified pipeline execution is outdated and cannot be used as a target pipeline "
            "execution for rollback.",
        )
    names = [item["name"] for item in pipeline.declaration["stages"]]
    if names.index(stage) == 0:
        raise unable(f"Stage '{stage}' is a source stage")
    if pipeline.declaration["executionMode"] == "PARALLEL":
        raise unable("Stages of a pipeline in PARALLEL mode cannot be rolled back")
    if target.kind == "ROLLBACK" or not succeeded(pipeline, target, stage):
        raise unable(f"Pipeline execution '{target.identifier}' did not succeed in stage '{stage}'")
    if any(
        not item.waiting and item.place == names.index(stage) for item in advancing.live(pipeline)
    ):
        raise unable(f"Stage '{stage}' is currently running")


def unable(message: str) -> Exception:
    """A stage that stays as it is."""
    return refused("UnableToRollbackStageException", message)


def begin(pipeline: Pipeline, target: Execution, stage: str, trigger: Members) -> Execution:
    """An execution of one stage."""
    pipeline.started += 1
    execution = Execution(
        pipeline.name,
        pipeline.account,
        pipeline.region,
        pipeline.partition,
        pipeline.started,
        target.version,
        target.mode,
        trigger,
        variables=dict(target.variables),
        kind="ROLLBACK",
        target=target.identifier,
        artifacts=copy.deepcopy(target.artifacts),
        outputs=copy.deepcopy(target.outputs),
        revisions=copy.deepcopy(target.revisions),
    )
    names = [item["name"] for item in pipeline.declaration["stages"]]
    execution.place = names.index(stage)
    take_in(pipeline, execution)
    return execution


def automatic(failed: Execution, stage: str) -> None:
    """Roll a stage that has failed back to where it last succeeded, if it ever did."""
    pipeline = pipelines(failed.scope).get(failed.pipeline)
    if pipeline is None or failed.kind == "ROLLBACK":
        return
    before = [
        item
        for item in executions(pipeline).values()
        if item.kind == "STANDARD" and item is not failed and succeeded(pipeline, item, stage)
    ]
    if before:
        target = max(before, key=lambda item: item.stages[stage].started)
        trigger = {"triggerType": "AutomatedRollback", "triggerDetail": failed.identifier}
        begin(pipeline, target, stage, trigger)
