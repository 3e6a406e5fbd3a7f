"""Consumers: registered, described, listed, tagged, deregistered, and refused."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.contract.refusals import refusal

MISSING = "arn:aws:kinesis:us-east-1:000000000000:stream/{}/consumer/nobody:1"


def names(answer):
    return [consumer["ConsumerName"] for consumer in answer["Consumers"]]


def test_consumer_is_registered_described_and_deregistered(kinesis, stream, stream_arn):
    registered = kinesis.register_stream_consumer(StreamARN=stream_arn, ConsumerName="reader")
    consumer = registered["Consumer"]
    created = consumer["ConsumerCreationTimestamp"]
    assert datetime.now(UTC) - created < timedelta(minutes=1)
    assert consumer == {
        "ConsumerName": "reader",
        "ConsumerARN": f"{stream_arn}/consumer/reader:{int(created.timestamp())}",
        "ConsumerStatus": "ACTIVE",
        "ConsumerCreationTimestamp": created,
    }
    by_arn = kinesis.describe_stream_consumer(ConsumerARN=consumer["ConsumerARN"])
    assert by_arn["ConsumerDescription"] == consumer | {"StreamARN": stream_arn}
    named = {"StreamARN": stream_arn, "ConsumerName": "reader"}
    assert (
        kinesis.describe_stream_consumer(**named)["ConsumerDescription"]
        == (by_arn["ConsumerDescription"])
    )
    summary = kinesis.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]
    assert summary["ConsumerCount"] == 1
    assert names(kinesis.list_stream_consumers(StreamARN=stream_arn)) == ["reader"]
    kinesis.deregister_stream_consumer(**named, ConsumerARN=consumer["ConsumerARN"])
    assert names(kinesis.list_stream_consumers(StreamARN=stream_arn)) == []
    assert refusal(kinesis.describe_stream_consumer, **named) == (
        "ResourceNotFoundException",
        "Consumer reader, account 000000000000 not found.",
    )


def test_consumers_are_listed_in_pages(kinesis, stream_arn):
    for letter in "bca":
        kinesis.register_stream_consumer(StreamARN=stream_arn, ConsumerName=letter)
    first = kinesis.list_stream_consumers(StreamARN=stream_arn, MaxResults=2)
    token = first["NextToken"]
    rest = kinesis.list_stream_consumers(StreamARN=stream_arn, NextToken=token)
    assert (names(first), names(rest)) == (["a", "b"], ["c"])
    assert "NextToken" not in rest
    code, _ = refusal(kinesis.list_shards, NextToken=token)
    assert code == "InvalidArgumentException"


def test_stream_has_twenty_consumers_at_most(kinesis, stream, stream_arn):
    for number in range(20):
        kinesis.register_stream_consumer(StreamARN=stream_arn, ConsumerName=f"c{number}")
    code, message = refusal(
        kinesis.register_stream_consumer, StreamARN=stream_arn, ConsumerName="one-more"
    )
    assert (code, "20" in message) == ("LimitExceededException", True)


def test_name_of_a_consumer_is_taken_once_in_a_stream(kinesis, stream_arn, consumer):
    assert refusal(
        kinesis.register_stream_consumer, StreamARN=stream_arn, ConsumerName="reader"
    ) == (
        "ResourceInUseException",
        f"Consumer reader under stream {stream_arn} already exists for account 000000000000.",
    )


@pytest.mark.parametrize("operation", ["describe", "deregister"])
def test_consumer_that_is_not_there_is_refused(kinesis, stream_arn, stream, consumer, operation):
    call = getattr(kinesis, f"{operation}_stream_consumer")
    missing = MISSING.format(stream)
    assert refusal(call, ConsumerARN=missing) == (
        "ResourceNotFoundException",
        f"Consumer {missing}, account 000000000000 not found.",
    )
    assert refusal(call, ConsumerARN=MISSING.format("no-stream"))[0] == "ResourceNotFoundException"
    code, _ = refusal(call, ConsumerARN=consumer, StreamARN=stream_arn, ConsumerName="other")
    assert code == "InvalidArgumentException"
    assert refusal(call, StreamARN=stream_arn)[0] == "InvalidArgumentException"
    assert refusal(call, ConsumerARN="nonsense")[0] == "ValidationException"


def test_consumer_names_are_checked(kinesis, stream_arn):
    assert refusal(
        kinesis.register_stream_consumer, StreamARN=stream_arn, ConsumerName="no/slash"
    ) == (
        "ValidationException",
        "1 validation error detected: Value 'no/slash' at 'consumerName' failed to satisfy "
        "constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+",
    )


def test_stream_with_consumers_is_deleted_only_when_that_is_said(kinesis, unique):
    kinesis.create_stream(StreamName=unique, ShardCount=1)
    summary = kinesis.describe_stream_summary(StreamName=unique)["StreamDescriptionSummary"]
    arn = summary["StreamARN"]
    kinesis.register_stream_consumer(StreamARN=arn, ConsumerName="reader")
    assert refusal(kinesis.delete_stream, StreamName=unique) == (
        "ResourceInUseException",
        f"DeleteStream can't delete {arn} because there are consumers associated with this data "
        f"stream. To delete {unique} anyway, set the EnforceConsumerDeletion parameter to true to "
        "force the deletion of all the consumers that are associated with it.",
    )
    kinesis.delete_stream(StreamName=unique, EnforceConsumerDeletion=True)
    assert refusal(kinesis.list_stream_consumers, StreamARN=arn)[0] == "ResourceNotFoundException"


def test_consumers_have_tags(kinesis, stream_arn):
    consumer = kinesis.register_stream_consumer(
        StreamARN=stream_arn, ConsumerName="tagged", Tags={"a": "1"}
    )["Consumer"]["ConsumerARN"]
    kinesis.tag_resource(ResourceARN=consumer, Tags={"b": "2"})
    kinesis.untag_resource(ResourceARN=consumer, TagKeys=["a"])
    tags = kinesis.list_tags_for_resource(ResourceARN=consumer)["Tags"]
    assert tags == [{"Key": "b", "Value": "2"}]
    assert kinesis.list_tags_for_resource(ResourceARN=stream_arn)["Tags"] == []
    kinesis.describe_stream_consumer(ConsumerARN=consumer)


def test_consumers_of_a_stream_created_at_another_time_are_not_listed(
    kinesis, stream, stream_arn, consumer
):
    created = kinesis.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"][
        "StreamCreationTimestamp"
    ]
    listed = kinesis.list_stream_consumers(StreamARN=stream_arn, StreamCreationTimestamp=created)
    assert names(listed) == ["reader"]
    before = created - timedelta(hours=1)
    for call, which in (
        (kinesis.list_stream_consumers, {"StreamARN": stream_arn}),
        (kinesis.list_shards, {"StreamName": stream}),
    ):
        assert refusal(call, **which, StreamCreationTimestamp=before) == (
            "ResourceNotFoundException",
            f"Stream {stream} under account 000000000000 not found.",
        )
