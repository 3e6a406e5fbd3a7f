"""Conditions let an execution into a stage, past it, or not."""

import pytest

from tests.contract.codepipeline.declarations import approval, declaration
from tests.contract.refusals import refusal


def check(operator, value, result):
    configuration = {"Variable": "#{variables.go}", "Value": value, "Operator": operator}
    kind = {"category": "Rule", "owner": "AWS", "provider": "VariableCheck", "version": "1"}
    rule = {"name": "check", "ruleTypeId": kind, "configuration": configuration}
    return {"conditions": [{"result": result, "rules": [rule]}]}


@pytest.fixture
def guarded(codepipeline, versioned, pipeline):
    """`guarded(beforeEntry=...)`: a pipeline with a condition at its gate; `go` is `yes`."""

    def create(**gates):
        made = pipeline(
            ("Gate", approval()),
            ("After", approval()),
            variables=[{"name": "go", "defaultValue": "yes"}],
        )
        declared = codepipeline.get_pipeline(name=made.name)["pipeline"]
        declared["stages"][1] |= gates
        codepipeline.update_pipeline(pipeline=declared)
        return made, made.start()

    return create


def test_condition_that_holds_lets_in_and_tells_its_state(guarded):
    made, started = guarded(beforeEntry=check("EQ", "yes", "FAIL"))
    made.answer(made.asks(of=started))
    state = made.stage("Gate")["beforeEntryConditionState"]
    assert state["latestExecution"]["status"] == "Succeeded"
    (rule,) = state["conditionStates"][0]["ruleStates"]
    assert (rule["ruleName"], rule["latestExecution"]["status"]) == ("check", "Succeeded")


def test_stage_is_skipped(guarded):
    made, started = guarded(beforeEntry=check("NE", "yes", "SKIP"))
    made.asks("After", of=started)
    assert made.stage("Gate")["latestExecution"]["status"] == "Skipped"
    assert "Ask" not in made.actions(started) or made.actions(started)["Ask"]["stageName"] != "Gate"


def test_stage_is_failed_before_entry(guarded):
    made, started = guarded(beforeEntry=check("EQ", "no", "FAIL"))
    assert made.end(started) == "Failed"
    (rule,) = made.stage("Gate")["beforeEntryConditionState"]["conditionStates"][0]["ruleStates"]
    assert "'yes' EQ 'no'" in rule["latestExecution"]["errorDetails"]["message"]


def test_stage_is_failed_on_success(guarded):
    made, started = guarded(onSuccess=check("MATCHES", "n.*", "FAIL"))
    made.answer(made.asks(of=started))
    assert made.end(started) == "Failed"
    assert made.stage("Gate")["onSuccessConditionState"]["latestExecution"]["status"] == "Failed"


def test_rules_that_nobody_carries_out_are_refused_by_name(codepipeline):
    pipeline = declaration("refused", "some-bucket", ("Gate", approval()))
    gate = check("EQ", "a", "FAIL")
    gate["conditions"][0]["rules"][0]["ruleTypeId"]["provider"] = "DeploymentWindow"
    pipeline["stages"][1]["beforeEntry"] = gate
    _, message = refusal(codepipeline.create_pipeline, pipeline=pipeline)
    assert message == ("codepipeline.CreatePipeline with the rule DeploymentWindow is not emulated")
    pipeline["stages"][1]["beforeEntry"] = check("EQ", "a", "ROLLBACK")
    code, _ = refusal(codepipeline.create_pipeline, pipeline=pipeline)
    assert code == "InvalidStageDeclarationException"
