"""The gateway speaks HTTP/2 to clients that begin with it, as AWS's Java SDK does for Kinesis."""

import json
import threading

import httpx
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.eventstream import EventStreamBuffer


@pytest.fixture
def http2(endpoint_url):
    with httpx.Client(http1=False, http2=True, base_url=endpoint_url, trust_env=False) as client:
        yield client


@pytest.fixture
def signed(endpoint_url):
    """`signed("DescribeStream", {...})`: the arguments of a request to Kinesis."""

    def sign(operation, request):
        headers = {
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": f"Kinesis_20131202.{operation}",
        }
        asked = AWSRequest("POST", f"{endpoint_url}/", headers, json.dumps(request))
        SigV4Auth(Credentials("test", "test"), "kinesis", "us-east-1").add_auth(asked)
        return {"content": asked.data, "headers": dict(asked.headers)}

    return sign


@pytest.fixture
def consumer(aws, unique):
    """The ARN of a consumer of a stream of one shard."""
    kinesis = aws("kinesis")
    kinesis.create_stream(StreamName=unique, ShardCount=1)
    summary = kinesis.describe_stream_summary(StreamName=unique)["StreamDescriptionSummary"]
    arn = summary["StreamARN"]
    registered = kinesis.register_stream_consumer(StreamARN=arn, ConsumerName="reader")
    yield registered["Consumer"]["ConsumerARN"]
    kinesis.delete_stream(StreamName=unique, EnforceConsumerDeletion=True)


def test_answers_and_refusals(http2, signed, consumer, unique):
    described = http2.post("/", **signed("DescribeStream", {"StreamName": unique}))
    assert (described.http_version, described.status_code) == ("HTTP/2", 200)
    assert described.json()["StreamDescription"]["StreamName"] == unique
    refused = http2.post("/", **signed("DescribeStream", {"StreamName": f"{unique}-none"}))
    assert refused.status_code == 400
    assert refused.json()["__type"] == "ResourceNotFoundException"


def test_bodies_larger_than_a_window(http2, bucket):
    body = bytes(range(256)) * 20_000
    stored = http2.put(f"/{bucket}/large?x-id=PutObject", content=body)
    assert stored.status_code == 200
    assert http2.get(f"/{bucket}/large").content == body
    head = http2.head(f"/{bucket}/large")
    assert (head.headers["content-length"], head.content) == (str(len(body)), b"")


def test_requests_of_one_connection_do_not_wait_for_each_other(
    http2, aws, signed, consumer, unique
):
    """A subscription is open while others are answered; then the client leaves it, and goes on."""
    subscription = signed(
        "SubscribeToShard",
        {
            "ConsumerARN": consumer,
            "ShardId": "shardId-000000000000",
            "StartingPosition": {"Type": "LATEST"},
        },
    )
    buffer, events = EventStreamBuffer(), []
    with http2.stream("POST", "/", **subscription) as answer:
        assert answer.headers["content-type"] == "application/vnd.amazon.eventstream"
        put = {"StreamName": unique, "Data": "eA==", "PartitionKey": "p"}
        assert http2.post("/", **signed("PutRecord", put)).status_code == 200
        for part in answer.iter_raw():
            buffer.add_data(part)
            events += list(buffer)
            if len(events) == 2:
                break
    assert [event.headers[":event-type"] for event in events] == [
        "initial-response",
        "SubscribeToShardEvent",
    ]
    assert json.loads(events[1].payload)["Records"][0]["Data"] == "eA=="
    assert http2.post("/", **signed("ListStreams", {})).status_code == 200


def test_many_at_once(http2, signed, consumer, unique):
    def describe():
        found.append(http2.post("/", **signed("DescribeStream", {"StreamName": unique})))

    found: list[httpx.Response] = []
    threads = [threading.Thread(target=describe) for _ in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.status_code for answer in found] == [200] * 30
