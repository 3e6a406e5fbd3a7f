"""An execution is stopped, and what was in progress is awaited or abandoned."""

import pytest

from tests.contract.codepipeline.declarations import approval
from tests.contract.refusals import refusal


@pytest.fixture
def stop(codepipeline):
    def call(made, identifier=None, **request):
        return codepipeline.stop_pipeline_execution(
            pipelineName=made.name, pipelineExecutionId=identifier or made.first(), **request
        )

    return call


def test_stop_waits_for_what_is_in_progress(pipeline, stop):
    made = pipeline(("Gate", approval(), approval("Next", runOrder=2)))
    token = made.asks()
    stop(made, reason="enough")
    assert made.execution(made.first())["status"] == "Stopping"
    assert made.stage("Gate")["latestExecution"]["status"] == "Stopping"
    code, _ = refusal(stop, made=made)
    assert code == "DuplicatedStopRequestException"
    made.answer(token)
    assert made.end() == "Stopped"
    assert "Next" not in made.actions()
    (execution,) = made.executions()
    assert execution["stopTrigger"] == {"reason": "enough"}


def test_abandoned_actions_are_left_at_once(pipeline, stop):
    made = pipeline(("Gate", approval()))
    token = made.asks()
    stop(made, abandon=True)
    assert made.execution(made.first())["status"] == "Stopped"
    assert made.actions()["Ask"]["status"] == "Abandoned"
    assert refusal(made.answer, token=token)[0] == "InvalidApprovalTokenException"
    code, _ = refusal(stop, made=made)
    assert code == "PipelineExecutionNotStoppableException"


def test_execution_that_waits_is_stopped_at_once(pipeline, stop):
    made = pipeline(("Gate", approval()), executionMode="QUEUED")
    made.asks()
    second = made.start()
    stop(made, second)
    assert made.end(second) == "Stopped"
    assert made.execution(made.first())["status"] == "InProgress"


def test_stop_of_an_execution_that_is_not_there(pipeline, stop):
    made = pipeline(("Gate", approval()))
    unknown = "00000000-0000-0000-0000-000000000000"
    assert refusal(stop, made=made, identifier=unknown)[0] == (
        "PipelineExecutionNotStoppableException"
    )
