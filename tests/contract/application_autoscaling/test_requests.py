"""What may be asked for, what is refused, and stacks."""

import json

import pytest

from tests.contract.refusals import refusal

WAIT = {"Delay": 1, "MaxAttempts": 100}


def test_refusals_are_awss(scaled):
    client, place = scaled.client, scaled.place
    absent = {**place, "ResourceId": "service/none/none"}
    assert refusal(client.register_scalable_target, **absent, MinCapacity=1, MaxCapacity=2) == (
        "ValidationException",
        "ECS service doesn't exist: service/none/none",
    )
    assert refusal(client.register_scalable_target, **place, MinCapacity=3, MaxCapacity=2) == (
        "ValidationException",
        "Maximum capacity cannot be less than minimum capacity",
    )
    tracking = {
        "TargetValue": 50.0,
        "PredefinedMetricSpecification": {"PredefinedMetricType": "ALBRequestCountPerTarget"},
    }
    policy = {
        "PolicyName": "p",
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": tracking,
    }
    code, message = refusal(client.put_scaling_policy, **place, **policy)
    assert (code, message) == (
        "ObjectNotFoundException",
        "No scalable target registered for service namespace: ecs, resource ID: "
        f"{place['ResourceId']}, scalable dimension: ecs:service:DesiredCount",
    )
    scaled.register()
    code, message = refusal(client.put_scaling_policy, **place, **policy)
    assert code == "ValidationException"
    assert message.startswith("ResourceLabel must be specified as app/")
    schedule = {
        "ScheduledActionName": "s",
        "Schedule": "rate(5 parsecs)",
        "ScalableTargetAction": {"MinCapacity": 1},
    }
    assert refusal(client.put_scheduled_action, **place, **schedule) == (
        "ValidationException",
        "Schedule expression is not valid: rate(5 parsecs)",
    )


def test_other_namespaces_are_refused_by_name(aws):
    code, message = refusal(
        aws("application-autoscaling").register_scalable_target,
        ServiceNamespace="dynamodb",
        ResourceId="table/t",
        ScalableDimension="dynamodb:table:ReadCapacityUnits",
        MinCapacity=1,
        MaxCapacity=2,
    )
    assert (code, message) == (
        "InternalFailure",
        "application-autoscaling.RegisterScalableTarget with the scalable dimension "
        "dynamodb:table:ReadCapacityUnits is not emulated",
    )


@pytest.fixture
def template(scaled):
    def make(target_value: float = 60.0, most: int = 3) -> str:
        target = {**scaled.place, "MinCapacity": 1, "MaxCapacity": most}
        metric = {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"}
        policy = {
            "PolicyName": "cpu",
            "PolicyType": "TargetTrackingScaling",
            "ScalingTargetId": {"Ref": "Target"},
            "TargetTrackingScalingPolicyConfiguration": {
                "TargetValue": target_value,
                "PredefinedMetricSpecification": metric,
            },
        }
        family = "AWS::ApplicationAutoScaling::"
        resources = {
            "Target": {"Type": f"{family}ScalableTarget", "Properties": target},
            "Policy": {"Type": f"{family}ScalingPolicy", "Properties": policy},
        }
        return json.dumps({"Resources": resources})

    return make


def test_a_stack_makes_changes_and_deletes_them(aws, scaled, template, unique):
    cloudformation, cloudwatch = aws("cloudformation"), aws("cloudwatch")

    def alarms() -> list[dict]:
        prefix = f"TargetTracking-{scaled.place['ResourceId']}"
        found = cloudwatch.describe_alarms(AlarmNamePrefix=prefix)["MetricAlarms"]
        return sorted(found, key=lambda item: item["Threshold"], reverse=True)

    cloudformation.create_stack(StackName=unique, TemplateBody=template())
    cloudformation.get_waiter("stack_create_complete").wait(StackName=unique, WaiterConfig=WAIT)
    high, low = alarms()
    assert (high["Threshold"], low["Threshold"]) == (60.0, 54.0)
    assert (high["Namespace"], high["MetricName"]) == ("AWS/ECS", "CPUUtilization")
    assert {item["Name"]: item["Value"] for item in high["Dimensions"]} == {
        "ClusterName": scaled.name,
        "ServiceName": "web",
    }
    cloudformation.update_stack(StackName=unique, TemplateBody=template(80.0, 5))
    cloudformation.get_waiter("stack_update_complete").wait(StackName=unique, WaiterConfig=WAIT)
    assert [alarm["Threshold"] for alarm in alarms()] == [80.0, 72.0]
    (target,) = scaled.client.describe_scalable_targets(
        ServiceNamespace="ecs", ResourceIds=[scaled.place["ResourceId"]]
    )["ScalableTargets"]
    assert target["MaxCapacity"] == 5
    cloudformation.delete_stack(StackName=unique)
    cloudformation.get_waiter("stack_delete_complete").wait(StackName=unique, WaiterConfig=WAIT)
    assert alarms() == []
