"""Services follow their metrics: more tasks that run, fewer tasks, and why."""

from datetime import UTC, datetime, timedelta


def test_target_tracking_makes_awss_alarms_and_scales_both_ways(scaled, aws, unique, waiting):
    scaled.register(most=3)
    made = scaled.follow(unique)
    high, low = [alarm["AlarmName"] for alarm in made["Alarms"]]
    assert high.startswith(f"TargetTracking-service/{scaled.name}/web-AlarmHigh-")
    described = aws("cloudwatch").describe_alarms(AlarmNames=[high, low])["MetricAlarms"]
    shape = ("Threshold", "EvaluationPeriods", "Period", "ComparisonOperator", "AlarmActions")
    assert {alarm["AlarmName"]: tuple(alarm[name] for name in shape) for alarm in described} == {
        high: (100.0, 3, 60, "GreaterThanThreshold", [made["PolicyARN"]]),
        low: (90.0, 15, 60, "LessThanThreshold", [made["PolicyARN"]]),
    }
    scaled.measure(unique, 180)
    scaled.ring(high)
    scaled.runs(2)
    waiting("the activity", lambda: scaled.activities()[0]["StatusCode"] == "Successful")
    activity = scaled.activities()[0]
    assert activity["Description"] == "Setting desired count to 2."
    assert activity["Cause"] == f"monitor alarm {high} in state ALARM triggered policy follow"
    assert activity["StatusMessage"] == (
        "Successfully set desired count to 2. Change successfully fulfilled by ecs."
    )
    # With what was measured before, an average of 5: one task is enough.
    scaled.measure(unique, -170)
    scaled.ring(low)
    scaled.runs(1)


def test_steps_add_by_how_far_the_metric_is_past_the_threshold(scaled, alarm, unique, waiting):
    scaled.register(most=4)
    steps = [
        {"MetricIntervalLowerBound": 0, "MetricIntervalUpperBound": 20, "ScalingAdjustment": 1},
        {"MetricIntervalLowerBound": 20, "ScalingAdjustment": 2},
    ]
    policy = scaled.client.put_scaling_policy(
        **scaled.place,
        PolicyName="steps",
        StepScalingPolicyConfiguration={
            "AdjustmentType": "ChangeInCapacity",
            "StepAdjustments": steps,
            "Cooldown": 600,
        },
    )["PolicyARN"]
    name = alarm(unique, scaled.name, policy)
    (described,) = scaled.client.describe_scaling_policies(ServiceNamespace="ecs")[
        "ScalingPolicies"
    ]
    assert [item["AlarmName"] for item in described["Alarms"]] == [name]
    scaled.measure(unique, 60)
    scaled.ring(name)
    scaled.runs(2)
    # In its cooldown what was added counts: two more than one are three, not four.
    scaled.measure(unique, 140)
    scaled.ring(name)
    scaled.runs(3)
    causes = {activity["Cause"] for activity in scaled.activities()[:2]}
    assert causes == {f"monitor alarm {name} in state ALARM triggered policy steps"}


def test_what_is_suspended_does_not_scale(scaled, unique, waiting, aws):
    scaled.register(SuspendedState={"DynamicScalingOutSuspended": True})
    high = scaled.follow(unique)["Alarms"][0]["AlarmName"]
    before = len(scaled.activities())
    scaled.measure(unique, 300)
    scaled.ring(high)
    history = aws("cloudwatch").describe_alarm_history

    def called() -> list:
        return history(AlarmName=high, HistoryItemType="Action")["AlarmHistoryItems"]

    waiting("the alarm's action", called)
    # What comes after the alarm's call shows that the call itself has changed nothing.
    scaled.register(least=2)
    scaled.runs(2)
    assert len(scaled.activities()) == before + 1
    assert scaled.activities()[0]["Cause"] == "minimum capacity was set to 2"


def test_a_scheduled_action_sets_bounds_at_its_time(scaled, waiting):
    scaled.register()
    soon = datetime.now(UTC) + timedelta(seconds=2)
    scaled.client.put_scheduled_action(
        **scaled.place,
        ScheduledActionName="morning",
        Schedule=f"at({soon:%Y-%m-%dT%H:%M:%S})",
        ScalableTargetAction={"MinCapacity": 2, "MaxCapacity": 5},
    )
    scaled.runs(2)
    (found,) = scaled.client.describe_scalable_targets(
        ServiceNamespace="ecs", ResourceIds=[scaled.place["ResourceId"]]
    )["ScalableTargets"]
    assert (found["MinCapacity"], found["MaxCapacity"]) == (2, 5)
    assert [activity["Cause"] for activity in scaled.activities()[:2]] == [
        "minimum capacity was set to 2",
        "scheduled action name morning was triggered",
    ]
