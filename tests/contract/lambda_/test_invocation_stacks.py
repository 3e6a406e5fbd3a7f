"""Templates that say how a function is invoked: aliases, provisioned concurrency, events, URLs."""

import copy
import json

import pytest

from tests.contract.lambda_.functions import ROLE, bundle

CODE = "def handler(event, context):\n    return context.function_version\n"
TEMPLATE = {
    "Resources": {
        "Queue": {"Type": "AWS::SQS::Queue"},
        "Function": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Runtime": "python3.13",
                "Handler": "index.handler",
                "Role": ROLE,
                "Code": {"ZipFile": CODE},
            },
        },
        "One": {
            "Type": "AWS::Lambda::Version",
            "Properties": {"FunctionName": {"Ref": "Function"}},
        },
        "Live": {
            "Type": "AWS::Lambda::Alias",
            "Properties": {
                "Name": "live",
                "FunctionName": {"Ref": "Function"},
                "FunctionVersion": {"Fn::GetAtt": ["One", "Version"]},
                "ProvisionedConcurrencyConfig": {"ProvisionedConcurrentExecutions": 1},
            },
        },
        "Events": {
            "Type": "AWS::Lambda::EventInvokeConfig",
            "Properties": {
                "FunctionName": {"Ref": "Function"},
                "Qualifier": "$LATEST",
                "MaximumRetryAttempts": 0,
                "DestinationConfig": {
                    "OnFailure": {"Destination": {"Fn::GetAtt": ["Queue", "Arn"]}}
                },
            },
        },
        "Url": {
            "Type": "AWS::Lambda::Url",
            "Properties": {
                "TargetFunctionArn": {"Fn::GetAtt": ["Function", "Arn"]},
                "AuthType": "NONE",
            },
        },
    },
    "Outputs": {
        "Function": {"Value": {"Ref": "Function"}},
        "Alias": {"Value": {"Ref": "Live"}},
        "Url": {"Value": {"Fn::GetAtt": ["Url", "FunctionUrl"]}},
    },
}


def with_second_version(template: dict) -> dict:
    """The alias points to a version that is published anew."""
    changed = copy.deepcopy(template)
    changed["Resources"]["Two"] = {
        "Type": "AWS::Lambda::Version",
        "Properties": {"FunctionName": {"Ref": "Function"}, "Description": "the second"},
    }
    alias = changed["Resources"]["Live"]["Properties"]
    alias["FunctionVersion"] = {"Fn::GetAtt": ["Two", "Version"]}
    return changed


@pytest.fixture
def deploy(aws, unique):
    """`deploy(template)`: create or update the stack; its outputs."""
    client, made = aws("cloudformation"), []

    def call(template: dict) -> dict[str, str]:
        step = "update" if made else "create"
        made.append(template)
        getattr(client, f"{step}_stack")(StackName=unique, TemplateBody=json.dumps(template))
        waiter = client.get_waiter(f"stack_{step}_complete")
        waiter.wait(StackName=unique, WaiterConfig={"Delay": 1, "MaxAttempts": 120})
        stack = client.describe_stacks(StackName=unique)["Stacks"][0]
        return {item["OutputKey"]: item["OutputValue"] for item in stack["Outputs"]}

    yield call
    client.delete_stack(StackName=unique)
    client.get_waiter("stack_delete_complete").wait(StackName=unique, WaiterConfig={"Delay": 1})


def test_template_says_how_a_function_is_invoked(deploy, aws):
    outputs, client = deploy(TEMPLATE), aws("lambda")
    name = outputs["Function"]
    assert outputs["Alias"].endswith(f":function:{name}:live")
    answer = client.invoke(FunctionName=outputs["Alias"])
    assert json.load(answer["Payload"]) == "1"
    state = client.get_provisioned_concurrency_config(FunctionName=name, Qualifier="live")
    assert (state["Status"], state["AvailableProvisionedConcurrentExecutions"]) == ("READY", 1)
    events = client.get_function_event_invoke_config(FunctionName=name)
    assert events["MaximumRetryAttempts"] == 0


def test_update_moves_the_alias_and_changes_the_rest(deploy, aws):
    before, client = deploy(TEMPLATE), aws("lambda")
    name = before["Function"]
    client.update_function_code(FunctionName=name, ZipFile=bundle({"index.py": f"# new\n{CODE}"}))
    client.get_waiter("function_updated_v2").wait(FunctionName=name, WaiterConfig={"Delay": 1})
    changed = with_second_version(TEMPLATE)
    resources = changed["Resources"]
    alias = resources["Live"]["Properties"]
    del alias["ProvisionedConcurrencyConfig"]
    alias["RoutingConfig"] = {
        "AdditionalVersionWeights": [
            {"FunctionVersion": {"Fn::GetAtt": ["One", "Version"]}, "FunctionWeight": 0.25}
        ]
    }
    resources["Events"]["Properties"]["MaximumEventAgeInSeconds"] = 90
    del resources["Events"]["Properties"]["MaximumRetryAttempts"]
    resources["Url"]["Properties"]["AuthType"] = "AWS_IAM"
    outputs = deploy(changed)
    now = client.get_alias(FunctionName=name, Name="live")
    assert now["FunctionVersion"] == "2"
    assert now["RoutingConfig"] == {"AdditionalVersionWeights": {"1": 0.25}}
    assert not client.list_provisioned_concurrency_configs(FunctionName=name)[
        "ProvisionedConcurrencyConfigs"
    ]
    events = client.get_function_event_invoke_config(FunctionName=name)
    assert events["MaximumEventAgeInSeconds"] == 90
    assert "MaximumRetryAttempts" not in events
    assert client.get_function_url_config(FunctionName=name)["AuthType"] == "AWS_IAM"
    assert outputs == before


def test_code_and_alias_change_together(deploy, aws):
    deploy(TEMPLATE)
    changed = with_second_version(TEMPLATE)
    changed["Resources"]["Function"]["Properties"]["Code"]["ZipFile"] = f"# new\n{CODE}"
    answer = aws("lambda").invoke(FunctionName=deploy(changed)["Alias"])
    assert json.load(answer["Payload"]) == "2"
