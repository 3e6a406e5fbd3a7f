"""Groups and streams: described in order, kept for so many days, tagged, deleted."""

import pytest

from tests.contract.logs.conftest import now, texts
from tests.contract.refusals import refusal

DAY = 86_400_000


def test_described_group_has_what_aws_tells(logs, group):
    (found,) = logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]
    arn = f"arn:aws:logs:us-east-1:000000000000:log-group:{group}"
    assert found.pop("creationTime") <= now()
    assert found == {
        "logGroupName": group,
        "metricFilterCount": 0,
        "arn": f"{arn}:*",
        "logGroupArn": arn,
        "logGroupClass": "STANDARD",
        "deletionProtectionEnabled": False,
        "storedBytes": 0,
    }


def test_streams_by_name_and_by_their_last_event(logs, group, write):
    logs.create_log_stream(logGroupName=group, logStreamName="a")
    last = write("x", stream="a", at=now() - 5000)
    write("x", at=now() - 9000)
    by_time = logs.describe_log_streams(
        logGroupIdentifier=f"arn:aws:logs:us-east-1:000000000000:log-group:{group}",
        orderBy="LastEventTime",
        descending=True,
    )["logStreams"]
    assert [stream["logStreamName"] for stream in by_time] == ["a", "s"]
    assert (by_time[0]["lastEventTimestamp"], by_time[0]["storedBytes"]) == (last, 0)
    first = logs.describe_log_streams(logGroupName=group, limit=1)
    rest = logs.describe_log_streams(logGroupName=group, nextToken=first["nextToken"])
    assert [s["logStreamName"] for s in first["logStreams"] + rest["logStreams"]] == ["a", "s"]


def test_events_older_than_the_retention_are_gone_at_once(logs, group, write):
    write("old", at=now() - 3 * DAY)
    write("new")
    logs.put_retention_policy(logGroupName=group, retentionInDays=1)
    assert texts(logs.filter_log_events(logGroupName=group)) == ["new"]
    answer = logs.put_log_events(
        logGroupName=group,
        logStreamName="s",
        logEvents=[{"timestamp": now() - 2 * DAY, "message": "expired"}],
    )
    assert answer["rejectedLogEventsInfo"] == {"expiredLogEventEndIndex": 1}


def test_deleted_stream_and_group_take_their_events_along(logs, group, write, unique):
    write("x")
    logs.delete_log_stream(logGroupName=group, logStreamName="s")
    assert texts(logs.filter_log_events(logGroupName=group)) == []
    logs.create_log_stream(logGroupName=group, logStreamName="s")
    write("y")
    logs.delete_log_group(logGroupName=group)
    logs.create_log_group(logGroupName=group)
    assert logs.describe_log_streams(logGroupName=group)["logStreams"] == []


def test_tags_by_name_and_by_arn_are_the_same(logs, group):
    arn = f"arn:aws:logs:us-east-1:000000000000:log-group:{group}"
    logs.tag_log_group(logGroupName=group, tags={"a": "1", "b": "2"})
    logs.untag_resource(resourceArn=arn, tagKeys=["a"])
    logs.tag_resource(resourceArn=arn, tags={"c": "3"})
    assert logs.list_tags_for_resource(resourceArn=arn)["tags"] == {"b": "2", "c": "3"}


@pytest.mark.parametrize(
    ("call", "members", "told"),
    [
        (
            "create_log_group",
            {},
            ("ResourceAlreadyExistsException", "The specified log group already exists"),
        ),
        (
            "create_log_stream",
            {"logStreamName": "s"},
            ("ResourceAlreadyExistsException", "The specified log stream already exists"),
        ),
        (
            "delete_log_stream",
            {"logStreamName": "no"},
            ("ResourceNotFoundException", "The specified log stream does not exist."),
        ),
        (
            "describe_log_streams",
            {"logGroupIdentifier": "x"},
            (
                "ValidationException",
                "LogGroup name and LogGroup ARN are mutually exclusive parameters.",
            ),
        ),
        (
            "describe_log_streams",
            {"orderBy": "LastEventTime", "logStreamNamePrefix": "a"},
            (
                "InvalidParameterException",
                "Cannot order by LastEventTime with a logStreamNamePrefix.",
            ),
        ),
    ],
)
def test_refused_in_aws_words(logs, group, call, members, told):
    assert refusal(getattr(logs, call), logGroupName=group, **members) == told


@pytest.mark.parametrize("call", ["describe_destinations", "describe_export_tasks"])
def test_what_nobody_does_is_refused_by_name(logs, call):
    name = "".join(part.capitalize() for part in call.split("_"))
    assert refusal(getattr(logs, call)) == (
        "InternalFailure",
        f"logs.{name} is not emulated",
    )
