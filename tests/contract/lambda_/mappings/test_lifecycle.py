"""Mappings that are changed, switched, deleted, restarted and killed while they run."""

import signal

import pytest

from tests.contract.lambda_.functions import ROLE, bundle
from tests.contract.lambda_.mappings.handlers import VERSIONED


@pytest.fixture
def shown(aws):
    """`shown(uuid)`: the mapping as it is now; None when there is none."""
    client = aws("lambda")

    def read(uuid: str) -> dict | None:
        try:
            return client.get_event_source_mapping(UUID=uuid)
        except client.exceptions.ResourceNotFoundException:
            return None

    return read


def test_disabled_mapping_goes_on_where_it_stopped(
    function, stream, put, mapping, arrived, waiting, aws, shown
):
    put("a")
    uuid = mapping(function(), stream)
    arrived(1)
    client = aws("lambda")

    def switch(to: str, **options) -> None:
        client.update_event_source_mapping(UUID=uuid, **options)
        waiting(f"state {to}", lambda: shown(uuid)["State"] == to)

    switch("Disabled", Enabled=False)
    put("b")
    switch("Enabled", Enabled=True)
    assert arrived(2) == ["a", "b"]
    listed = client.list_event_source_mappings(EventSourceArn=stream)["EventSourceMappings"]
    assert [(item["State"], item["LastProcessingResult"]) for item in listed] == [("Enabled", "OK")]


def test_update_changes_what_runs_and_nothing_comes_twice(
    function, stream, put, mapping, arrived, batches, aws, shown
):
    put(*"abcd")
    uuid = mapping(function(), stream, BatchSize=2)
    arrived(4)
    before = shown(uuid)["LastModified"]
    other = function()
    aws("lambda").update_event_source_mapping(UUID=uuid, BatchSize=1, FunctionName=other)
    put(*"ef")
    assert arrived(6) == list("abcdef")
    assert [len(batch["data"]) for batch in batches()] == [2, 2, 1, 1]
    now = shown(uuid)
    assert (now["BatchSize"], now["FunctionArn"].endswith(other)) == (1, True)
    assert now["LastModified"] > before


def test_deleted_mapping_delivers_no_more(
    function, stream, put, mapping, arrived, aws, waiting, shown
):
    first, second = function(), function()
    uuid = mapping(first, stream)
    put("a")
    arrived(1)
    deleted = aws("lambda").delete_event_source_mapping(UUID=uuid)
    assert deleted["State"] == "Deleting"
    waiting("the end of the mapping", lambda: shown(uuid) is None)
    put("b")
    mapping(second, stream)
    # The second reads from the beginning: what it has, the first would have had before.
    assert arrived(3) == ["a", "a", "b"]


def test_disabled_mapping_can_be_deleted(function, stream, mapping, aws, waiting):
    name = function()
    uuid = mapping(name, stream, Enabled=False)
    client = aws("lambda")
    client.delete_event_source_mapping(UUID=uuid)
    listed = lambda: client.list_event_source_mappings(FunctionName=name)  # noqa: E731
    waiting("the empty list", lambda: not listed()["EventSourceMappings"])


def test_alias_is_followed_to_another_version(
    function, stream, put, mapping, arrived, aws, batches
):
    name, client = function(VERSIONED), aws("lambda")
    for number in ("1", "2"):
        client.update_function_configuration(FunctionName=name, Description=number)
        client.get_waiter("function_updated_v2").wait(FunctionName=name)
        client.publish_version(FunctionName=name)
    client.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    mapping(f"{name}:live", stream)
    put("a")
    arrived(1)
    client.update_alias(FunctionName=name, Name="live", FunctionVersion="2")
    put("b")
    arrived(2)
    assert [batch["version"] for batch in batches()] == ["1", "2"]


def test_consumer_that_is_deregistered_delivers_no_more(
    function, stream, mapping, aws, waiting, shown
):
    kinesis = aws("kinesis")
    registered = kinesis.register_stream_consumer(StreamARN=stream, ConsumerName="fan-out")
    consumer = registered["Consumer"]["ConsumerARN"]
    uuid = mapping(function(), consumer)
    kinesis.deregister_stream_consumer(ConsumerARN=consumer)
    gone = f"PROBLEM: Stream not found: {consumer}"
    waiting("the problem", lambda: shown(uuid)["LastProcessingResult"] == gone)


def test_stream_that_is_deleted_shows_and_one_made_anew_is_read(
    function, stream, put, mapping, arrived, aws, waiting, shown, unique
):
    put("a")
    uuid = mapping(function(), stream)
    arrived(1)
    kinesis = aws("kinesis")
    kinesis.delete_stream(StreamName=unique)
    gone = f"PROBLEM: Stream not found: {stream}"
    waiting("the problem", lambda: shown(uuid)["LastProcessingResult"] == gone)
    kinesis.create_stream(StreamName=unique, ShardCount=1)
    put("b")
    assert arrived(2) == ["a", "b"]


SLOW = """
import base64, boto3, os, time
s3 = boto3.client("s3")
def handler(event, context):
    for record in event["Records"]:
        time.sleep(0.02)
        data = base64.b64decode(record["kinesis"]["data"]).decode()
        s3.put_object(Bucket=os.environ["BUCKET"], Key=f"{data}/{context.aws_request_id}")
"""


def start(emulator, **options) -> str:
    """A stream of two shards, a bucket, a slow function and their mapping: the mapping's UUID."""
    emulator.aws("s3").create_bucket(Bucket="kept")
    kinesis, client = emulator.aws("kinesis"), emulator.aws("lambda")
    kinesis.create_stream(StreamName="s", ShardCount=2)
    client.create_function(
        FunctionName="f",
        Runtime="python3.13",
        Handler="main.handler",
        Role=ROLE,
        Timeout=30,
        Code={"ZipFile": bundle({"main.py": SLOW})},
        Environment={"Variables": {"BUCKET": "kept"}},
    )
    client.get_waiter("function_active_v2").wait(FunctionName="f", WaiterConfig={"Delay": 1})
    arn = kinesis.describe_stream_summary(StreamName="s")["StreamDescriptionSummary"]["StreamARN"]
    return client.create_event_source_mapping(
        FunctionName="f", EventSourceArn=arn, StartingPosition="LATEST", **options
    )["UUID"]


def kept(emulator) -> list[str]:
    pages = emulator.aws("s3").get_paginator("list_objects_v2").paginate(Bucket="kept")
    return [item["Key"].split("/")[0] for page in pages for item in page.get("Contents", [])]


@pytest.mark.parametrize(
    ("factor", "number"), [(1, signal.SIGKILL), (4, signal.SIGKILL), (1, signal.SIGTERM)]
)
def test_end_of_the_emulator_loses_nothing(own_emulator, waiting, factor, number):
    """No attempt is left: a batch whose process ends with the emulator is not given up for it."""
    uuid = start(own_emulator, BatchSize=10, ParallelizationFactor=factor, MaximumRetryAttempts=0)
    waiting("a saved state", lambda: own_emulator.has_saved("lambda", uuid))
    names = {f"{number:04}" for number in range(400)}
    own_emulator.aws("kinesis").put_records(
        StreamName="s", Records=[{"Data": name, "PartitionKey": name} for name in sorted(names)]
    )
    waiting("the first records", lambda: kept(own_emulator))
    own_emulator.end(number)
    own_emulator.start()
    waiting("all records", lambda: set(kept(own_emulator)) == names)


def test_mapping_of_a_deleted_function_survives_a_restart(own_emulator, waiting):
    uuid = start(own_emulator)
    client = own_emulator.aws("lambda")
    client.delete_function(FunctionName="f")
    own_emulator.end()
    own_emulator.start()
    assert client.get_event_source_mapping(UUID=uuid)["UUID"] == uuid
    client.delete_event_source_mapping(UUID=uuid)
    listed = lambda: client.list_event_source_mappings()["EventSourceMappings"]  # noqa: E731
    waiting("no mapping", lambda: not listed())
