"""Event source mappings: what a function is handed from Kinesis and SQS, and what becomes of what
it fails on.
"""

import base64
import io
import json
import time
import zipfile

import pytest
from botocore.exceptions import ClientError

ROLE = "arn:aws:iam::000000000000:role/lambda"

KEEP = """
import base64, boto3, json, os
s3 = boto3.client("s3")
def handler(event, context):
    records = event["Records"]
    data = [base64.b64decode(record["kinesis"]["data"]).decode() for record in records]
    if "poison" in data:
        raise ValueError("poison")
    s3.put_object(
        Bucket=os.environ["BUCKET"],
        Key=records[0]["kinesis"]["sequenceNumber"],
        Body=json.dumps({"records": records, "data": data}),
    )
"""
"""Keeps each batch as an object, named by its first sequence number."""


def bundle(code: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("main.py", code)
    return packed.getvalue()


@pytest.fixture
def function(aws, unique, bucket):
    """`function(code)`: a function that knows the bucket."""
    client = aws("lambda")

    def create(code: str = KEEP, **options) -> str:
        client.create_function(
            FunctionName=unique,
            Runtime="python3.13",
            Handler="main.handler",
            Role=ROLE,
            Timeout=30,
            MemorySize=512,
            Code={"ZipFile": bundle(code)},
            Environment={"Variables": {"BUCKET": bucket}},
            **options,
        )
        client.get_waiter("function_active_v2").wait(FunctionName=unique, WaiterConfig={"Delay": 1})
        return unique

    yield create
    client.delete_function(FunctionName=unique)


@pytest.fixture
def stream(aws, unique):
    """A stream of one shard: its ARN."""
    kinesis = aws("kinesis")
    kinesis.create_stream(StreamName=unique, ShardCount=1)
    kinesis.get_waiter("stream_exists").wait(StreamName=unique, WaiterConfig={"Delay": 1})
    described = kinesis.describe_stream_summary(StreamName=unique)
    yield described["StreamDescriptionSummary"]["StreamARN"]
    kinesis.delete_stream(StreamName=unique, EnforceConsumerDeletion=True)


@pytest.fixture
def put(aws, stream):
    """`put("a", "b")`: records, in this order."""

    def records(*data: str | bytes) -> None:
        entries = [{"Data": item, "PartitionKey": "k"} for item in data]
        answer = aws("kinesis").put_records(StreamARN=stream, Records=entries)
        assert not answer["FailedRecordCount"]

    return records


@pytest.fixture
def mapping(aws):
    """`mapping(function, source, BatchSize=10)`: its UUID; deleted afterwards, to the end."""
    client = aws("lambda")
    made = []

    def create(function: str, source: str, **options) -> str:
        answer = client.create_event_source_mapping(
            FunctionName=function, EventSourceArn=source, **options
        )
        made.append(answer["UUID"])
        return answer["UUID"]

    yield create
    for uuid in made:
        client.delete_event_source_mapping(UUID=uuid)


@pytest.fixture
def batches(aws, bucket):
    """What the function kept, batch by batch, in the order of the shard."""

    def read() -> list[dict]:
        s3 = aws("s3")
        listed = s3.list_objects_v2(Bucket=bucket).get("Contents", [])
        keys = sorted((item["Key"] for item in listed), key=int)
        return [json.loads(s3.get_object(Bucket=bucket, Key=k)["Body"].read()) for k in keys]

    return read


@pytest.fixture
def arrived(batches, waiting):
    """`arrived(3)`: the data, once so many records came."""

    def read(count: int, seconds: float = 30) -> list[str]:
        def data():
            found = [item for batch in batches() for item in batch["data"]]
            return found if len(found) >= count else None

        return waiting(f"{count} records", data, seconds=seconds)

    return read


@pytest.fixture
def queue(aws, unique):
    """A queue: URL and ARN."""
    sqs = aws("sqs")
    url = sqs.create_queue(QueueName=f"{unique}-queue")["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    yield url, attributes["QueueArn"]
    sqs.delete_queue(QueueUrl=url)


@pytest.fixture
def message(aws, queue, waiting):
    """`message()`: the body of the next message of the queue."""

    def receive() -> dict:
        def body():
            answer = aws("sqs").receive_message(QueueUrl=queue[0], WaitTimeSeconds=1)
            return [json.loads(item["Body"]) for item in answer.get("Messages", [])]

        return waiting("a message", body)[0]

    return receive


def test_records_arrive_once_in_order_and_in_aws_s_shape(
    function, stream, put, mapping, arrived, batches
):
    put("a", "b", "c")
    mapping(function(), stream, StartingPosition="TRIM_HORIZON")
    assert arrived(3) == ["a", "b", "c"]
    record = batches()[0]["records"][0]
    number = record["kinesis"]["sequenceNumber"]
    arrival = record["kinesis"].pop("approximateArrivalTimestamp")
    assert time.time() - 60 < arrival < time.time() + 60
    assert record == {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": "k",
            "sequenceNumber": number,
            "data": base64.b64encode(b"a").decode(),
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": f"shardId-000000000000:{number}",
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": ROLE,
        "awsRegion": "us-east-1",
        "eventSourceARN": stream,
    }


def test_batch_holds_at_most_batch_size_records(function, stream, put, mapping, arrived, batches):
    put(*"abcde")
    mapping(function(), stream, StartingPosition="TRIM_HORIZON", BatchSize=2)
    arrived(5)
    assert [batch["data"] for batch in batches()] == [["a", "b"], ["c", "d"], ["e"]]


def test_batch_past_six_megabytes_is_split(function, stream, put, mapping, arrived, batches):
    for _ in range(3):
        put(*["x" * 1_000_000] * 4)
    mapping(function(), stream, StartingPosition="TRIM_HORIZON", BatchSize=100)
    assert len(arrived(12)) == 12
    assert max(len(batch["data"]) for batch in batches()) == 4


def test_batching_window_gathers_records(function, stream, put, mapping, arrived, batches):
    mapping(function(), stream, StartingPosition="TRIM_HORIZON", MaximumBatchingWindowInSeconds=3)
    put("a")
    put("b")
    arrived(2)
    assert [batch["data"] for batch in batches()] == [["a", "b"]]


def test_latest_starts_at_the_mapping(function, stream, put, mapping, arrived, waiting, aws):
    put("before")
    uuid = mapping(function(), stream, StartingPosition="LATEST")
    get = aws("lambda").get_event_source_mapping
    waiting("the mapping", lambda: get(UUID=uuid)["State"] == "Enabled")
    put("after")
    assert arrived(1) == ["after"]


def test_filter_lets_matching_records_through_unchanged(function, stream, put, mapping, arrived):
    put('{"type":  "weather"}', "no json", '{"type":  "planned"}')
    pattern = json.dumps({"data": {"type": ["planned"]}})
    mapping(
        function(),
        stream,
        StartingPosition="TRIM_HORIZON",
        FilterCriteria={"Filters": [{"Pattern": pattern}]},
    )
    assert arrived(1) == ['{"type":  "planned"}']


def test_split_stream_is_read_whole_and_parents_first(
    function, stream, put, mapping, arrived, waiting, aws, unique
):
    put("before")
    mapping(function(), stream, StartingPosition="TRIM_HORIZON")
    kinesis = aws("kinesis")
    kinesis.update_shard_count(StreamName=unique, TargetShardCount=2, ScalingType="UNIFORM_SCALING")
    kinesis.get_waiter("stream_exists").wait(StreamName=unique, WaiterConfig={"Delay": 1})
    put("after")
    assert arrived(2) == ["before", "after"]


def test_failing_batch_is_bisected_and_the_poison_told_to_the_destination(
    function, stream, put, mapping, arrived, queue, message, unique
):
    put("a", "b", "poison", "c")
    mapping(
        function(),
        stream,
        StartingPosition="TRIM_HORIZON",
        BisectBatchOnFunctionError=True,
        MaximumRetryAttempts=0,
        DestinationConfig={"OnFailure": {"Destination": queue[1]}},
    )
    assert arrived(3) == ["a", "b", "c"]
    told = message()
    info = told["KinesisBatchInfo"]
    assert told["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert told["requestContext"]["functionArn"].endswith(f":function:{unique}")
    assert told["requestContext"]["approximateInvokeCount"] == 1
    assert told["responseContext"] == {
        "statusCode": 200,
        "executedVersion": "$LATEST",
        "functionError": "Unhandled",
    }
    assert info["batchSize"] == 1
    assert info["startSequenceNumber"] == info["endSequenceNumber"]
    assert (info["shardId"], info["streamArn"]) == ("shardId-000000000000", stream)


def test_retries_are_as_many_as_asked_for(function, stream, put, mapping, queue, message):
    put("poison")
    mapping(
        function(),
        stream,
        StartingPosition="TRIM_HORIZON",
        MaximumRetryAttempts=1,
        DestinationConfig={"OnFailure": {"Destination": queue[1]}},
    )
    assert message()["requestContext"]["approximateInvokeCount"] == 2


def test_reported_item_failures_are_retried_from_the_first(function, stream, put, mapping, arrived):
    code = KEEP.replace('        raise ValueError("poison")\n', "        pass\n") + (
        "    if data[0] == 'a':\n"
        "        failed = records[1]['kinesis']['sequenceNumber']\n"
        "        return {'batchItemFailures': [{'itemIdentifier': failed}]}\n"
    )
    put("a", "b", "c")
    mapping(
        function(code),
        stream,
        StartingPosition="TRIM_HORIZON",
        FunctionResponseTypes=["ReportBatchItemFailures"],
    )
    assert arrived(5) == ["a", "b", "c", "b", "c"]


def test_disabled_mapping_goes_on_where_it_stopped(
    function, stream, put, mapping, arrived, waiting, aws
):
    put("a")
    uuid = mapping(function(), stream, StartingPosition="TRIM_HORIZON")
    arrived(1)
    client = aws("lambda")

    def switch(to: str, **options) -> None:
        client.update_event_source_mapping(UUID=uuid, **options)
        state = lambda: client.get_event_source_mapping(UUID=uuid)["State"]  # noqa: E731
        waiting(f"state {to}", lambda: state() == to)

    switch("Disabled", Enabled=False)
    put("b")
    switch("Enabled", Enabled=True)
    assert arrived(2) == ["a", "b"]
    listed = client.list_event_source_mappings(EventSourceArn=stream)["EventSourceMappings"]
    assert [(item["State"], item["LastProcessingResult"]) for item in listed] == [("Enabled", "OK")]


def test_tumbling_window_is_refused(function, stream, mapping):
    with pytest.raises(ClientError) as refusal:
        mapping(function(), stream, StartingPosition="TRIM_HORIZON", TumblingWindowInSeconds=30)
    assert "TumblingWindowInSeconds are not emulated" in refusal.value.response["Error"]["Message"]


def test_mapping_of_a_missing_function_is_refused(stream, mapping):
    with pytest.raises(ClientError) as refusal:
        mapping("no-such-function", stream, StartingPosition="TRIM_HORIZON")
    assert refusal.value.response["Error"]["Code"] == "InvalidParameterValueException"
    assert refusal.value.response["Error"]["Message"] == "Function does not exist"


def test_messages_of_a_queue_arrive_and_are_deleted(function, queue, mapping, waiting, aws, bucket):
    code = (
        "import boto3, os\n"
        "def handler(event, context):\n"
        "    for record in event['Records']:\n"
        "        boto3.client('s3').put_object(Bucket=os.environ['BUCKET'], Key=record['body'])\n"
    )
    mapping(function(code), queue[1], BatchSize=10)
    sqs, s3 = aws("sqs"), aws("s3")
    for body in ("a", "b"):
        sqs.send_message(QueueUrl=queue[0], MessageBody=body)
    listed = lambda: s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 2  # noqa: E731
    waiting("both messages", listed)
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    left = lambda: sqs.get_queue_attributes(QueueUrl=queue[0], AttributeNames=names)  # noqa: E731
    waiting("the empty queue", lambda: set(left()["Attributes"].values()) == {"0"})


def test_batches_of_a_queue_follow_each_other_closely(
    function, queue, mapping, waiting, aws, bucket
):
    code = (
        "import boto3, os\n"
        "s3 = boto3.client('s3')\n"
        "def handler(event, context):\n"
        "    s3.put_object(Bucket=os.environ['BUCKET'], Key=event['Records'][0]['body'])\n"
    )
    names = [f"{number:02}" for number in range(20)]
    for body in names:
        aws("sqs").send_message(QueueUrl=queue[0], MessageBody=body)
    mapping(function(code), queue[1], BatchSize=1)
    listed = lambda: aws("s3").list_objects_v2(Bucket=bucket)["KeyCount"] == len(names)  # noqa: E731
    waiting("a batch for each message", listed, seconds=15)
