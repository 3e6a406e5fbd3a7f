"""CodePipeline's small decisions: variables, keys, parameters, conditions."""

import pytest

from emulation.services.codepipeline import artifacts, declarations, rules, tasks, variables
from emulation.services.codepipeline.stack_inputs import text
from emulation.services.codepipeline.store import ActionRun, Execution, StageRun
from emulation.services.codepipeline.template_words import lower

KNOWN = {"Source": {"VersionId": "v1"}, "variables": {"who": "all"}}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("plain", "plain"),
        ("#{Source.VersionId}", "v1"),
        ("a #{variables.who} b #{ Source.VersionId }", "a all b v1"),
        ("#not {a.reference}", "#not {a.reference}"),
    ],
)
def test_references_are_replaced(given, expected):
    assert variables.resolve(given, KNOWN) == expected


@pytest.mark.parametrize("given", ["#{Source.Nothing}", "#{Nobody.VersionId}", "#{Source}"])
def test_reference_without_a_value_is_an_error(given):
    with pytest.raises(variables.UnresolvedError):
        variables.resolve(given, KNOWN)


def test_key_has_twenty_letters_of_the_pipeline_and_ten_of_the_artifact():
    declaration = {"name": "p" * 30, "artifactStore": {"type": "S3", "location": "bucket"}}
    place = artifacts.new_location(declaration, "us-east-1", "a" * 30)
    pipeline, artifact, end = place["key"].split("/")
    assert (pipeline, artifact) == ("p" * 20, "a" * 10)
    assert len(end) == 7
    assert place["bucket"] == "bucket"


def test_store_of_a_region_is_among_several():
    stores = {"us-east-1": {"type": "S3", "location": "here"}}
    assert artifacts.store_of({"artifactStores": stores}, "us-east-1")["location"] == "here"


@pytest.mark.parametrize(
    ("value", "expected"), [("a", "a"), (1, "1"), (True, "true"), (["a", 2], "a,2")]
)
def test_parameter_values_are_texts(value, expected):
    assert text(value) == expected


def test_templates_words_become_the_apis_but_not_those_of_a_configuration():
    given = {"Stages": [{"Actions": [{"Configuration": {"S3Bucket": "b", "Poll": False}}]}]}
    expected = {"stages": [{"actions": [{"configuration": {"S3Bucket": "b", "Poll": "false"}}]}]}
    assert lower(given) == expected


@pytest.mark.parametrize(
    ("given", "expected"), [({}, "V1"), ({"variables": [{"name": "a"}]}, "V2")]
)
def test_type_follows_from_what_is_used(given, expected):
    assert declarations.normal({"stages": [], **given}, kind="V1")["pipelineType"] == expected


@pytest.mark.parametrize(
    ("operator", "value", "holds"),
    [
        ("EQ", "v1", True),
        ("EQ", "v", False),
        ("NE", "v", True),
        ("CONTAINS", "1", True),
        ("MATCHES", "v[0-9]", True),
        ("MATCHES", "[0-9]", False),
        ("MATCHES", "[", False),
    ],
)
def test_variable_check_compares(operator, value, holds):
    execution = Execution("p", "0", "r", "aws", 1, 1, "SUPERSEDED", {}, outputs=KNOWN)
    configuration = {"Variable": "#{Source.VersionId}", "Value": value, "Operator": operator}
    rule = {"name": "rule", "configuration": configuration}
    condition = {"result": "SKIP", "rules": [rule]}
    stage, stage_run = {"beforeEntry": {"conditions": [condition]}}, StageRun()
    found = rules.verdict(execution, stage, stage_run, "beforeEntry")
    assert found == ("" if holds else "SKIP")
    assert stage_run.conditions["beforeEntry"]["status"] == ("Succeeded" if holds else "Failed")


@pytest.mark.parametrize(("members", "minutes"), [({}, 7 * 24 * 60), ({"timeoutInMinutes": 5}, 5)])
def test_action_has_the_time_of_its_type_or_its_own(members, minutes):
    execution = Execution("p", "0", "r", "aws", 1, 1, "SUPERSEDED", {})
    action = {"actionTypeId": {"category": "Approval", "provider": "Manual"}, **members}
    task = tasks.Task(execution, {}, action, ActionRun("Gate", "Ask", started=100.0))
    assert tasks.deadline(task) == 100.0 + 60 * minutes
    outcome = tasks.timed_out(task)
    assert outcome.code == "ActionTimedOut"
    assert f"{minutes} minutes" in outcome.error
