"""Resource policies of streams and consumers: kept as they are, and refused when they are none."""

import json

import pytest

from tests.contract.refusals import refusal


def policy(arn, **changes):
    statement = {
        "Sid": "read",
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::111111111111:root"},
        "Action": ["kinesis:DescribeStreamSummary", "kinesis:GetRecords"],
        "Resource": arn,
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement | changes]})


def test_policy_of_a_stream_is_kept_replaced_and_deleted(kinesis, stream_arn):
    assert kinesis.get_resource_policy(ResourceARN=stream_arn)["Policy"] == "{}"
    for text in (policy(stream_arn), policy(stream_arn, Action="kinesis:*")):
        kinesis.put_resource_policy(ResourceARN=stream_arn, Policy=text)
        assert kinesis.get_resource_policy(ResourceARN=stream_arn)["Policy"] == text
    kinesis.delete_resource_policy(ResourceARN=stream_arn)
    assert kinesis.get_resource_policy(ResourceARN=stream_arn)["Policy"] == "{}"
    assert refusal(kinesis.delete_resource_policy, ResourceARN=stream_arn) == (
        "ResourceNotFoundException",
        f"No resource policy found for resource ARN {stream_arn}.",
    )


def test_consumer_has_a_policy_of_its_own(kinesis, stream_arn, consumer):
    text = policy(consumer, Action="kinesis:SubscribeToShard")
    kinesis.put_resource_policy(ResourceARN=consumer, Policy=text)
    assert kinesis.get_resource_policy(ResourceARN=consumer)["Policy"] == text
    assert kinesis.get_resource_policy(ResourceARN=stream_arn)["Policy"] == "{}"
    kinesis.delete_resource_policy(ResourceARN=consumer)
    assert kinesis.get_resource_policy(ResourceARN=consumer)["Policy"] == "{}"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("{", "it is not valid JSON."),
        ("[]", "it must be a JSON object."),
        ("{}", "it has no Statement."),
        (policy("x", Effect="Maybe"), "the Effect of a Statement must be Allow or Deny."),
        (policy("x", Principal=None), "a Statement has no Principal."),
        (policy("x", Action="s3:GetObject"), "the Action of a Statement must name actions of"),
        (policy("x"), "the Resource of a Statement must be arn:aws:kinesis:us-east-1:0000"),
        (policy("x", Sid="s" * 20_480), "it must not be larger than 20480 bytes."),
    ],
)
def test_policy_that_is_none_is_refused(kinesis, stream_arn, text, fault):
    code, message = refusal(kinesis.put_resource_policy, ResourceARN=stream_arn, Policy=text)
    assert code == "InvalidArgumentException"
    assert message.startswith(f"Invalid resource policy: {fault}")
    assert kinesis.get_resource_policy(ResourceARN=stream_arn)["Policy"] == "{}"


@pytest.mark.parametrize(
    ("operation", "request_more"), [("get", {}), ("put", {"Policy": "{}"}), ("delete", {})]
)
def test_policy_of_what_is_not_there_is_refused(
    kinesis, stream, stream_arn, operation, request_more
):
    call = getattr(kinesis, f"{operation}_resource_policy")
    missing = f"{stream_arn}-missing"
    assert refusal(call, ResourceARN=missing, **request_more) == (
        "ResourceNotFoundException",
        f"Stream {stream}-missing under account 000000000000 not found.",
    )
    nobody = f"{stream_arn}/consumer/nobody:1"
    assert refusal(call, ResourceARN=nobody, **request_more)[0] == "ResourceNotFoundException"
    assert refusal(call, ResourceARN="nonsense", **request_more)[0] == "ValidationException"
