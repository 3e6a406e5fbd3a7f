"""EventBridge Scheduler: schedules that fire, also after a kill; refusals in AWS's words."""

import json
import signal
from datetime import UTC, datetime, timedelta

import pytest

from tests.contract.events.conftest import Listener
from tests.contract.refusals import refusal

ROLE = "arn:aws:iam::000000000000:role/scheduler"
OFF = {"Mode": "OFF"}


@pytest.fixture
def scheduler(aws):
    return aws("scheduler")


@pytest.fixture
def listener(aws, unique):
    return Listener(aws("sqs"), unique)


def soon(seconds: int = 2) -> str:
    moment = datetime.now(UTC) + timedelta(seconds=seconds)
    return f"at({moment:%Y-%m-%dT%H:%M:%S})"


def create(scheduler, name, **members):
    given = {"ScheduleExpression": soon(), "FlexibleTimeWindow": OFF, **members}
    return scheduler.create_schedule(Name=name, **given)


def test_at_fires_once_and_the_schedule_goes_when_it_is_told_so(
    scheduler, listener, unique, waiting
):
    target = {"Arn": listener.arn, "RoleArn": ROLE, "Input": "now <aws.scheduler.schedule-arn>"}
    arn = create(scheduler, unique, Target=target, ActionAfterCompletion="DELETE")["ScheduleArn"]
    assert arn == f"arn:aws:scheduler:us-east-1:000000000000:schedule/default/{unique}"
    waiting("the message", listener.listen)
    assert listener.bodies() == [f"now {arn}"]
    assert scheduler.list_schedules(NamePrefix=unique)["Schedules"] == []


def test_rate_begins_at_once(scheduler, listener, unique, waiting):
    target = {"Arn": listener.arn, "RoleArn": ROLE}
    create(scheduler, unique, ScheduleExpression="rate(1 hour)", Target=target)
    waiting("the message", listener.listen)
    event = json.loads(listener.bodies()[0])
    assert (event["source"], event["detail-type"]) == ("aws.scheduler", "Scheduled Event")
    scheduler.delete_schedule(Name=unique)


def test_universal_target_calls_any_operation(scheduler, listener, unique, waiting, aws):
    url = listener.url
    target = {
        "Arn": "arn:aws:scheduler:::aws-sdk:sqs:sendMessage",
        "RoleArn": ROLE,
        "Input": json.dumps({"QueueUrl": url, "MessageBody": "by name"}),
    }
    create(scheduler, unique, Target=target)
    waiting("the message", listener.listen)
    assert listener.bodies() == ["by name"]
    scheduler.delete_schedule(Name=unique)


def test_event_bus_gets_an_event_of_the_source_that_is_said(
    scheduler, listener, unique, waiting, aws
):
    events = aws("events")
    events.put_rule(Name=unique, EventPattern=json.dumps({"source": [unique]}))
    events.put_targets(Rule=unique, Targets=[{"Id": "q", "Arn": listener.arn}])
    target = {
        "Arn": "arn:aws:events:us-east-1:000000000000:event-bus/default",
        "RoleArn": ROLE,
        "Input": '{"n": 1}',
        "EventBridgeParameters": {"Source": unique, "DetailType": "tick"},
    }
    create(scheduler, unique, Target=target)
    waiting("the event", listener.listen)
    event = json.loads(listener.bodies()[0])
    assert (event["detail-type"], event["detail"]) == ("tick", {"n": 1})
    events.remove_targets(Rule=unique, Ids=["q"])
    events.delete_rule(Name=unique)
    scheduler.delete_schedule(Name=unique)


def test_target_that_is_gone_leaves_a_dead_letter(scheduler, listener, unique, waiting):
    gone = f"arn:aws:sqs:us-east-1:000000000000:{unique}-gone"
    letters = {"Arn": listener.arn}
    target = {"Arn": gone, "RoleArn": ROLE, "Input": "lost", "DeadLetterConfig": letters}
    create(scheduler, unique, Target=target)
    waiting("the dead letter", listener.listen)
    (letter,) = listener.heard
    told = {name: a["StringValue"] for name, a in letter["MessageAttributes"].items()}
    assert (letter["Body"], told["ERROR_CODE"]) == ("lost", "NO_RESOURCE")
    assert told["SCHEDULE_ARN"].endswith(unique)
    scheduler.delete_schedule(Name=unique)


def test_schedule_fires_after_a_kill(own_emulator, waiting):
    queue = Listener(own_emulator.aws("sqs"), "q")
    waiting("the queue to be kept", lambda: own_emulator.has_saved("sqs", queue.arn))
    target = {"Arn": queue.arn, "RoleArn": ROLE, "Input": "here"}
    create(
        own_emulator.aws("scheduler"), "s", ScheduleExpression="cron(* * * * ? *)", Target=target
    )
    own_emulator.end(signal.SIGKILL)
    own_emulator.start()
    assert "here" in waiting("a minute to pass", queue.bodies)


def test_described_schedule_has_aws_defaults(scheduler, listener, unique):
    target = {"Arn": listener.arn, "RoleArn": ROLE}
    create(scheduler, unique, ScheduleExpression="cron(0 3 L * ? *)", Target=target)
    found = scheduler.get_schedule(Name=unique)
    assert (found["State"], found["ScheduleExpressionTimezone"]) == ("ENABLED", "UTC")
    assert (found["GroupName"], found["ActionAfterCompletion"]) == ("default", "NONE")
    policy = {"MaximumEventAgeInSeconds": 86400, "MaximumRetryAttempts": 185}
    assert found["Target"] == {**target, "RetryPolicy": policy}
    scheduler.update_schedule(
        Name=unique,
        ScheduleExpression="rate(2 days)",
        FlexibleTimeWindow={"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 5},
        Target=target,
        State="DISABLED",
    )
    changed = scheduler.get_schedule(Name=unique)
    assert (changed["ScheduleExpression"], changed["State"]) == ("rate(2 days)", "DISABLED")
    assert changed["CreationDate"] == found["CreationDate"]
    scheduler.delete_schedule(Name=unique)


def test_group_takes_its_schedules_along(scheduler, listener, unique):
    scheduler.create_schedule_group(Name=unique, Tags=[{"Key": "a", "Value": "b"}])
    target = {"Arn": listener.arn, "RoleArn": ROLE}
    create(scheduler, "s", GroupName=unique, ScheduleExpression="cron(0 3 1 1 ? *)", Target=target)
    listed = scheduler.list_schedules(GroupName=unique)["Schedules"]
    assert [schedule["Name"] for schedule in listed] == ["s"]
    arn = scheduler.get_schedule_group(Name=unique)["Arn"]
    assert scheduler.list_tags_for_resource(ResourceArn=arn)["Tags"] == [{"Key": "a", "Value": "b"}]
    scheduler.delete_schedule_group(Name=unique)
    assert refusal(scheduler.get_schedule, Name="s", GroupName=unique) == (
        "ResourceNotFoundException",
        f"Schedule group {unique} does not exist.",
    )


@pytest.mark.parametrize(
    ("members", "told"),
    [
        (
            {"ScheduleExpression": "cron(0 1 * * * *)"},
            ("ValidationException", "Invalid Schedule Expression cron(0 1 * * * *)."),
        ),
        (
            {"ScheduleExpressionTimezone": "Mars/Base"},
            ("ValidationException", "Invalid Schedule Expression Timezone Mars/Base."),
        ),
        (
            {"GroupName": "none"},
            ("ResourceNotFoundException", "Schedule group none does not exist."),
        ),
        (
            {"Target": {"Arn": "arn:aws:scheduler:::aws-sdk:sqs:fly", "RoleArn": ROLE}},
            ("ValidationException", "fly is not a supported API action of sqs."),
        ),
        (
            {"Target": {"Arn": "arn:aws:ecs:us-east-1:000000000000:cluster/c", "RoleArn": ROLE}},
            ("InternalFailure", "scheduler: a target of ecs is not emulated"),
        ),
        (
            {"Target": {"Arn": "arn:aws:scheduler:::aws-sdk:rds:startDBCluster", "RoleArn": ROLE}},
            ("InternalFailure", "scheduler: a target of rds is not emulated"),
        ),
    ],
)
def test_create_schedule_refuses(scheduler, listener, unique, members, told):
    given = {"Target": {"Arn": listener.arn, "RoleArn": ROLE}, **members}
    with_members = {"ScheduleExpression": soon(), "FlexibleTimeWindow": OFF, **given}
    assert refusal(scheduler.create_schedule, Name=unique, **with_members) == told


def test_schedule_of_a_stack_changes_in_place(scheduler, listener, unique, aws):
    stacks = aws("cloudformation")

    def body(expression: str) -> str:
        properties = {
            "Name": unique,
            "ScheduleExpression": expression,
            "FlexibleTimeWindow": {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": "10"},
            "Target": {
                "Arn": listener.arn,
                "RoleArn": ROLE,
                "RetryPolicy": {"MaximumRetryAttempts": "0"},
            },
        }
        schedule = {"Type": "AWS::Scheduler::Schedule", "Properties": properties}
        return json.dumps({"Resources": {"Schedule": schedule}})

    stacks.create_stack(StackName=unique, TemplateBody=body("cron(0 3 1 1 ? *)"))
    stacks.get_waiter("stack_create_complete").wait(StackName=unique, WaiterConfig={"Delay": 1})
    before = scheduler.get_schedule(Name=unique)
    stacks.update_stack(StackName=unique, TemplateBody=body("cron(0 4 1 1 ? *)"))
    stacks.get_waiter("stack_update_complete").wait(StackName=unique, WaiterConfig={"Delay": 1})
    after = scheduler.get_schedule(Name=unique)
    assert after["ScheduleExpression"] == "cron(0 4 1 1 ? *)"
    assert after["CreationDate"] == before["CreationDate"]
    assert after["Target"]["RetryPolicy"]["MaximumRetryAttempts"] == 0
    stacks.delete_stack(StackName=unique)
    stacks.get_waiter("stack_delete_complete").wait(StackName=unique, WaiterConfig={"Delay": 1})
    assert scheduler.list_schedules(NamePrefix=unique)["Schedules"] == []
