"""Rules: what they take, what PutRule, PutTargets and PutEvents refuse, and in which words."""

import json

import pytest

from tests.contract.events.conftest import ROLE
from tests.contract.refusals import refusal

ARN = "arn:aws:{}:us-east-1:000000000000:{}".format
EVENT = {
    "id": "1",
    "account": "000000000000",
    "source": "shop",
    "time": "2026-01-01T00:00:00Z",
    "region": "us-east-1",
    "detail-type": "order",
    "resources": [],
}


def test_put_events_reaches_the_rule_that_takes_it(rule, listener, put, waiting, unique):
    rule({"source": [unique], "detail": {"price": [{"numeric": [">", 5]}]}})
    put({"price": 3})
    answer = put({"price": 7}, Resources=["arn:a"])
    waiting("the event", listener.listen)
    (body,) = map(json.loads, listener.bodies())
    assert list(body) == [
        "version", "id", "detail-type", "source", "account", "time", "region", "resources",
        "detail",
    ]  # fmt: skip
    assert body["id"] == answer["Entries"][0]["EventId"]
    assert (body["detail"], body["resources"]) == ({"price": 7}, ["arn:a"])


def test_disabled_rule_takes_nothing_until_it_is_enabled(
    rule, listener, put, waiting, unique, events
):
    rule({"source": [unique]})
    events.disable_rule(Name=unique)
    put({"n": 1})
    events.enable_rule(Name=unique)
    put({"n": 2})
    waiting("the event", listener.listen)
    assert [json.loads(body)["detail"] for body in listener.bodies()] == [{"n": 2}]


def test_put_events_answers_each_entry(events, unique):
    good = {"Source": unique, "DetailType": "d", "Detail": "{}"}
    answer = events.put_events(
        Entries=[
            good,
            good | {"Source": "aws.glue"},
            good | {"Detail": "[]"},
            {"Source": unique, "Detail": "{}"},
        ]
    )
    assert answer["FailedEntryCount"] == 3
    assert [entry.get("ErrorCode") for entry in answer["Entries"]] == [
        None,
        "NotAuthorizedForSourceException",
        "MalformedDetail",
        "InvalidArgument",
    ]
    assert answer["Entries"][1]["ErrorMessage"] == "Not authorized for the source."


@pytest.mark.parametrize(
    ("pattern", "event", "fits"),
    [
        ({"source": [{"prefix": "sh"}]}, {}, True),
        ({"detail": {"name": [{"wildcard": "a*c"}]}}, {"detail": {"name": "ac"}}, True),
        ({"detail": {"n": [{"anything-but": [1, 2]}]}}, {"detail": {"n": 2}}, False),
        ({"detail": {"ip": [{"cidr": "10.0.0.0/24"}]}}, {"detail": {"ip": "10.0.0.9"}}, True),
        ({"$or": [{"source": ["x"]}, {"detail-type": ["order"]}]}, {}, True),
        ({"detail": {"gone": [{"exists": False}]}}, {"detail": {"there": 1}}, True),
        (
            {"detail": {"rows": {"a": [1], "b": [2]}}},
            {"detail": {"rows": [{"a": 1, "b": 1}, {"a": 2, "b": 2}]}},
            False,
        ),
    ],
)
def test_test_event_pattern_says_what_a_rule_would_do(events, pattern, event, fits):
    answer = events.test_event_pattern(
        EventPattern=json.dumps(pattern), Event=json.dumps(EVENT | event)
    )
    assert answer["Result"] is fits


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ('{"source": "x"}', '"source" must be an object or an array'),
        ('{"source": []}', "Empty arrays are not allowed"),
        ('{"source": [{"PREFIX": "x"}]}', "Unrecognized match type PREFIX"),
        ('{"detail": {"n": [{"numeric": [">", 0, ">", 0]}]}}', "Bad numeric range operator: >"),
        ('["source"]', "Filter is not an object"),
    ],
)
def test_put_rule_refuses_a_pattern_with_the_reason(events, unique, pattern, reason):
    assert refusal(events.put_rule, Name=unique, EventPattern=pattern) == (
        "InvalidEventPatternException",
        f"Event pattern is not valid. Reason: {reason}",
    )


@pytest.mark.parametrize(
    "schedule",
    ["cron(0 1 * * * *)", "cron(71 8 1 * ? *)", "rate(1 minutes)", "rate(10 seconds)", "at(2026)"],
)
def test_put_rule_refuses_a_schedule_that_is_none(events, unique, schedule):
    assert refusal(events.put_rule, Name=unique, ScheduleExpression=schedule) == (
        "ValidationException",
        "Parameter ScheduleExpression is not valid.",
    )


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (
            {"Arn": ARN("codepipeline", "p")},
            f"RoleArn is required for target {ARN('codepipeline', 'p')}.",
        ),
        (
            {"Arn": ARN("sqs", "q"), "Input": "{}", "InputPath": "$"},
            "Only one of Input, InputPath, or InputTransformer must be provided for target t.",
        ),
        (
            {"Arn": ARN("sqs", "q"), "InputTransformer": {"InputTemplate": '"<who>"'}},
            "InputTemplate for target t contains invalid placeholder who.",
        ),
    ],
)
def test_put_targets_refuses_in_aws_words(events, rule, unique, target, message):
    rule({"source": [unique]})
    assert refusal(events.put_targets, Rule=unique, Targets=[{"Id": "t", **target}]) == (
        "ValidationException",
        message,
    )


@pytest.mark.parametrize(
    ("arn", "kind"),
    [
        (ARN("sagemaker", "pipeline/p"), "sagemaker"),
        (ARN("ecs", "cluster/c"), "ecs"),
        (ARN("batch", "job-queue/q"), "batch"),
    ],
)
def test_put_targets_refuses_by_name_what_nobody_serves(events, rule, unique, arn, kind):
    rule({"source": [unique]})
    target = {"Id": "t", "Arn": arn, "RoleArn": ROLE}
    assert refusal(events.put_targets, Rule=unique, Targets=[target]) == (
        "InternalFailure",
        f"events.PutTargets with a target of {kind} is not emulated",
    )


def test_put_rule_again_keeps_targets_and_forgets_what_is_not_said(events, rule, unique):
    rule({"source": [unique]})
    events.put_rule(Name=unique, EventPattern='{"a": [1]}', Description="new", State="DISABLED")
    events.put_rule(Name=unique, EventPattern='{"a": [1]}')
    described = events.describe_rule(Name=unique)
    assert (described["State"], described.get("Description")) == ("ENABLED", None)
    assert [t["Id"] for t in events.list_targets_by_rule(Rule=unique)["Targets"]] == ["t"]


def test_a_sixth_target_is_too_many(events, rule, unique, listener):
    rule({"source": [unique]})
    targets = [{"Id": f"t{number}", "Arn": listener.arn} for number in range(5)]
    assert refusal(events.put_targets, Rule=unique, Targets=targets)[0] == "LimitExceededException"
