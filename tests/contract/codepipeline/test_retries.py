"""A failed stage is tried again, or rolled back to an execution that succeeded in it."""

import pytest

from tests.contract.codepipeline.declarations import approval
from tests.contract.refusals import refusal

UNKNOWN = "00000000-0000-0000-0000-000000000000"


@pytest.fixture
def retry(codepipeline):
    def call(made, mode="FAILED_ACTIONS", *, stage="Gate", identifier=None):
        return codepipeline.retry_stage_execution(
            pipelineName=made.name,
            stageName=stage,
            pipelineExecutionId=identifier or made.first(),
            retryMode=mode,
        )["pipelineExecutionId"]

    return call


def fail_right(made):
    left, right = made.asks(name="Left"), made.asks(name="Right")
    made.answer(left, name="Left")
    made.answer(right, "Rejected", name="Right")
    assert made.end() == "Failed"


@pytest.mark.parametrize(("mode", "again"), [("FAILED_ACTIONS", 1), ("ALL_ACTIONS", 2)])
def test_retry_runs_again_what_its_mode_says(codepipeline, pipeline, retry, mode, again):
    made = pipeline(("Gate", approval("Left"), approval("Right")))
    fail_right(made)
    before = made.actions()
    assert retry(made, mode) == made.first()
    made.waiting("Right", lambda: made.asks(name="Right"))
    assert made.execution(made.first())["status"] == "InProgress"
    after = made.actions()
    changed = [
        name
        for name in ("Left", "Right")
        if after[name]["actionExecutionId"] != before[name]["actionExecutionId"]
    ]
    assert len(changed) == again
    for name in changed:
        made.answer(made.asks(name=name), name=name)
    assert made.end() == "Succeeded"
    metadata = made.stage("Gate")["retryStageMetadata"]
    assert metadata == {"manualStageRetryAttempt": 1, "latestRetryTrigger": "ManualStageRetry"}


def test_latest_runs_leave_out_those_that_were_tried_again(codepipeline, pipeline, retry):
    made = pipeline(("Gate", approval("Left"), approval("Right")))
    fail_right(made)
    retry(made)
    made.asks(name="Right")
    wanted = {"pipelineExecutionId": made.first()}

    def count(kind):
        latest = {"latestInPipelineExecution": {**wanted, "startTimeRange": kind}}
        found = codepipeline.list_action_executions(pipelineName=made.name, filter=latest)
        return len(found["actionExecutionDetails"])

    assert (count("Latest"), count("All")) == (3, 4)


def test_stage_that_did_not_fail_is_not_retried(pipeline, retry):
    made = pipeline(("Gate", approval()))
    made.asks()
    assert refusal(retry, made=made)[0] == "StageNotRetryableException"
    assert refusal(retry, made=made, stage="No")[0] == "StageNotFoundException"
    assert refusal(retry, made=made, identifier=UNKNOWN)[0] == (
        "NotLatestPipelineExecutionException"
    )


def test_stage_that_a_later_execution_has_entered_is_not_retried(pipeline, retry):
    made = pipeline(("Gate", approval()))
    made.answer(made.asks(), "Rejected")
    made.end()
    later = made.start()
    made.asks(of=later)
    assert refusal(retry, made=made)[0] == "NotLatestPipelineExecutionException"


def test_stage_of_a_changed_pipeline_is_not_retried(codepipeline, pipeline, retry):
    made = pipeline(("Gate", approval()))
    made.answer(made.asks(), "Rejected")
    made.end()
    declared = codepipeline.get_pipeline(name=made.name)["pipeline"]
    declared["stages"][1]["actions"][0]["configuration"] = {"CustomData": "new"}
    codepipeline.update_pipeline(pipeline=declared)
    assert refusal(retry, made=made)[0] == "StageNotRetryableException"


def gate(*actions, failure):
    return {"name": "Gate", "actions": list(actions), "onFailure": failure}


@pytest.fixture
def with_failure(codepipeline, pipeline):
    """A pipeline whose gate does something when it fails; its first execution is over."""

    def create(failure):
        made = pipeline(("Gate", approval()))
        declared = codepipeline.get_pipeline(name=made.name)["pipeline"]
        declared["stages"][1]["onFailure"] = failure
        codepipeline.update_pipeline(pipeline=declared)
        made.end()
        return made

    return create


def test_automatic_retry_happens_once(with_failure):
    made = with_failure({"result": "RETRY", "retryConfiguration": {"retryMode": "ALL_ACTIONS"}})
    started = made.start()
    token = made.asks(of=started)
    made.answer(token, "Rejected")

    def other():
        found = made.asks(of=started)
        return found if found != token else None

    made.answer(made.waiting("the second try", other), "Rejected")
    assert made.end(started) == "Failed"
    metadata = made.stage("Gate")["retryStageMetadata"]
    assert metadata == {"autoStageRetryAttempt": 1, "latestRetryTrigger": "AutomatedStageRetry"}


def test_automatic_rollback_goes_back_to_the_last_success(with_failure):
    made = with_failure({"result": "ROLLBACK"})
    good = made.start()
    made.answer(made.asks(of=good))
    assert made.end(good) == "Succeeded"
    bad = made.start()
    made.answer(made.asks(of=bad), "Rejected")
    assert made.end(bad) == "Failed"
    back = made.waiting("the rollback", lambda: made.executions()[0])
    assert back["executionType"] == "ROLLBACK"
    assert back["rollbackMetadata"] == {"rollbackTargetPipelineExecutionId": good}
    assert back["trigger"] == {"triggerType": "AutomatedRollback", "triggerDetail": bad}
    identifier = back["pipelineExecutionId"]
    made.answer(made.asks(of=identifier))
    assert made.end(identifier) == "Succeeded"
    assert set(made.actions(identifier)) == {"Ask"}


def test_rollback_takes_the_targets_artifacts_and_refuses_others(codepipeline, pipeline, aws):
    made = pipeline(("Gate", approval()))
    made.answer(made.asks())
    made.end()

    def rollback(target, stage="Gate"):
        return codepipeline.rollback_stage(
            pipelineName=made.name, stageName=stage, targetPipelineExecutionId=target
        )["pipelineExecutionId"]

    assert refusal(rollback, target=UNKNOWN)[0] == "PipelineExecutionNotFoundException"
    assert refusal(rollback, target=made.first(), stage="Source")[0] == (
        "UnableToRollbackStageException"
    )
    back = rollback(made.first())
    made.answer(made.asks(of=back))
    assert made.end(back) == "Succeeded"
    before, after = made.execution(made.first()), made.execution(back)
    assert after["artifactRevisions"] == before["artifactRevisions"]
    assert after["trigger"]["triggerType"] == "ManualRollback"
    assert made.executions(filter={"succeededInStage": {"stageName": "Gate"}}) == (
        made.executions()
    )
