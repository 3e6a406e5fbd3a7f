import json

from tests.contract.ecs.conftest import container


def test_a_state_that_runs_a_task_ends_as_the_task(fargate, aws, waiting):
    states = aws("stepfunctions")
    definition = fargate.define(container("import os, sys; sys.exit(int(os.environ['CODE']))"))
    override = {"Name": "main", "Environment": [{"Name": "CODE", "Value.$": "$.code"}]}
    run = {
        "Cluster": fargate.name,
        "LaunchType": "FARGATE",
        "TaskDefinition": definition,
        "NetworkConfiguration": {"AwsvpcConfiguration": {"Subnets": fargate.subnets[:1]}},
        "Overrides": {"ContainerOverrides": [override]},
    }
    state = {
        "Type": "Task",
        "Resource": "arn:aws:states:::ecs:runTask.sync",
        "Parameters": run,
        "End": True,
    }
    machine = states.create_state_machine(
        name=fargate.name,
        definition=json.dumps({"StartAt": "Run", "States": {"Run": state}}),
        roleArn=fargate.role,
    )["stateMachineArn"]
    ends = {}
    for code in ("0", "4"):
        started = states.start_execution(stateMachineArn=machine, input=json.dumps({"code": code}))[
            "executionArn"
        ]

        def ended(execution=started):
            found = states.describe_execution(executionArn=execution)
            return None if found["status"] == "RUNNING" else found

        found = waiting("the execution", ended)
        ends[code] = (found["status"], found.get("error"))
    assert ends == {"0": ("SUCCEEDED", None), "4": ("FAILED", "States.TaskFailed")}
    states.delete_state_machine(stateMachineArn=machine)
