"""Alarms and dashboards of CloudFormation stacks: created, changed in place, deleted."""

import json

import pytest
from botocore.exceptions import ClientError

ALARM = {
    "Namespace": "N",
    "MetricName": "m",
    "Statistic": "Sum",
    "Period": "60",
    "EvaluationPeriods": "1",
    "Threshold": "5",
    "ComparisonOperator": "GreaterThanThreshold",
    "TreatMissingData": "notBreaching",
}


def template(name, *, threshold, text, tags):
    alarm = {**ALARM, "AlarmName": name, "Threshold": threshold, "Tags": tags}
    body = json.dumps({"widgets": [{"type": "text", "properties": {"markdown": text}}]})
    resources = {
        "Alarm": ("AWS::CloudWatch::Alarm", alarm),
        "Both": (
            "AWS::CloudWatch::CompositeAlarm",
            {
                "AlarmName": f"{name}-both",
                "AlarmRule": {"Fn::Sub": f"ALARM(${{Alarm}}) OR {str(threshold > 5).upper()}"},
            },
        ),
        "Dashboard": (
            "AWS::CloudWatch::Dashboard",
            {"DashboardName": name, "DashboardBody": body},
        ),
    }
    outputs = {
        "Arn": {"Value": {"Fn::GetAtt": ["Alarm", "Arn"]}},
        "Name": {"Value": {"Ref": "Alarm"}},
    }
    return json.dumps(
        {
            "Resources": {
                key: {"Type": kind, "Properties": properties}
                for key, (kind, properties) in resources.items()
            },
            "Outputs": outputs,
        }
    )


@pytest.fixture
def stack(aws, unique):
    cloudformation = aws("cloudformation")

    def deploy(kind, **settings):
        body = template(unique, **settings)
        getattr(cloudformation, f"{kind}_stack")(StackName=unique, TemplateBody=body)
        cloudformation.get_waiter(f"stack_{kind}_complete").wait(
            StackName=unique, WaiterConfig={"Delay": 1}
        )
        (found,) = cloudformation.describe_stacks(StackName=unique)["Stacks"]
        return {each["OutputKey"]: each["OutputValue"] for each in found["Outputs"]}

    yield deploy
    cloudformation.delete_stack(StackName=unique)
    cloudformation.get_waiter("stack_delete_complete").wait(
        StackName=unique, WaiterConfig={"Delay": 1}
    )


def test_alarms_and_dashboards_of_a_stack_change_with_it(stack, cloudwatch, described, unique, aws):
    tags = [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]
    outputs = stack("create", threshold=5, text="old", tags=tags)
    assert outputs["Name"] == unique
    before = described(unique)
    assert outputs["Arn"] == before["AlarmArn"]
    assert described(f"{unique}-both")["StateValue"] == "OK"
    stack("update", threshold=7, text="new", tags=[{"Key": "b", "Value": "3"}])
    assert described(unique)["Threshold"] == 7
    assert described(f"{unique}-both")["StateValue"] == "ALARM"
    assert "new" in cloudwatch.get_dashboard(DashboardName=unique)["DashboardBody"]
    found = cloudwatch.list_tags_for_resource(ResourceARN=before["AlarmArn"])["Tags"]
    assert {tag["Key"]: tag["Value"] for tag in found}["b"] == "3"
    assert "a" not in {tag["Key"] for tag in found}
    aws("cloudformation").delete_stack(StackName=unique)
    aws("cloudformation").get_waiter("stack_delete_complete").wait(
        StackName=unique, WaiterConfig={"Delay": 1}
    )
    assert cloudwatch.describe_alarms(AlarmNames=[unique])["MetricAlarms"] == []
    with pytest.raises(ClientError, match="ResourceNotFound"):
        cloudwatch.get_dashboard(DashboardName=unique)
