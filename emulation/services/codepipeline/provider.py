"""CodePipeline's wire: each operation checks the request and hands it on."""

import copy
from collections.abc import Callable
from typing import Any

from localstack.aws.api import RequestContext
from localstack.services.plugins import ServiceLifecycleHook

from emulation.services import validation
from emulation.services.codepipeline import (
    answers,
    controls,
    histories,
    pipelines,
    polling,
    recovery,
    rollbacks,
    starting,
    states,
    tags,
    type_lists,
)
from emulation.services.codepipeline.errors import validation_exception
from emulation.services.codepipeline.store import Members
from emulation.services.operations import named
from emulation.services.scope import Scope

LONGEST_VALUE = 50_000
"""Of a configuration, on AWS; the API's model knows a former limit."""


def operation(name: str, work: Callable[[Scope, Members], Members | None]) -> Any:
    """An operation: the request is valid before `work` sees it."""
    return in_context(name, lambda context, request: work(Scope.of(context), request))


def in_context(name: str, work: Callable[[RequestContext, Members], Members | None]) -> Any:
    """An operation that wants to know who asks."""

    def call(_self: Any, context: RequestContext, request: Members) -> Members | None:
        check(context, request)
        return work(context, request)

    return named(name, call)


def check(context: RequestContext, request: Members) -> None:
    """Raise what the API's model does not allow."""
    shown = copy.deepcopy(request)
    for stage in (shown.get("pipeline") or {}).get("stages") or []:
        for action in stage.get("actions") or []:
            check_values(action.pop("configuration", None) or {})
    validation.check(context.operation, shown)


def check_values(configuration: dict[str, str]) -> None:
    """The values of an action's configuration."""
    for value in configuration.values():
        if not 1 <= len(value) <= LONGEST_VALUE:
            raise validation_exception(
                f"1 validation error detected: Value '{value[:100]}' at "
                "'pipeline.stages.member.actions.member.configuration' failed to satisfy "
                "constraint: Map value must satisfy constraint: [Member must have length less than "
                f"or equal to {LONGEST_VALUE}, Member must have length greater than or equal to 1]"
            )


def changing(work: Callable[[Scope, Members], Members | None]) -> Callable[..., Members | None]:
    """Work that may give or take a source that is polled."""

    def call(scope: Scope, request: Members) -> Members | None:
        answer = work(scope, request)
        polling.wake()
        return answer

    return call


class CodePipelineProvider(ServiceLifecycleHook):
    """The operations that are carried out; all others are refused by name."""

    service = "codepipeline"

    create_pipeline = operation("CreatePipeline", changing(pipelines.create))
    update_pipeline = operation("UpdatePipeline", changing(pipelines.update))
    get_pipeline = operation("GetPipeline", pipelines.get)
    delete_pipeline = operation("DeletePipeline", pipelines.delete)
    list_pipelines = operation("ListPipelines", pipelines.list_pipelines)
    get_pipeline_state = operation("GetPipelineState", states.get_state)

    start_pipeline_execution = in_context("StartPipelineExecution", starting.start_execution)
    stop_pipeline_execution = operation("StopPipelineExecution", controls.stop)
    retry_stage_execution = operation("RetryStageExecution", controls.retry)
    rollback_stage = operation("RollbackStage", rollbacks.rollback)
    disable_stage_transition = operation("DisableStageTransition", controls.disable_transition)
    enable_stage_transition = operation("EnableStageTransition", controls.enable_transition)

    get_pipeline_execution = operation("GetPipelineExecution", histories.get_execution)
    list_pipeline_executions = operation("ListPipelineExecutions", histories.list_executions)
    list_action_executions = operation("ListActionExecutions", histories.list_actions)

    put_approval_result = operation("PutApprovalResult", answers.put_approval)
    put_job_success_result = operation("PutJobSuccessResult", answers.put_success)
    put_job_failure_result = operation("PutJobFailureResult", answers.put_failure)
    get_job_details = operation("GetJobDetails", answers.get_job)
    acknowledge_job = operation("AcknowledgeJob", answers.acknowledge)
    poll_for_jobs = operation("PollForJobs", answers.poll)

    list_action_types = operation("ListActionTypes", type_lists.list_action_types)
    list_rule_types = operation("ListRuleTypes", type_lists.list_rule_types)
    tag_resource = operation("TagResource", tags.tag)
    untag_resource = operation("UntagResource", tags.untag)
    list_tags_for_resource = operation("ListTagsForResource", tags.list_tags)

    def on_after_init(self) -> None:
        """Sources are polled from now on."""
        polling.start()

    def on_after_state_load(self) -> None:
        """The pipelines of the last run go on when all other services have their state again."""
        recovery.recover()
