"""Who goes on when several executions are on their way."""

from tests.contract.codepipeline.declarations import approval
from tests.contract.refusals import refusal


def waits_for(made, stage, identifier):
    def found():
        inbound = made.stage(stage).get("inboundExecutions", [])
        return identifier in {item["pipelineExecutionId"] for item in inbound}

    return made.waiting(f"{identifier} to wait for {stage}", found)


def test_superseded_the_youngest_that_waits_goes_on(pipeline):
    made = pipeline(("Gate", approval()))
    token, first = made.asks(), made.first()
    older = made.start()
    waits_for(made, "Gate", older)
    younger = made.start()
    assert made.end(older) == "Superseded"
    waits_for(made, "Gate", younger)
    assert made.stage("Gate")["inboundExecution"]["pipelineExecutionId"] == younger
    made.answer(token)
    assert made.end(first) == "Succeeded"
    made.answer(made.asks(of=younger))
    assert made.end(younger) == "Succeeded"


def test_queued_executions_enter_in_their_order(pipeline):
    made = pipeline(("Gate", approval()), executionMode="QUEUED")
    token = made.asks()
    second, third = made.start(), made.start()
    waits_for(made, "Gate", third)
    waiting = [item["pipelineExecutionId"] for item in made.stage("Gate")["inboundExecutions"]]
    assert waiting == [second, third]
    made.answer(token, "Rejected")
    made.answer(made.asks(of=second))
    made.answer(made.asks(of=third))
    assert made.end(third) == "Succeeded"
    statuses = [item["status"] for item in made.executions()]
    assert statuses == ["Succeeded", "Succeeded", "Failed"]
    assert {item["executionMode"] for item in made.executions()} == {"QUEUED"}


def test_parallel_executions_are_in_a_stage_together(codepipeline, pipeline):
    made = pipeline(("Gate", approval()), executionMode="PARALLEL")
    both = [made.first(), made.start()]

    def waiting():
        runs = [made.actions(identifier).get("Ask", {}) for identifier in both]
        return all(run.get("status") == "InProgress" for run in runs)

    made.waiting("both to ask", waiting)
    assert "inboundExecutions" not in made.stage("Gate")


def test_disabled_transition_holds_executions_back(codepipeline, pipeline):
    made = pipeline(("Gate", approval()), ("After", approval()))
    door = {"pipelineName": made.name, "stageName": "After", "transitionType": "Inbound"}
    codepipeline.disable_stage_transition(**door, reason="not on Fridays")
    made.answer(made.asks())
    waits_for(made, "After", made.first())
    state = made.stage("After")["inboundTransitionState"]
    assert (state["enabled"], state["disabledReason"]) == (False, "not on Fridays")
    codepipeline.enable_stage_transition(**door)
    made.answer(made.asks("After"), stage="After")
    assert made.end() == "Succeeded"
    assert made.stage("After")["inboundTransitionState"]["enabled"] is True


def test_transition_of_a_stage_that_is_not_there(codepipeline, pipeline):
    made = pipeline(("Gate", approval()))
    code, _ = refusal(
        codepipeline.disable_stage_transition,
        pipelineName=made.name,
        stageName="No",
        transitionType="Inbound",
        reason="why",
    )
    assert code == "StageNotFoundException"
