"""Functions and mappings that CloudFormation makes, changes and deletes."""

import json

import pytest
from botocore.exceptions import WaiterError

FUNCTION = {
    "Type": "AWS::Lambda::Function",
    "Properties": {
        "Runtime": "python3.13",
        "Handler": "index.handler",
        "Role": "arn:aws:iam::000000000000:role/lambda",
        "Code": {"ZipFile": "def handler(event, context):\n    return 'first'\n"},
        "Timeout": 9,
        "Environment": {"Variables": {"A": "1"}},
    },
}
MAPPING = {
    "Type": "AWS::Lambda::EventSourceMapping",
    "Properties": {
        "FunctionName": {"Ref": "Function"},
        "EventSourceArn": {"Fn::GetAtt": ["Queue", "Arn"]},
        "BatchSize": 5,
    },
}
PERMISSION = {
    "Type": "AWS::Lambda::Permission",
    "Properties": {
        "FunctionName": {"Ref": "Function"},
        "Action": "lambda:InvokeFunction",
        "Principal": "events.amazonaws.com",
    },
}


def changed(resource: dict, remove: tuple[str, ...] = (), **properties) -> dict:
    kept = {name: value for name, value in resource["Properties"].items() if name not in remove}
    return {**resource, "Properties": {**kept, **properties}}


@pytest.fixture
def stack(aws, unique):
    """`stack(function, mapping)`: create or update it; its outputs."""
    client = aws("cloudformation")
    waiters = {"create": "stack_create_complete", "update": "stack_update_complete"}
    made = []

    def deploy(function=FUNCTION, mapping=MAPPING, permission=PERMISSION) -> dict[str, str]:
        template = {
            "Resources": {
                "Queue": {"Type": "AWS::SQS::Queue"},
                "Function": function,
                "Mapping": mapping,
                "Permission": permission,
            },
            "Outputs": {
                "Function": {"Value": {"Ref": "Function"}},
                "Mapping": {"Value": {"Ref": "Mapping"}},
            },
        }
        step = "update" if made else "create"
        made.append(unique)
        getattr(client, f"{step}_stack")(StackName=unique, TemplateBody=json.dumps(template))
        client.get_waiter(waiters[step]).wait(
            StackName=unique, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
        )
        described = client.describe_stacks(StackName=unique)["Stacks"][0]
        return {item["OutputKey"]: item["OutputValue"] for item in described["Outputs"]}

    yield deploy
    client.delete_stack(StackName=unique)
    client.get_waiter("stack_delete_complete").wait(StackName=unique, WaiterConfig={"Delay": 1})


@pytest.fixture
def reasons(aws, unique):
    """Why resources of the stack failed."""

    def read() -> str:
        events = aws("cloudformation").describe_stack_events(StackName=unique)["StackEvents"]
        return " ".join(event.get("ResourceStatusReason", "") for event in events)

    return read


def test_update_changes_the_code_that_runs(stack, aws):
    name = stack()["Function"]
    invoke = lambda: json.load(aws("lambda").invoke(FunctionName=name)["Payload"])  # noqa: E731
    assert invoke() == "first"
    stack(
        changed(FUNCTION, Code={"ZipFile": "def handler(event, context):\n    return 'second'\n"})
    )
    assert invoke() == "second"


def test_property_that_is_gone_from_the_template_has_its_default_again(stack, aws):
    name = stack(changed(FUNCTION, ReservedConcurrentExecutions=3))["Function"]
    client = aws("lambda")
    assert client.get_function_concurrency(FunctionName=name)["ReservedConcurrentExecutions"] == 3
    stack(changed(FUNCTION, remove=("Timeout", "Environment"), MemorySize=256))
    now = client.get_function_configuration(FunctionName=name)
    assert (now["Timeout"], now["MemorySize"]) == (3, 256)
    assert not now.get("Environment", {}).get("Variables")
    assert "ReservedConcurrentExecutions" not in client.get_function_concurrency(FunctionName=name)


def test_update_changes_the_mapping(stack, aws):
    uuid = stack()["Mapping"]
    client = aws("lambda")
    read = lambda: client.get_event_source_mapping(UUID=uuid)["BatchSize"]  # noqa: E731
    assert read() == 5
    stack(mapping=changed(MAPPING, BatchSize=7))
    assert read() == 7
    stack(mapping=changed(MAPPING, remove=("BatchSize",)))
    assert read() == 10


def test_update_changes_the_permission(stack, aws):
    name = stack()["Function"]
    stack(permission=changed(PERMISSION, Principal="s3.amazonaws.com"))
    policy = json.loads(aws("lambda").get_policy(FunctionName=name)["Policy"])
    assert [statement["Principal"] for statement in policy["Statement"]] == [
        {"Service": "s3.amazonaws.com"}
    ]


def test_property_that_nothing_acts_on_fails_the_stack(stack, reasons):
    with pytest.raises(WaiterError):
        stack(changed(FUNCTION, SnapStart={"ApplyOn": "PublishedVersions"}))
    assert "SnapStart of AWS::Lambda::Function is not emulated" in reasons()


def test_runtime_that_cannot_run_fails_the_stack(stack, reasons):
    with pytest.raises(WaiterError):
        stack(changed(FUNCTION, Runtime="python3.11"))
    assert "lambda runtime python3.11 is not emulated" in reasons()
