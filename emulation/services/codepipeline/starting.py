"""Starts executions: at a pipeline's creation, on request, by a rule, for a new source."""

import re
from typing import Any

from localstack.aws.api import RequestContext

from emulation.services.codepipeline import advancing, telling
from emulation.services.codepipeline.action_checks import every
from emulation.services.codepipeline.errors import (
    not_emulated,
    pipeline_not_found,
    refused,
    validation_exception,
)
from emulation.services.codepipeline.store import (
    LOCK,
    Execution,
    Members,
    Pipeline,
    executions,
    pipelines,
)
from emulation.services.scope import Scope

MOST_AT_ONCE = 50
RULE = re.compile(r"arn:[\w-]+:events:[^:]+:\d+:rule/.+")
S3_OVERRIDES = {"S3_OBJECT_VERSION_ID", "S3_OBJECT_KEY"}


def caller(scope: Scope) -> str:
    """Who asks, as triggers and approvals tell it: there is nobody but the account itself."""
    return f"arn:{scope.partition}:iam::{scope.account}:root"


def trigger_of(context: RequestContext) -> Members:
    """What a request to start means: a rule of EventBridge makes it in its own name."""
    inner: Any = getattr(context, "internal_request_params", None) or {}
    source = str(inner.get("source_arn") or "")
    if RULE.fullmatch(source):
        return {"triggerType": "CloudWatchEvent", "triggerDetail": source}
    scope = Scope.of(context)
    return {"triggerType": "StartPipelineExecution", "triggerDetail": caller(scope)}


def start_execution(context: RequestContext, request: Members) -> Members:
    """StartPipelineExecution."""
    scope, name = Scope.of(context), request["name"]
    with LOCK:
        if name not in pipelines(scope):
            raise pipeline_not_found(name, scope.account)
        pipeline = pipelines(scope)[name]
        token = request.get("clientRequestToken", "")
        if token and (found := by_token(pipeline, token)):
            return {"pipelineExecutionId": found.identifier}
        values = given_variables(pipeline, request.get("variables") or [])
        overrides = request.get("sourceRevisions") or []
        check_overrides(pipeline, overrides)
        execution = start(pipeline, trigger_of(context), values, overrides, token=token)
        return {"pipelineExecutionId": execution.identifier}


def by_token(pipeline: Pipeline, token: str) -> Execution | None:
    """The execution that the same request has started already."""
    return next((item for item in executions(pipeline).values() if item.token == token), None)


def start(
    pipeline: Pipeline,
    trigger: Members,
    values: dict[str, str] | None = None,
    overrides: list[Members] | None = None,
    *,
    token: str = "",
) -> Execution:
    """Start an execution; called with the lock held."""
    declaration = pipeline.declaration
    check_room(pipeline)
    pipeline.started += 1
    execution = Execution(
        pipeline.name,
        pipeline.account,
        pipeline.region,
        pipeline.partition,
        pipeline.started,
        len(pipeline.versions),
        declaration["executionMode"],
        trigger,
        variables=given_variables(pipeline, []) if values is None else values,
        overrides=overrides or [],
        token=token,
    )
    take_in(pipeline, execution)
    return execution


def take_in(pipeline: Pipeline, execution: Execution) -> None:
    """A new execution, on disk before anything happens in it."""
    executions(pipeline)[execution.identifier] = execution
    pipeline.save()
    execution.save()
    telling.pipeline_is(execution, "InProgress")
    advancing.advance(pipeline)


def check_room(pipeline: Pipeline) -> None:
    """In QUEUED and PARALLEL mode so many executions may be in progress."""
    mode = pipeline.declaration["executionMode"]
    if mode != "SUPERSEDED" and len(advancing.live(pipeline)) >= MOST_AT_ONCE:
        raise refused(
            "ConcurrentPipelineExecutionsLimitExceededException",
            f"The pipeline '{pipeline.name}' has reached the limit for concurrent pipeline "
            f"executions: {MOST_AT_ONCE}",
        )


def given_variables(pipeline: Pipeline, given: list[Members]) -> dict[str, str]:
    """The values of the pipeline's variables.

    Raises:
        CommonServiceException: one is not declared, or has no value.
    """
    declared = {item["name"]: item for item in pipeline.declaration.get("variables", [])}
    values = {item["name"]: item["value"] for item in given}
    for name in values:
        if name not in declared:
            raise validation_exception(
                f"Pipeline variable '{name}' is not declared in pipeline '{pipeline.name}'"
            )
    for name, item in declared.items():
        if "defaultValue" in item:
            values.setdefault(name, item["defaultValue"])
    return values


def check_overrides(pipeline: Pipeline, overrides: list[Members]) -> None:
    """Source revisions of the caller's own choice must be of a source, and of its kind."""
    sources = {
        action["name"]: action
        for _, action in every(pipeline.declaration)
        if action["actionTypeId"]["category"] == "Source"
    }
    for item in overrides:
        name, kind = item["actionName"], item["revisionType"]
        if name not in sources:
            raise validation_exception(
                f"Source action '{name}' does not exist in pipeline '{pipeline.name}'"
            )
        if kind not in S3_OVERRIDES:
            raise not_emulated("StartPipelineExecution", f"source revisions of type {kind}")
        allowed = sources[name]["configuration"].get("AllowOverrideForS3ObjectKey", "false")
        if kind == "S3_OBJECT_KEY" and allowed.lower() != "true":
            raise validation_exception(
                f"Source action '{name}' does not allow an override of the S3 object key: "
                "AllowOverrideForS3ObjectKey is not true"
            )
