import json

import pytest

from tests.contract.lambda_.functions import ROLE, bundle
from tests.contract.lambda_.mappings.handlers import KEEP


@pytest.fixture
def function(aws, unique, bucket):
    """`function(code)`: a function that knows the bucket; deleted afterwards."""
    client = aws("lambda")
    made = []

    def create(code: str = KEEP, **variables) -> str:
        name = f"{unique}-{len(made)}"
        client.create_function(
            FunctionName=name,
            Runtime="python3.13",
            Handler="main.handler",
            Role=ROLE,
            Timeout=30,
            MemorySize=512,
            Code={"ZipFile": bundle({"main.py": code})},
            Environment={"Variables": {"BUCKET": bucket, **variables}},
        )
        made.append(name)
        client.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 1})
        return name

    yield create
    for name in made:
        client.delete_function(FunctionName=name)


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
    """`put("a", "b", key="k")`: records, in this order."""

    def records(*data: str | bytes, key: str = "k") -> None:
        entries = [{"Data": item, "PartitionKey": key} for item in data]
        answer = aws("kinesis").put_records(StreamARN=stream, Records=entries)
        assert not answer["FailedRecordCount"]

    return records


@pytest.fixture
def mapping(aws):
    """`mapping(function, source, BatchSize=10)`: its UUID; deleted afterwards. A stream is read
    from its beginning, unless told otherwise.
    """
    client = aws("lambda")
    made = []

    def create(function: str, source: str, **options) -> str:
        if ":kinesis:" in source:
            options = {"StartingPosition": "TRIM_HORIZON", **options}
        answer = client.create_event_source_mapping(
            FunctionName=function, EventSourceArn=source, **options
        )
        made.append(answer["UUID"])
        return answer["UUID"]

    yield create
    for uuid in made:
        try:
            client.delete_event_source_mapping(UUID=uuid)
        except client.exceptions.ResourceNotFoundException:
            continue


@pytest.fixture
def refused(aws, stream):
    """`refused(name, BatchSize=0)`: the code and message that refuse a mapping of the stream."""

    def create(function: str, /, **options) -> tuple[str, str]:
        client = aws("lambda")
        request = {
            "FunctionName": function,
            "EventSourceArn": stream,
            "StartingPosition": "TRIM_HORIZON",
            **options,
        }
        with pytest.raises(client.exceptions.ClientError) as refusal:
            client.create_event_source_mapping(**request)
        error = refusal.value.response["Error"]
        return error["Code"], error["Message"]

    return create


@pytest.fixture
def batches(aws, bucket):
    """What the function kept, batch by batch, in the order of its invocations."""

    def read() -> list[dict]:
        s3 = aws("s3")
        listed = s3.list_objects_v2(Bucket=bucket).get("Contents", [])
        keys = sorted(item["Key"] for item in listed if item["Key"].isdigit())
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
