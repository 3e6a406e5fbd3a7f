"""Who enters which stage: the rules of the three execution modes.

A stage holds one execution; in PARALLEL mode any number. Who waits for a stage enters when it is
free and its inbound transition is not disabled. In SUPERSEDED mode only the youngest of those that
wait goes on; in QUEUED mode they enter in the order in which they were started. A failed execution
holds nothing.

All of this happens with the lock held, by whoever changed something.
"""

import time
from dataclasses import replace

from emulation.services.codepipeline import stage_runs, telling
from emulation.services.codepipeline.store import (
    Execution,
    Members,
    Pipeline,
    StageRun,
    declared,
    executions,
    pipelines,
)


def advance(pipeline: Pipeline) -> None:
    """Let everybody enter who may; from the last stage on, for each that leaves one makes room."""
    for index, stage in reversed(list(enumerate(pipeline.declaration["stages"]))):
        for execution in entering(pipeline, index, stage["name"]):
            enter(execution, stage)


def entering(pipeline: Pipeline, index: int, stage: str) -> list[Execution]:
    """Those that enter a stage now."""
    there = [item for item in live(pipeline) if item.place == index]
    waiting = sorted((item for item in there if item.waiting), key=lambda item: item.number)
    mode = pipeline.declaration["executionMode"]
    if mode == "SUPERSEDED" and waiting:
        *older, youngest = waiting
        for execution in older:
            end(execution, "Superseded")
        waiting = [youngest]
    if stage in pipeline.disabled:
        return []
    if mode == "PARALLEL":
        return waiting
    occupied = any(not item.waiting for item in there)
    return [] if occupied else waiting[:1]


def live(pipeline: Pipeline) -> list[Execution]:
    """The executions that go on."""
    return [item for item in executions(pipeline).values() if item.live]


def enter(execution: Execution, stage: Members) -> None:
    """Into a stage."""
    name = stage["name"]
    execution.waiting = False
    execution.stages[name] = StageRun()
    execution.updated = time.time()
    execution.save()
    telling.stage_is(execution, name, "InProgress")
    stage_runs.start(execution, stage, stage_ended)


def stage_ended(execution: Execution, stage: str, status: str) -> None:
    """What comes after a stage: the next, the end, or the same again."""
    stage_run = execution.stages[stage]
    stage_run.status = status
    telling.stage_is(execution, stage, status)
    stages = declared(execution)["stages"]
    if status == "Failed":
        failed(execution, stages[execution.place])
    elif status == "Stopped" or execution.stop:
        end(execution, "Stopped")
    elif execution.kind == "ROLLBACK" or execution.place == len(stages) - 1:
        end(execution, "Succeeded")
    else:
        execution.place += 1
        execution.waiting = True
        execution.save()
    advance_of(execution)


def advance_of(execution: Execution) -> None:
    """Advance an execution's pipeline."""
    if pipeline := pipelines(execution.scope).get(execution.pipeline):
        advance(pipeline)


def failed(execution: Execution, stage: Members) -> None:
    """A stage has failed; it may ask to be tried again, once, or to be rolled back."""
    wanted = stage.get("onFailure") or {}
    stage_run = execution.stages[stage["name"]]
    if wanted.get("result") == "RETRY" and not stage_run.automatic_retries and not execution.stop:
        mode = (wanted.get("retryConfiguration") or {}).get("retryMode", "FAILED_ACTIONS")
        retry(execution, stage, mode, trigger="AutomatedStageRetry")
        return
    end(execution, "Failed")
    if "ROLLBACK" in {wanted.get("result"), result_on_success(stage, stage_run)}:
        from emulation.services.codepipeline import rollbacks

        rollbacks.automatic(execution, stage["name"])


def result_on_success(stage: Members, stage_run: StageRun) -> str:
    """What a condition asks for that the stage has failed by, although its actions succeeded."""
    if stage_run.conditions.get("onSuccess", {}).get("status") != "Failed":
        return ""
    (condition,) = stage["onSuccess"]["conditions"]
    return str(condition.get("result", "FAIL"))


def retry(execution: Execution, stage: Members, mode: str, *, trigger: str) -> None:
    """Carry a stage out again: all of its actions, or those that did not succeed."""
    name = stage["name"]
    before = execution.stages[name]
    kept = {
        action: identifier
        for action, identifier in before.runs.items()
        if mode == "FAILED_ACTIONS" and execution.run(identifier).status == "Succeeded"
    }
    automatic = trigger == "AutomatedStageRetry"
    execution.stages[name] = replace(
        before,
        status="InProgress",
        started=time.time(),
        runs=kept,
        conditions={},
        automatic_retries=before.automatic_retries + automatic,
        manual_retries=before.manual_retries + (not automatic),
        retry_trigger=trigger,
    )
    execution.status, execution.summary, execution.stop = "InProgress", "", {}
    execution.attempt += 1
    execution.place = [item["name"] for item in declared(execution)["stages"]].index(name)
    execution.waiting = False
    execution.updated = time.time()
    execution.save()
    telling.pipeline_is(execution, "Resumed")
    telling.stage_is(execution, name, "Resumed")
    stage_runs.start(execution, stage, stage_ended)


def end(execution: Execution, status: str, summary: str = "") -> None:
    """An execution's end, which may be one for now only: a stage can be retried."""
    execution.status, execution.summary, execution.waiting = status, summary, False
    execution.updated = time.time()
    execution.save()
    telling.pipeline_is(execution, status)
    stage_runs.wake(execution)


def close(execution: Execution, status: str, summary: str = "") -> None:
    """End an execution with what is in progress in it; what its actions have started goes on."""
    stages = {stage["name"]: stage for stage in declared(execution)["stages"]}
    for run in execution.actions:
        if run.status == "InProgress":
            run.status, run.updated = "Abandoned", time.time()
            of_stage = stages[run.stage]["actions"]
            action = next(item for item in of_stage if item["name"] == run.name)
            word = "Cancelled" if status == "Cancelled" else "Abandoned"
            telling.action_is(execution, action, run, word)
    for name, stage_run in execution.stages.items():
        if stage_run.status in {"InProgress", "Stopping"}:
            stage_run.status = status
            telling.stage_is(execution, name, status)
    end(execution, status, summary)


def cancel_all(pipeline: Pipeline) -> None:
    """The pipeline's declaration has changed under its executions."""
    for execution in live(pipeline):
        close(execution, "Cancelled", "The pipeline's definition was updated")


def abandon_all(pipeline: Pipeline) -> None:
    """The pipeline is to be deleted."""
    for execution in live(pipeline):
        close(execution, "Stopped")


def go_on(pipeline: Pipeline) -> None:
    """Go on where the last run of the emulator ended."""
    stages = pipeline.declaration["stages"]
    for execution in live(pipeline):
        if not execution.waiting:
            stage_runs.start(execution, stages[execution.place], stage_ended)
    advance(pipeline)
