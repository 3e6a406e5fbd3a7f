"""Stacks and change sets, from templates in artifacts."""

import json

import pytest

from tests.contract.codepipeline.declarations import FILES, approval, stack, zipped

TAKES_TWO = {"takes": ["Source", "Outputs"]}


def deployed(aws, name):
    (found,) = aws("cloudformation").describe_stacks(StackName=name)["Stacks"]
    return found


def value_of(aws, name):
    outputs = {item["OutputKey"]: item["OutputValue"] for item in deployed(aws, name)["Outputs"]}
    return aws("ssm").get_parameter(Name=outputs["Name"])["Parameter"]["Value"]


def test_stack_is_created_updated_and_left_as_it_is(aws, pipeline, gone_stack):
    overrides = {"ParameterOverrides": json.dumps({"Value": "#{variables.value}"})}
    made = pipeline(
        ("Deploy", stack(gone_stack, configuration=overrides, namespace="Out")),
        ("Gate", approval(configuration={"CustomData": "#{Out.Name}"})),
        variables=[{"name": "value", "defaultValue": "first"}],
    )
    made.answer(made.asks())
    assert made.end() == "Succeeded"
    assert value_of(aws, gone_stack) == "first"
    parameter = made.actions()["Stack"]["output"]["outputVariables"]["Name"]
    assert made.actions()["Ask"]["input"]["resolvedConfiguration"] == {"CustomData": parameter}
    for _ in range(2):
        started = made.start(variables=[{"name": "value", "value": "second"}])
        made.answer(made.asks(of=started))
        assert made.end(started) == "Succeeded"
        assert value_of(aws, gone_stack) == "second"
    assert deployed(aws, gone_stack)["StackStatus"] == "UPDATE_COMPLETE"


def test_configuration_and_outputs_are_files_of_artifacts(aws, pipeline, gone_stack, versioned):
    settings = {"Parameters": {"Value": "configured"}, "Tags": {"team": "a"}}
    files = FILES | {"settings.json": json.dumps(settings)}
    aws("s3").put_object(Bucket=versioned, Key="source.zip", Body=zipped(files))
    first = stack(
        gone_stack,
        makes=["Outputs"],
        configuration={
            "TemplateConfiguration": "Source::settings.json",
            "OutputFileName": "out.json",
        },
    )
    overrides = {"Value": {"Fn::GetParam": ["Outputs", "out.json", "Name"]}}
    configuration = {"ParameterOverrides": json.dumps(overrides)}
    second = stack(f"{gone_stack}-two", title="Two", runOrder=2, configuration=configuration)
    second["inputArtifacts"].append({"name": "Outputs"})
    third = stack(f"{gone_stack}-two", "DELETE_ONLY", title="Gone", runOrder=3)
    made = pipeline(("Deploy", first, second), ("Clean", third))
    assert made.end() == "Succeeded"
    assert value_of(aws, gone_stack) == "configured"
    assert deployed(aws, gone_stack)["Tags"] == [{"Key": "team", "Value": "a"}]
    name = made.actions()["Stack"]["output"]["outputVariables"]["Name"]
    resolved = aws("ssm").get_parameter_history(Name=name)["Parameters"]
    assert resolved[-1]["Value"] == "configured"
    assert made.actions()["Gone"]["output"]["executionResult"]["externalExecutionSummary"] == (
        "Stack was deleted"
    )


def test_change_set_is_made_seen_and_executed(aws, pipeline, gone_stack):
    change = {"ChangeSetName": "change"}
    made = pipeline(
        ("Plan", stack(gone_stack, "CHANGE_SET_REPLACE", title="Plan", configuration=change)),
        ("Gate", approval()),
        ("Do", stack(gone_stack, "CHANGE_SET_EXECUTE", title="Do", configuration=change)),
    )
    token = made.asks()
    assert deployed(aws, gone_stack)["StackStatus"] == "REVIEW_IN_PROGRESS"
    made.answer(token)
    assert made.end() == "Succeeded"
    assert value_of(aws, gone_stack) == "one"
    again = made.start()
    made.answer(made.asks(of=again))
    assert made.end(again) == "Succeeded"
    assert deployed(aws, gone_stack)["StackStatus"] == "CREATE_COMPLETE"


def test_stack_that_fails_fails_the_action_and_can_be_replaced(aws, pipeline, gone_stack):
    broken = {"TemplatePath": "Source::broken.json"}
    made = pipeline(("Deploy", stack(gone_stack, configuration=broken)))
    assert made.end() == "Failed"
    error = made.latest("Deploy", "Stack")["errorDetails"]
    assert error["code"] == "JobFailed"
    assert "ROLLBACK_COMPLETE" in error["message"]
    assert "Rule" in error["message"]
    replaced = pipeline(("Deploy", stack(gone_stack, "REPLACE_ON_FAILURE")))
    assert replaced.end() == "Succeeded"
    assert value_of(aws, gone_stack) == "one"


@pytest.mark.parametrize(
    ("configuration", "expected"),
    [
        ({"TemplatePath": "Source::none.json"}, "File [none.json] does not exist in artifact"),
        ({"TemplatePath": "template.json"}, "is not of the form ArtifactName::FileName"),
        ({"ParameterOverrides": "{"}, "ParameterOverrides is not valid JSON"),
        ({"ActionMode": "SIDEWAYS"}, "ActionMode SIDEWAYS is not valid"),
    ],
)
def test_wrong_configuration_fails_the_action(pipeline, unique, configuration, expected):
    made = pipeline(("Deploy", stack(unique, configuration=configuration)))
    assert made.end() == "Failed"
    error = made.latest("Deploy", "Stack")["errorDetails"]
    assert error["code"] == "ConfigurationError"
    assert expected in error["message"]
