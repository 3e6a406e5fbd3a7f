"""What has happened: executions and their actions, the latest first."""

from collections.abc import Iterable
from operator import attrgetter

from emulation.services import paging
from emulation.services.codepipeline.errors import execution_not_found, invalid_token
from emulation.services.codepipeline.pipelines import find, moment
from emulation.services.codepipeline.store import (
    LOCK,
    ActionRun,
    Execution,
    Members,
    Pipeline,
    declared,
    executions,
)
from emulation.services.scope import Scope


def get_execution(scope: Scope, request: Members) -> Members:
    """GetPipelineExecution."""
    with LOCK:
        pipeline = find(scope, request["pipelineName"])
        execution = find_execution(pipeline, request["pipelineExecutionId"])
        told = {
            "pipelineName": execution.pipeline,
            "pipelineVersion": execution.version,
            **common(execution),
            "artifactRevisions": [revision(item) for item in execution.revisions],
            "variables": [
                {"name": name, "resolvedValue": value}
                for name, value in execution.variables.items()
            ],
        }
    return {"pipelineExecution": told}


def find_execution(pipeline: Pipeline, identifier: str) -> Execution:
    """An execution of a pipeline.

    Raises:
        CommonServiceException: it is not the pipeline's.
    """
    found = executions(pipeline).get(identifier)
    if found is None:
        raise execution_not_found(pipeline.name, identifier)
    return found


def common(execution: Execution) -> Members:
    """What every answer tells of an execution."""
    told: Members = {
        "pipelineExecutionId": execution.identifier,
        "status": execution.status,
        "trigger": dict(execution.trigger),
        "executionMode": execution.mode,
        "executionType": execution.kind,
    }
    if execution.summary:
        told["statusSummary"] = execution.summary
    if execution.target:
        told["rollbackMetadata"] = {"rollbackTargetPipelineExecutionId": execution.target}
    return told


def revision(item: Members) -> Members:
    """A source's revision; it says of which artifact."""
    told = {name: value for name, value in item.items() if name != "action"}
    return told | {"created": moment(item["created"])}


def list_executions(scope: Scope, request: Members) -> Members:
    """ListPipelineExecutions."""
    with LOCK:
        pipeline = find(scope, request["pipelineName"])
        found: Iterable[Execution] = executions(pipeline).values()
        if wanted := (request.get("filter") or {}).get("succeededInStage"):
            found = [item for item in found if succeeded(pipeline, item, wanted["stageName"])]
        latest = sorted(found, key=attrgetter("number"), reverse=True)
        told = [summary(item) for item in latest]
    items, token = paging.page(request, told, invalid_token(), names=paging.CAMEL_NAMES)
    return {"pipelineExecutionSummaries": items, **token}


def succeeded(pipeline: Pipeline, execution: Execution, stage: str) -> bool:
    """Whether a stage of the pipeline as it is now succeeded in an execution."""
    stage_run = execution.stages.get(stage)
    of_now = execution.version == len(pipeline.versions)
    return of_now and stage_run is not None and stage_run.status == "Succeeded"


def summary(execution: Execution) -> Members:
    """An execution in a list."""
    told = common(execution) | {
        "startTime": moment(execution.started),
        "lastUpdateTime": moment(execution.updated),
        "sourceRevisions": [
            {
                "actionName": item["action"],
                "revisionId": item["revisionId"],
                "revisionSummary": item["revisionSummary"],
                "revisionUrl": item["revisionUrl"],
            }
            for item in execution.revisions
        ],
    }
    if execution.stop:
        told["stopTrigger"] = {"reason": execution.stop.get("reason", "")}
    return told


def list_actions(scope: Scope, request: Members) -> Members:
    """ListActionExecutions."""
    wanted = request.get("filter") or {}
    latest = wanted.get("latestInPipelineExecution") or {}
    identifier = wanted.get("pipelineExecutionId") or latest.get("pipelineExecutionId")
    with LOCK:
        pipeline = find(scope, request["pipelineName"])
        of: Iterable[Execution] = executions(pipeline).values()
        if identifier:
            of = [find_execution(pipeline, identifier)]
        only_last = latest.get("startTimeRange") == "Latest"
        found = [(item, run) for item in of for run in runs_of(item, only_last=only_last)]
        found.sort(key=lambda pair: pair[1].started, reverse=True)
        told = [action(item, run) for item, run in found]
    items, token = paging.page(request, told, invalid_token(), names=paging.CAMEL_NAMES)
    return {"actionExecutionDetails": items, **token}


def runs_of(execution: Execution, *, only_last: bool) -> list[ActionRun]:
    """The runs of an execution's actions; of those that were tried again, all or the last."""
    if not only_last:
        return execution.actions
    return list({(run.stage, run.name): run for run in execution.actions}.values())


def action(execution: Execution, run: ActionRun) -> Members:
    """A run of an action."""
    declaration = declaration_of(execution, run)
    told: Members = {
        "actionTypeId": dict(declaration["actionTypeId"]),
        "configuration": dict(declaration["configuration"]),
        "resolvedConfiguration": dict(run.configuration),
        "region": execution.region,
        "inputArtifacts": list(run.inputs),
    }
    for name in ("namespace", "roleArn"):
        if declaration.get(name):
            told[name] = declaration[name]
    return {
        "pipelineExecutionId": execution.identifier,
        "actionExecutionId": run.identifier,
        "pipelineVersion": execution.version,
        "stageName": run.stage,
        "actionName": run.name,
        "startTime": moment(run.started),
        "lastUpdateTime": moment(run.updated),
        "status": run.status,
        **({"updatedBy": run.updated_by} if run.updated_by else {}),
        "input": told,
        "output": output(run),
    }


def output(run: ActionRun) -> Members:
    """What an action has made."""
    done = run.status == "Succeeded"
    result = {
        "externalExecutionId": run.external_id,
        "externalExecutionSummary": run.summary,
        "externalExecutionUrl": run.external_url,
        "logStreamARN": run.log_stream,
        "errorDetails": dict(run.error),
    }
    return {
        "outputArtifacts": list(run.outputs) if done else [],
        "executionResult": {name: value for name, value in result.items() if value},
        "outputVariables": dict(run.variables) if done else {},
    }


def declaration_of(execution: Execution, run: ActionRun) -> Members:
    """The declaration of a run's action."""
    stages = declared(execution)["stages"]
    actions = next(stage["actions"] for stage in stages if stage["name"] == run.stage)
    found: Members = next(item for item in actions if item["name"] == run.name)
    return found
