"""GetPipelineState: each stage with who was in it last, who waits for it, and its actions."""

from emulation.services.codepipeline import rules
from emulation.services.codepipeline.pipelines import find, moment
from emulation.services.codepipeline.store import (
    LOCK,
    ActionRun,
    Execution,
    Members,
    Pipeline,
    StageRun,
    executions,
)
from emulation.services.scope import Scope


def get_state(scope: Scope, request: Members) -> Members:
    """GetPipelineState."""
    with LOCK:
        pipeline = find(scope, request["name"])
        stages = pipeline.declaration["stages"]
        return {
            "pipelineName": pipeline.name,
            "pipelineVersion": len(pipeline.versions),
            "stageStates": [stage_state(pipeline, i, stage) for i, stage in enumerate(stages)],
            "created": moment(pipeline.created),
            "updated": moment(pipeline.updated),
        }


def stage_state(pipeline: Pipeline, index: int, stage: Members) -> Members:
    """One stage."""
    name = stage["name"]
    told: Members = {
        "stageName": name,
        "inboundTransitionState": transition(pipeline, name),
        "actionStates": [action_state(pipeline, stage, action) for action in stage["actions"]],
    }
    waiting = sorted(
        (
            item
            for item in executions(pipeline).values()
            if item.live and item.waiting and item.place == index
        ),
        key=lambda item: item.number,
    )
    if waiting:
        told["inboundExecutions"] = [execution_of(item, "InProgress") for item in waiting]
        told["inboundExecution"] = execution_of(waiting[-1], "InProgress")
    if latest := latest_in(pipeline, name):
        stage_run = latest.stages[name]
        told["latestExecution"] = execution_of(latest, stage_run.status)
        told |= of_latest(stage_run)
    return told


def of_latest(stage_run: StageRun) -> Members:
    """How often a stage was tried again, and how its conditions went."""
    told: Members = {}
    for gate in rules.GATES:
        if state := rules.told_state(stage_run, gate):
            told[f"{gate}ConditionState"] = state
    if stage_run.retry_trigger:
        counts = {
            "autoStageRetryAttempt": stage_run.automatic_retries,
            "manualStageRetryAttempt": stage_run.manual_retries,
        }
        told["retryStageMetadata"] = {
            **{name: count for name, count in counts.items() if count},
            "latestRetryTrigger": stage_run.retry_trigger,
        }
    return told


def execution_of(execution: Execution, status: str) -> Members:
    """An execution, as a stage tells it."""
    return {
        "pipelineExecutionId": execution.identifier,
        "status": status,
        "type": execution.kind,
    }


def transition(pipeline: Pipeline, stage: str) -> Members:
    """Whether the stage may be entered."""
    if why := pipeline.disabled.get(stage):
        return {
            "enabled": False,
            "disabledReason": why["reason"],
            "lastChangedBy": why["by"],
            "lastChangedAt": moment(why["at"]),
        }
    return {"enabled": True}


def latest_in(pipeline: Pipeline, stage: str) -> Execution | None:
    """The execution that was in a stage last."""
    found = [item for item in executions(pipeline).values() if stage in item.stages]
    return max(found, key=lambda item: item.stages[stage].started, default=None)


def action_state(pipeline: Pipeline, stage: Members, action: Members) -> Members:
    """One action, with its latest run."""
    told: Members = {"actionName": action["name"], **links(pipeline, action)}
    runs = [
        (run, item)
        for item in executions(pipeline).values()
        for run in item.actions
        if run.stage == stage["name"] and run.name == action["name"]
    ]
    if not runs:
        return told
    run, execution = max(runs, key=lambda pair: pair[0].started)
    told["latestExecution"] = run_state(run)
    for item in execution.revisions:
        if item["action"] == run.name:
            told["revisionUrl"] = item["revisionUrl"]
            told["currentRevision"] = {
                "revisionId": item["revisionId"],
                "revisionChangeId": item["revisionChangeIdentifier"],
                "created": moment(item["created"]),
            }
    return told


def run_state(run: ActionRun) -> Members:
    """The latest run of an action."""
    waits = run.status == "InProgress"
    told = {
        "actionExecutionId": run.identifier,
        "status": run.status,
        "summary": run.summary,
        "lastStatusChange": moment(run.updated),
        "token": run.token if waits else "",
        "lastUpdatedBy": run.updated_by,
        "externalExecutionId": run.external_id,
        "externalExecutionUrl": run.external_url,
        "logStreamARN": run.log_stream,
        "percentComplete": run.percent,
        "errorDetails": dict(run.error),
    }
    return {name: value for name, value in told.items() if value not in ("", None, {})}


def links(pipeline: Pipeline, action: Members) -> Members:
    """Where the console would show what an action works on."""
    given = action["configuration"]
    console = f"https://{pipeline.region}.console.aws.amazon.com"
    places = {
        "S3": f"https://console.aws.amazon.com/s3/home?region={pipeline.region}#",
        "CodeBuild": f"{console}/codebuild/home#/projects/{given.get('ProjectName')}/view",
        "CloudFormation": f"{console}/cloudformation/home?region={pipeline.region}#/",
        "Lambda": f"{console}/lambda/home#/functions/{given.get('FunctionName')}",
        "StepFunctions": (
            f"{console}/states/home#/statemachines/view/{given.get('StateMachineArn')}"
        ),
    }
    found = places.get(action["actionTypeId"]["provider"])
    return {"entityUrl": found} if found else {}
