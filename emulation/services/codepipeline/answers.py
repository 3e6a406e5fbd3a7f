"""What comes back to an action from outside: answers to approvals, results of jobs."""

import time

from emulation.services.codepipeline import stage_runs
from emulation.services.codepipeline.action_types import key_of
from emulation.services.codepipeline.controls import find_stage
from emulation.services.codepipeline.errors import (
    action_not_found,
    refused,
    validation_exception,
)
from emulation.services.codepipeline.histories import declaration_of
from emulation.services.codepipeline.invoke_lambda import CONTINUE_SECONDS, job_data
from emulation.services.codepipeline.pipelines import find, moment
from emulation.services.codepipeline.starting import caller
from emulation.services.codepipeline.store import (
    LOCK,
    ActionRun,
    Execution,
    Members,
    Pipeline,
    declared,
    executions,
    pipelines,
)
from emulation.services.scope import Scope

LARGEST_VARIABLES = 122_880
"""All output variables of an action together, in bytes."""


def put_approval(scope: Scope, request: Members) -> Members:
    """PutApprovalResult."""
    with LOCK:
        pipeline = find(scope, request["pipelineName"])
        stage = find_stage(pipeline, request["stageName"])
        if request["actionName"] not in {item["name"] for item in stage["actions"]}:
            raise action_not_found(request["actionName"], stage["name"])
        execution, run = find_approval(pipeline, request)
        if "answer" in run.work or run.status in {"Succeeded", "Failed"}:
            raise refused(
                "ApprovalAlreadyCompletedException",
                "The approval action has already been approved or rejected.",
            )
        run.work["answer"] = dict(request["result"])
        run.updated_by = caller(scope)
        execution.save()
        stage_runs.wake(execution)
        return {"approvedAt": moment(time.time())}


def find_approval(pipeline: Pipeline, request: Members) -> tuple[Execution, ActionRun]:
    """The run of a manual approval that a token is of.

    Raises:
        CommonServiceException: none, or one that does not wait any more.
    """
    for execution in executions(pipeline).values():
        for run in execution.actions:
            place = (run.stage, run.name) == (request["stageName"], request["actionName"])
            if place and run.token == request["token"] and run.status != "Abandoned":
                return execution, run
    raise refused(
        "InvalidApprovalTokenException",
        "The approval request already received a response or has expired.",
    )


def put_success(scope: Scope, request: Members) -> None:
    """PutJobSuccessResult; with a continuation token the job goes on."""
    variables = request.get("outputVariables") or {}
    continuation = request.get("continuationToken")
    if variables and continuation:
        raise validation_exception(
            "outputVariables can be included only when there is no continuation token on the "
            "request"
        )
    size = sum(len(name.encode()) + len(value.encode()) for name, value in variables.items())
    if size > LARGEST_VARIABLES:
        raise refused(
            "OutputVariablesSizeExceededException",
            "Exceeded the total size limit for all variables in the pipeline.",
        )
    with LOCK:
        execution, run = job_in_progress(scope, request["jobId"])
        details = request.get("executionDetails") or {}
        run.summary = details.get("summary", run.summary)
        run.external_id = details.get("externalExecutionId", run.external_id)
        run.percent = details.get("percentComplete", run.percent)
        run.updated = time.time()
        if continuation:
            run.work |= {"continuation": continuation, "again": time.time() + CONTINUE_SECONDS}
        else:
            run.variables = dict(variables)
            run.work["result"] = {"summary": run.summary, "error": "", "code": ""}
        execution.save()
        stage_runs.wake(execution)


def put_failure(scope: Scope, request: Members) -> None:
    """PutJobFailureResult."""
    details = request["failureDetails"]
    with LOCK:
        execution, run = job_in_progress(scope, request["jobId"])
        run.external_id = details.get("externalExecutionId", run.external_id)
        run.work["result"] = {
            "summary": "",
            "error": details["message"],
            "code": details["type"],
        }
        execution.save()
        stage_runs.wake(execution)


def get_job(scope: Scope, request: Members) -> Members:
    """GetJobDetails."""
    with LOCK:
        execution, run = find_job(scope, request["jobId"])
        action = declaration_of(execution, run)
    data = job_data(execution, declared(execution), action, run)
    data["artifactCredentials"].pop("expirationTime")
    data["actionTypeId"] = dict(action["actionTypeId"])
    data["pipelineContext"] = {
        "pipelineName": execution.pipeline,
        "pipelineArn": execution.scope.arn("codepipeline", execution.pipeline),
        "pipelineExecutionId": execution.identifier,
        "stage": {"name": run.stage},
        "action": {"name": run.name, "actionExecutionId": run.identifier},
    }
    if token := run.work.get("continuation"):
        data["continuationToken"] = token
    return {"jobDetails": {"id": run.work["job"], "data": data, "accountId": execution.account}}


def find_job(scope: Scope, identifier: str) -> tuple[Execution, ActionRun]:
    """The run that a job is of.

    Raises:
        CommonServiceException: none.
    """
    for pipeline in pipelines(scope).values():
        for execution in reversed(list(executions(pipeline).values())):
            for run in execution.actions:
                if run.work.get("job") == identifier:
                    return execution, run
    raise refused("JobNotFoundException", f"Job not found: {identifier}")


def job_in_progress(scope: Scope, identifier: str) -> tuple[Execution, ActionRun]:
    """The run of a job that may still be answered.

    Raises:
        CommonServiceException: it has been, or is not there.
    """
    execution, run = find_job(scope, identifier)
    if run.status != "InProgress" or "result" in run.work:
        raise refused(
            "InvalidJobStateException",
            f"Job with id {identifier} is not in progress: its result cannot be put",
        )
    return execution, run


def acknowledge(scope: Scope, request: Members) -> Members:
    """AcknowledgeJob: jobs of Lambda are nobody's to take, and their nonces are told to nobody."""
    with LOCK:
        find_job(scope, request["jobId"])
    raise refused("InvalidNonceException", "The nonce was specified in an invalid format.")


def poll(_: Scope, request: Members) -> Members:
    """PollForJobs: there are no custom action types that one could work for."""
    category, provider = key_of(request)
    kind = request["actionTypeId"]
    raise refused(
        "ActionTypeNotFoundException",
        f"ActionType (Category: '{category}', Provider: '{provider}', Owner: '{kind['owner']}', "
        f"Version: '{kind['version']}') is not available for job workers",
    )
