"""Asynchronous invocations: attempts, waits, destinations, dead letters, and kills."""

import json
import signal

import pytest

from tests.contract.conftest import Emulator, client_factory
from tests.contract.lambda_.functions import ECHO, ROLE, bundle

FAILING = "def handler(event, context):\n    raise ValueError('no ' + event['flight'])\n"
COUNTING = (
    "import boto3\n"
    "def handler(event, context):\n"
    "    sqs, request_id = boto3.client('sqs'), context.aws_request_id\n"
    "    sqs.send_message(QueueUrl=event['url'], MessageBody=request_id)\n"
    "    raise ValueError('again')\n"
)
EVENT = {"flight": "UA1545"}


@pytest.fixture(scope="module")
def hasty(tmp_path_factory):
    """An emulator that waits a second where Lambda waits a minute."""
    emulator = Emulator(tmp_path_factory.mktemp("hasty"), LAMBDA_RETRY_BASE_DELAY="1")
    emulator.start()
    yield emulator
    if emulator.process.poll() is None:
        emulator.end()


@pytest.fixture
def client(hasty):
    return client_factory(hasty.url)


@pytest.fixture
def function(client, unique):
    """`function(code, Timeout=1)`: the name of a new function."""
    made = []

    def create(code: str, **options) -> str:
        name = f"{unique}-{len(made)}"
        client("lambda").create_function(
            FunctionName=name,
            Runtime="python3.13",
            Handler="main.handler",
            Role=ROLE,
            Code={"ZipFile": bundle({"main.py": code})},
            **options,
        )
        made.append(name)
        waiter = client("lambda").get_waiter("function_active_v2")
        waiter.wait(FunctionName=name, WaiterConfig={"Delay": 1})
        return name

    return create


@pytest.fixture
def queue(client, unique, waiting):
    """A queue's `url` and `arn`, and `take()`: its next message."""
    sqs = client("sqs")
    url = sqs.create_queue(QueueName=unique)["QueueUrl"]

    class Queue:
        arn = f"arn:aws:sqs:us-east-1:000000000000:{unique}"

        def messages(self) -> list[dict]:
            return sqs.receive_message(
                QueueUrl=url, WaitTimeSeconds=1, MessageAttributeNames=["All"]
            ).get("Messages", [])

        def take(self) -> dict:
            (message,) = waiting("a message", self.messages)
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            return message

    Queue.url = url
    return Queue()


def send(client, name: str, event: object = EVENT, **options) -> str:
    answer = client("lambda").invoke(
        FunctionName=name, InvocationType="Event", Payload=json.dumps(event), **options
    )
    assert (answer["StatusCode"], answer["Payload"].read()) == (202, b"")
    return answer["ResponseMetadata"]["RequestId"]


def configure(client, name: str, kind: str, arn: str, **options) -> None:
    client("lambda").put_function_event_invoke_config(
        FunctionName=name, DestinationConfig={kind: {"Destination": arn}}, **options
    )


def test_success_is_told(client, function, queue):
    name = function(ECHO)
    configure(client, name, "OnSuccess", queue.arn)
    request_id = send(client, name)
    record = json.loads(queue.take()["Body"])
    arn = f"arn:aws:lambda:us-east-1:000000000000:function:{name}:$LATEST"
    assert record.pop("timestamp").endswith("Z")
    assert record == {
        "version": "1.0",
        "requestContext": {
            "requestId": request_id,
            "functionArn": arn,
            "condition": "Success",
            "approximateInvokeCount": 1,
        },
        "requestPayload": EVENT,
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST"},
        "responsePayload": EVENT,
    }


def test_failure_is_tried_three_times_and_told(client, function, queue):
    name = function(FAILING)
    configure(client, name, "OnFailure", queue.arn)
    request_id = send(client, name)
    record = json.loads(queue.take()["Body"])
    assert record["requestContext"]["requestId"] == request_id
    assert record["requestContext"]["condition"] == "RetriesExhausted"
    assert record["requestContext"]["approximateInvokeCount"] == 3
    assert record["responseContext"] == {
        "statusCode": 200,
        "executedVersion": "$LATEST",
        "functionError": "Unhandled",
    }
    assert record["responsePayload"]["errorMessage"] == "no UA1545"


@pytest.mark.parametrize("retries", [0, 1])
def test_attempts_are_as_many_as_configured_and_share_their_request_id(
    client, function, queue, retries
):
    name = function(COUNTING)
    configure(client, name, "OnFailure", queue.arn, MaximumRetryAttempts=retries)
    request_id = send(client, name, {"url": queue.url})
    bodies = [queue.take()["Body"] for _ in range(retries + 2)]
    assert bodies[:-1] == [request_id] * (retries + 1)
    context = json.loads(bodies[-1])["requestContext"]
    assert context["approximateInvokeCount"] == retries + 1


def test_dead_letter_is_the_event_with_its_error(client, function, queue):
    name = function(FAILING, DeadLetterConfig={"TargetArn": queue.arn})
    client("lambda").put_function_event_invoke_config(FunctionName=name, MaximumRetryAttempts=0)
    request_id = send(client, name)
    message = queue.take()
    attributes = {key: value["StringValue"] for key, value in message["MessageAttributes"].items()}
    assert json.loads(message["Body"]) == EVENT
    assert attributes == {
        "RequestID": request_id,
        "ErrorCode": "200",
        "ErrorMessage": "no UA1545",
    }


def test_event_of_a_function_without_concurrency_is_given_up(client, function, queue):
    name = function(ECHO)
    configure(client, name, "OnFailure", queue.arn)
    client("lambda").put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    send(client, name)
    record = json.loads(queue.take()["Body"])
    assert record["requestContext"]["condition"] == "ZeroReservedConcurrency"
    assert record["requestContext"]["approximateInvokeCount"] == 0
    assert "responsePayload" not in record


def test_topic_function_bus_and_bucket_are_told(client, function, queue, unique, waiting):
    sns, events, s3 = client("sns"), client("events"), client("s3")
    topic = sns.create_topic(Name=unique)["TopicArn"]
    sns.subscribe(
        TopicArn=topic,
        Protocol="sqs",
        Endpoint=queue.arn,
        Attributes={"RawMessageDelivery": "true"},
    )
    name = function(ECHO)
    configure(client, name, "OnSuccess", topic)
    send(client, name, "by topic")
    assert json.loads(queue.take()["Body"])["responsePayload"] == "by topic"

    forward = (
        "import boto3, json\n"
        "def handler(event, context):\n"
        f"    boto3.client('sqs').send_message(QueueUrl='{queue.url}', "
        "MessageBody=json.dumps(event))\n"
    )
    configure(
        client,
        name,
        "OnSuccess",
        f"arn:aws:lambda:us-east-1:000000000000:function:{function(forward)}",
    )
    send(client, name, "by function")
    assert json.loads(queue.take()["Body"])["responsePayload"] == "by function"

    bus = events.create_event_bus(Name=unique)["EventBusArn"]
    events.put_rule(Name=unique, EventBusName=unique, EventPattern='{"source": ["lambda"]}')
    events.put_targets(
        Rule=unique, EventBusName=unique, Targets=[{"Id": "queue", "Arn": queue.arn}]
    )
    configure(client, name, "OnSuccess", bus)
    send(client, name, "by bus")
    told = json.loads(queue.take()["Body"])
    assert told["detail-type"] == "Lambda Function Invocation Result - Success"
    assert told["detail"]["responsePayload"] == "by bus"

    s3.create_bucket(Bucket=unique)
    failing = function(FAILING)
    configure(client, failing, "OnFailure", f"arn:aws:s3:::{unique}", MaximumRetryAttempts=0)
    send(client, failing)
    list_keys = lambda: s3.list_objects_v2(Bucket=unique).get("Contents")  # noqa: E731
    (item,) = waiting("an object", list_keys)
    assert item["Key"].startswith(f"aws/lambda/async/{failing}/")
    body = json.load(s3.get_object(Bucket=unique, Key=item["Key"])["Body"])
    assert body["requestContext"]["condition"] == "RetriesExhausted"


def test_settings_of_an_alias_count_for_its_events(client, function, queue):
    name = function(ECHO)
    version = client("lambda").publish_version(FunctionName=name)["Version"]
    client("lambda").create_alias(FunctionName=name, Name="live", FunctionVersion=version)
    configure(client, name, "OnSuccess", queue.arn, Qualifier="live")
    send(client, name, "latest")
    send(client, name, "alias", Qualifier="live")
    record = json.loads(queue.take()["Body"])
    assert record["requestPayload"] == "alias"
    assert record["responseContext"]["executedVersion"] == version
    assert record["requestContext"]["functionArn"].endswith(f":{name}:live")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_accepted_event_survives_the_emulator(hasty, client, function, queue, waiting, number):
    """One that runs and one that waits for its next attempt."""
    slow = (
        "import boto3, time\n"
        "sqs = boto3.client('sqs')\n"
        "def handler(event, context):\n"
        "    s3 = boto3.client('s3')\n"
        f"    bucket = '{queue.url.rpartition('/')[2]}'\n"
        "    s3.put_object(Bucket=bucket, Key=event)\n"
        "    if s3.list_objects_v2(Bucket=bucket, Prefix='go')['KeyCount']:\n"
        "        return event\n"
        "    if event == 'failing':\n        raise ValueError('not yet')\n"
        "    time.sleep(60)\n"
    )
    s3, bucket = client("s3"), queue.url.rpartition("/")[2]
    s3.create_bucket(Bucket=bucket)
    name = function(slow, Timeout=90)
    configure(client, name, "OnSuccess", queue.arn)
    waiting("a saved state", lambda: hasty.has_saved("lambda", queue.arn))
    send(client, name, "running")
    send(client, name, "failing")
    waiting("both", lambda: s3.list_objects_v2(Bucket=bucket).get("KeyCount") == 2)
    hasty.end(number)
    hasty.start()
    s3.put_object(Bucket=bucket, Key="go")
    told = {json.loads(queue.take()["Body"])["responsePayload"] for _ in range(2)}
    assert told == {"running", "failing"}
