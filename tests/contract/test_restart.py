"""What is left after the emulator stops or is killed: everything that was acknowledged."""

import io
import json
import signal
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from botocore.exceptions import ClientError

FAST = {"Delay": 1, "MaxAttempts": 60}


@pytest.fixture
def filled(own_emulator):
    """An emulator with something in every kind of store."""
    s3, sqs = own_emulator.aws("s3"), own_emulator.aws("sqs")
    s3.create_bucket(Bucket="plain")
    s3.create_bucket(Bucket="versioned")
    s3.put_bucket_versioning(Bucket="versioned", VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket="plain", Key="kept", Body=b"old")
    s3.put_object(Bucket="plain", Key="kept", Body=b"new", Metadata={"a": "b"})
    s3.put_object(Bucket="plain", Key="gone", Body=b"x")
    s3.delete_object(Bucket="plain", Key="gone")
    s3.copy_object(Bucket="plain", Key="copy", CopySource="plain/kept")
    s3.upload_fileobj(io.BytesIO(b"z" * (9 << 20)), "plain", "parts")
    for body in (b"1", b"2"):
        s3.put_object(Bucket="versioned", Key="v", Body=body)
    queue = sqs.create_queue(QueueName="queue")["QueueUrl"]
    sqs.send_message(QueueUrl=queue, MessageBody="waiting")
    create_stack(own_emulator.aws("cloudformation"))
    return own_emulator


def create_stack(cloudformation):
    template = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}
    cloudformation.create_stack(StackName="stack", TemplateBody=json.dumps(template))
    cloudformation.get_waiter("stack_create_complete").wait(
        StackName="stack", WaiterConfig={"Delay": 1}
    )


def objects(emulator) -> dict[str, bytes]:
    s3 = emulator.aws("s3")
    keys = [item["Key"] for item in s3.list_objects_v2(Bucket="plain")["Contents"]]
    return {key: s3.get_object(Bucket="plain", Key=key)["Body"].read() for key in keys}


def versions(emulator) -> list[bytes]:
    s3 = emulator.aws("s3")
    found = s3.list_object_versions(Bucket="versioned")["Versions"]
    return [
        s3.get_object(Bucket="versioned", Key="v", VersionId=item["VersionId"])["Body"].read()
        for item in found
    ]


EXPECTED = {"kept": b"new", "copy": b"new", "parts": b"z" * (9 << 20)}


def test_everything_survives_a_stop(filled):
    assert filled.end() == 0
    filled.start()
    sqs, cloudformation = filled.aws("sqs"), filled.aws("cloudformation")
    url = sqs.get_queue_url(QueueName="queue")["QueueUrl"]
    messages = sqs.receive_message(QueueUrl=url)["Messages"]
    stack = cloudformation.describe_stacks(StackName="stack")["Stacks"][0]
    assert objects(filled) == EXPECTED
    assert versions(filled) == [b"2", b"1"]
    assert messages[0]["Body"] == "waiting"
    assert stack["StackStatus"] == "CREATE_COMPLETE"


def test_objects_survive_kill_9(filled):
    filled.aws("s3").put_object(Bucket="plain", Key="last", Body=b"just now")
    filled.end(signal.SIGKILL)
    filled.start()
    assert objects(filled) == EXPECTED | {"last": b"just now"}
    assert versions(filled) == [b"2", b"1"]


def test_deleted_bucket_stays_deleted(own_emulator):
    s3 = own_emulator.aws("s3")
    s3.create_bucket(Bucket="gone")
    s3.delete_bucket(Bucket="gone")
    own_emulator.end(signal.SIGKILL)
    own_emulator.start()
    with pytest.raises(ClientError, match="NoSuchBucket"):
        s3.list_objects_v2(Bucket="gone")


def test_metrics_are_in_the_state_folder(filled):
    """Two emulators do not see each other's metrics, and a restart keeps them."""
    metric = {"MetricName": "seen", "Values": [2.0], "Counts": [3.0]}
    filled.aws("cloudwatch").put_metric_data(Namespace="test", MetricData=[metric])
    assert list((filled.folder / "state").rglob("metrics.db"))
    filled.end()
    filled.start()
    now = datetime.now(UTC)
    points = filled.aws("cloudwatch").get_metric_statistics(
        Namespace="test",
        MetricName="seen",
        StartTime=now - timedelta(hours=1),
        EndTime=now + timedelta(minutes=1),
        Period=7200,
        Statistics=["Sum"],
    )["Datapoints"]
    assert [point["Sum"] for point in points] == [6.0]


def test_taken_port_is_one_sentence(own_emulator, tmp_path):
    """A second emulator on the same port ends at once and says what to do."""
    import subprocess
    import sys

    command = [sys.executable, "-m", "emulation", "--port", str(own_emulator.port)]
    second = subprocess.run(
        [*command, "--state-folder", tmp_path / "second"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert second.returncode == 1
    assert "is taken: stop what listens there or choose another with --port" in second.stderr
    assert httpx.get(f"{own_emulator.url}/_localstack/health", trust_env=False).is_success


IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.4-2-cpu-py3"


def slow_endpoint(url: str) -> str:
    """A stack that is busy for a minute: its model takes that long to load."""
    variant = {
        "VariantName": "v",
        "ModelName": {"Fn::GetAtt": ["Model", "ModelName"]},
        "InitialInstanceCount": 1,
        "InstanceType": "ml.m5.large",
    }
    properties = {
        "Model": {"PrimaryContainer": {"Image": IMAGE, "ModelDataUrl": url}},
        "EndpointConfig": {"ProductionVariants": [variant]},
        "Endpoint": {
            "EndpointConfigName": {"Fn::GetAtt": ["EndpointConfig", "EndpointConfigName"]}
        },
    }
    resources = {
        name: {"Type": f"AWS::SageMaker::{name}", "Properties": body}
        for name, body in properties.items()
    }
    resources["Model"]["DependsOn"] = "Stream"
    stream = {"Type": "AWS::Kinesis::Stream", "Properties": {"Name": "stream", "ShardCount": 1}}
    return json.dumps({"Resources": {"Stream": stream, **resources}})


def test_stack_in_progress_at_a_kill_is_failed(own_emulator, waiting, archive):
    """Nobody deploys it any more, so it must not say that somebody does."""
    s3, cloudformation = own_emulator.aws("s3"), own_emulator.aws("cloudformation")
    s3.create_bucket(Bucket="bucket")
    s3.put_object(
        Bucket="bucket",
        Key="model.tar.gz",
        Body=archive({"code/inference.py": "import time\ntime.sleep(60)"}),
    )
    body = slow_endpoint("s3://bucket/model.tar.gz")
    cloudformation.create_stack(StackName="stack", TemplateBody=body)
    kinesis, deleted = own_emulator.aws("kinesis"), "stack_delete_complete"
    waiting("the first resource", lambda: kinesis.list_streams()["StreamNames"])
    waiting("the endpoint", lambda: own_emulator.aws("sagemaker").list_endpoints()["Endpoints"])
    status = cloudformation.describe_stacks(StackName="stack")["Stacks"][0]["StackStatus"]
    own_emulator.end(signal.SIGKILL)
    own_emulator.start()
    stack = own_emulator.aws("cloudformation").describe_stacks(StackName="stack")["Stacks"][0]
    assert status == "CREATE_IN_PROGRESS"
    assert stack["StackStatus"] == "CREATE_FAILED"
    assert stack["StackStatusReason"] == "The emulator ended while it worked on this stack"
    cloudformation = own_emulator.aws("cloudformation")
    cloudformation.delete_stack(StackName="stack")
    cloudformation.get_waiter(deleted).wait(StackName="stack", WaiterConfig={"Delay": 1})
    assert own_emulator.aws("kinesis").list_streams()["StreamNames"] == []


def test_change_sets_survive_a_stop(own_emulator):
    """One that was executed is told as before, and one that was not can be executed."""
    topics = [
        json.dumps({"Resources": {n: {"Type": "AWS::SNS::Topic"} for n in ns}})
        for ns in ("A", "AB")
    ]
    cloudformation = own_emulator.aws("cloudformation")
    plan(cloudformation, "first", "CREATE", topics[0])
    cloudformation.execute_change_set(StackName="stack", ChangeSetName="first")
    cloudformation.get_waiter("stack_create_complete").wait(StackName="stack", WaiterConfig=FAST)
    plan(cloudformation, "second", "UPDATE", topics[1])
    told = [changes(cloudformation, name) for name in ("first", "second")]
    own_emulator.end()
    own_emulator.start()
    cloudformation = own_emulator.aws("cloudformation")
    assert told == [["A"], ["B"]]
    assert [changes(cloudformation, name) for name in ("first", "second")] == told
    cloudformation.execute_change_set(StackName="stack", ChangeSetName="second")
    cloudformation.get_waiter("stack_update_complete").wait(StackName="stack", WaiterConfig=FAST)
    assert len(own_emulator.aws("sns").list_topics()["Topics"]) == 2


def plan(cloudformation, name, kind, body):
    cloudformation.create_change_set(
        StackName="stack", ChangeSetName=name, ChangeSetType=kind, TemplateBody=body
    )


def changes(cloudformation, name):
    told = cloudformation.describe_change_set(StackName="stack", ChangeSetName=name)
    return [change["ResourceChange"]["LogicalResourceId"] for change in told["Changes"]]
