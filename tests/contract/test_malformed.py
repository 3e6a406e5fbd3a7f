"""Requests that no SDK would send: refused as the sender's fault, and nothing of them is stored."""

import json
from urllib.parse import urlencode

import httpx
import pytest

AUTHORIZATION = (
    "AWS4-HMAC-SHA256 Credential=test/20130101/us-east-1/{}/aws4_request, "
    "SignedHeaders=host, Signature=0"
)


@pytest.fixture
def send(endpoint_url):
    """`send("kinesis", "/", body, ...)`: the answer to a request as it stands."""

    def call(service, path, body, method="POST", **headers):
        return httpx.request(
            method,
            endpoint_url + path,
            content=body,
            headers={"Authorization": AUTHORIZATION.format(service), **headers},
            trust_env=False,
            timeout=30,
        )

    return call


@pytest.fixture
def to_kinesis(send):
    def call(operation, body):
        headers = {
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": f"Kinesis_20131202.{operation}",
        }
        answer = send("kinesis", "/", body, **headers)
        return answer.status_code, answer.json()["__type"].rpartition("#")[2]

    return call


@pytest.fixture
def to_sts(send):
    def call(**values):
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        return send("sts", "/", urlencode(values), **form)

    return call


@pytest.mark.parametrize(
    "body",
    [
        "{",
        "[1]",
        '"text"',
        "[" * 100_000,
        b"\xff",
        '{"StreamName": "s", "ShardCount": "many"}',
        '{"StreamName": "s", "ShardCount": 1e999}',
    ],
    ids=["cut", "a list", "a text", "deep", "not UTF-8", "not a number", "too large a number"],
)
def test_json_that_cannot_be_read_is_a_serialization_exception(to_kinesis, body):
    assert to_kinesis("CreateStream", body) == (400, "SerializationException")


@pytest.mark.parametrize("data", ["!!!", "xyz", "YmxvYg=", "-_==", "YQ==YQ==", 98, True, ["b"]])
def test_blob_that_is_no_base64_is_refused_and_not_stored(aws, to_kinesis, unique, data):
    kinesis = aws("kinesis")
    kinesis.create_stream(StreamName=unique, ShardCount=1)
    record = {"StreamName": unique, "PartitionKey": "p", "Data": data}
    assert to_kinesis("PutRecord", json.dumps(record)) == (400, "SerializationException")
    iterator = kinesis.get_shard_iterator(
        StreamName=unique, ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    assert kinesis.get_records(ShardIterator=iterator)["Records"] == []
    kinesis.delete_stream(StreamName=unique)


def test_operation_that_aws_does_not_have_is_unknown(to_kinesis):
    assert to_kinesis("PutSomething", "{}") == (400, "UnknownOperationException")


def test_rest_json_that_cannot_be_read_is_a_serialization_exception(send):
    answer = send("lambda", "/2015-03-31/functions", "{", **{"Content-Type": "application/json"})
    code = answer.headers["x-amzn-errortype"].partition(":")[0]
    assert (answer.status_code, code) == (400, "SerializationException")


@pytest.mark.parametrize(
    ("values", "code", "message"),
    [
        ({"Version": "2011-06-15"}, "MissingAction", "Missing Action"),
        (
            {"Action": "GetNothing", "Version": "2011-06-15"},
            "InvalidAction",
            "Could not find operation GetNothing for version 2011-06-15",
        ),
        (
            {"Action": "GetSessionToken", "Version": "2011-06-15", "DurationSeconds": "long"},
            "MalformedInput",
            "'long' cannot be parsed to integer",
        ),
    ],
)
def test_query_that_cannot_be_read_is_refused(to_sts, values, code, message):
    answer = to_sts(**values)
    assert answer.status_code == 400
    assert f"<Code>{code}</Code>" in answer.text
    assert message in answer.text


def test_xml_that_is_not_well_formed_is_refused(send, bucket):
    answer = send("s3", f"/{bucket}?versioning", "<VersioningConfiguration>", "PUT")
    assert answer.status_code == 400
    assert "<Code>MalformedXML</Code>" in answer.text
    assert "The XML you provided was not well-formed" in answer.text
