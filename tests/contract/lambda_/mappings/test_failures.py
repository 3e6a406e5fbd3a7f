"""What becomes of records that a function fails on."""

import json
import re

import pytest

from tests.contract.lambda_.mappings.handlers import ANSWERS, KEEP


def test_failing_batch_is_bisected_and_the_poison_told_to_the_destination(
    function, stream, put, mapping, arrived, queue, message
):
    put("a", "b", "poison", "c")
    name = function()
    mapping(
        name,
        stream,
        BisectBatchOnFunctionError=True,
        MaximumRetryAttempts=0,
        DestinationConfig={"OnFailure": {"Destination": queue[1]}},
    )
    assert arrived(3) == ["a", "b", "c"]
    told = message()
    info = told["KinesisBatchInfo"]
    assert told["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert told["requestContext"]["functionArn"].endswith(f":function:{name}")
    assert told["requestContext"]["approximateInvokeCount"] == 1
    assert told["responseContext"] == {
        "statusCode": 200,
        "executedVersion": "$LATEST",
        "functionError": "Unhandled",
    }
    assert info["batchSize"] == 1
    assert info["startSequenceNumber"] == info["endSequenceNumber"]
    assert (info["shardId"], info["streamArn"]) == ("shardId-000000000000", stream)
    assert "payload" not in told


def test_retries_are_as_many_as_asked_for(function, stream, put, mapping, queue, message):
    put("poison")
    mapping(
        function(),
        stream,
        MaximumRetryAttempts=1,
        DestinationConfig={"OnFailure": {"Destination": queue[1]}},
    )
    assert message()["requestContext"]["approximateInvokeCount"] == 2


def test_bucket_is_told_with_the_whole_event(function, stream, put, mapping, bucket, aws, waiting):
    put("a", "poison")
    uuid = mapping(
        function(),
        stream,
        MaximumRetryAttempts=0,
        DestinationConfig={"OnFailure": {"Destination": f"arn:aws:s3:::{bucket}"}},
    )
    s3 = aws("s3")
    listed = lambda: s3.list_objects_v2(Bucket=bucket).get("Contents", [])  # noqa: E731
    key = waiting("what is told", listed)[0]["Key"]
    day = r"(\d{4})/(\d\d)/(\d\d)/\1-\2-\3T\d\d\.\d\d\.\d\d-[0-9a-f-]{36}"
    assert re.fullmatch(f"aws/lambda/{uuid}/shardId-000000000000/{day}", key)
    told = json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
    assert told["KinesisBatchInfo"]["batchSize"] == 2
    event = json.loads(told["payload"])
    assert [record["kinesis"]["data"] for record in event["Records"]] == ["YQ==", "cG9pc29u"]


def test_topic_is_told(function, stream, put, mapping, aws, unique, queue, message):
    sns = aws("sns")
    topic = sns.create_topic(Name=unique)["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue[1])
    put("poison")
    mapping(
        function(),
        stream,
        MaximumRetryAttempts=0,
        DestinationConfig={"OnFailure": {"Destination": topic}},
    )
    told = json.loads(message()["Message"])
    assert told["requestContext"]["condition"] == "RetryAttemptsExhausted"
    sns.delete_topic(TopicArn=topic)


def test_reported_item_failures_are_retried_from_the_first(function, stream, put, mapping, arrived):
    code = KEEP + (
        "    if data[0] == 'a':\n"
        "        failed = records[1]['kinesis']['sequenceNumber']\n"
        "        return {'batchItemFailures': [{'itemIdentifier': failed}]}\n"
    )
    put("a", "b", "c")
    mapping(function(code), stream, FunctionResponseTypes=["ReportBatchItemFailures"])
    assert arrived(5) == ["a", "b", "c", "b", "c"]


@pytest.mark.parametrize("answer", ['"text"', '{"batchItemFailures": [{"itemIdentifier": ""}]}'])
def test_malformed_report_fails_the_whole_batch(
    function, stream, put, mapping, queue, message, answer
):
    put("a", "b")
    mapping(
        function(ANSWERS, ANSWER=answer),
        stream,
        FunctionResponseTypes=["ReportBatchItemFailures"],
        MaximumRetryAttempts=0,
        DestinationConfig={"OnFailure": {"Destination": queue[1]}},
    )
    assert message()["KinesisBatchInfo"]["batchSize"] == 2


def test_record_too_large_for_any_invocation_does_not_block_the_shard(
    function, stream, put, mapping, arrived, queue, message, aws
):
    aws("kinesis").update_max_record_size(StreamARN=stream, MaxRecordSizeInKiB=10240)
    put("x" * 6_000_000)
    put("a")
    mapping(function(), stream, DestinationConfig={"OnFailure": {"Destination": queue[1]}})
    assert arrived(1) == ["a"]
    assert message()["KinesisBatchInfo"]["batchSize"] == 1


def test_failing_batch_shows_in_the_mapping_s_last_result(
    function, stream, put, mapping, aws, waiting
):
    uuid = mapping(function(), stream)
    get = aws("lambda").get_event_source_mapping
    assert get(UUID=uuid)["LastProcessingResult"] == "No records processed"
    put("poison")
    result = lambda: get(UUID=uuid)["LastProcessingResult"]  # noqa: E731
    waiting("the failure", lambda: result() == "PROBLEM: Function call failed")
