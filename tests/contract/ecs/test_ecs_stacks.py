import json

import pytest

from tests.contract.ecs.conftest import IMAGE, LASTING


def template(fargate, program=LASTING, **service) -> str:
    container = {"Name": "main", "Image": IMAGE, "Command": ["python", "-c", program]}
    definition = {
        "Family": f"{fargate.name}-stack",
        "Cpu": 256,
        "Memory": 512,
        "NetworkMode": "awsvpc",
        "RequiresCompatibilities": ["FARGATE"],
        "ContainerDefinitions": [
            {**container, "DockerLabels": {"Some.Label": "x"}, "StopTimeout": 2}
        ],
    }
    properties = {
        "Cluster": fargate.name,
        "LaunchType": "FARGATE",
        "TaskDefinition": {"Ref": "Definition"},
        "NetworkConfiguration": {"AwsvpcConfiguration": {"Subnets": fargate.subnets[:1]}},
        "DeploymentConfiguration": {"DeploymentCircuitBreaker": {"Enable": True, "Rollback": True}},
        **service,
    }
    resources = {
        "Definition": {"Type": "AWS::ECS::TaskDefinition", "Properties": definition},
        "Service": {"Type": "AWS::ECS::Service", "Properties": properties},
    }
    outputs = {
        "Service": {"Value": {"Ref": "Service"}},
        "Name": {"Value": {"Fn::GetAtt": ["Service", "Name"]}},
        "Definition": {"Value": {"Ref": "Definition"}},
    }
    return json.dumps({"Resources": resources, "Outputs": outputs})


@pytest.fixture
def stack(aws, unique, waiting):
    client = aws("cloudformation")
    name = f"{unique}-stack"

    known = []

    def end():
        found = client.describe_stacks(StackName=known[0])["Stacks"][0]
        return None if found["StackStatus"].endswith("IN_PROGRESS") else found

    def bring(body):
        """The stack as the template has it, and how that went."""
        call = client.update_stack if known else client.create_stack
        known.append(call(StackName=name, TemplateBody=body)["StackId"])
        return waiting("the stack", end)

    yield bring
    client.delete_stack(StackName=name)
    assert waiting("the stack's end", end)["StackStatus"] == "DELETE_COMPLETE"


def outputs(stack) -> dict:
    return {item["OutputKey"]: item["OutputValue"] for item in stack["Outputs"]}


def test_a_stack_waits_for_its_service_and_changes_it(fargate, stack):
    made = stack(template(fargate))
    assert made["StackStatus"] == "CREATE_COMPLETE"
    first = outputs(made)
    found = fargate.service(first["Name"])
    assert (found["serviceArn"], found["runningCount"]) == (first["Service"], 1)
    changed = stack(template(fargate, LASTING + "\n", DesiredCount=2))
    assert changed["StackStatus"] == "UPDATE_COMPLETE"
    second = outputs(changed)
    assert second["Service"] == first["Service"]
    assert second["Definition"] != first["Definition"]
    found = fargate.service(first["Name"])
    assert (found["taskDefinition"], found["runningCount"]) == (second["Definition"], 2)


def test_a_service_that_never_runs_fails_its_stack(fargate, stack, aws):
    made = stack(template(fargate, "import sys; sys.exit(1)"))
    assert made["StackStatus"] == "ROLLBACK_COMPLETE"
    events = aws("cloudformation").describe_stack_events(StackName=made["StackName"])
    reasons = [event.get("ResourceStatusReason", "") for event in events["StackEvents"]]
    assert any("ECS Deployment Circuit Breaker was triggered" in reason for reason in reasons)
