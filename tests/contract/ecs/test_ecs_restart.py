import signal
from pathlib import Path

from tests.contract.ecs.conftest import Fargate, container

AWAY = """
import os, signal, subprocess, sys, time
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(2000)", "MARK"],
                 start_new_session=True)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
time.sleep(1000)
"""

PARTING = """
import json, os, signal, sys, urllib.request
def call(path, method, body, **headers):
    url = os.environ["AWS_ENDPOINT_URL"] + path
    urllib.request.urlopen(urllib.request.Request(url, body, headers, method=method)).close()
def end(*_):
    credential = "AWS4-HMAC-SHA256 Credential=000000000000/20130101/us-east-1/dynamodb/aws4_request"
    put = {"TableName": "MARK", "Item": {"id": {"S": "lease"}, "owner": {"S": "nobody"}}}
    call("/", "POST", json.dumps(put).encode(), **{
        "X-Amz-Target": "DynamoDB_20120810.PutItem",
        "Content-Type": "application/x-amz-json-1.0",
        "Authorization": credential + ", SignedHeaders=host, Signature=0",
    })
    call("/MARK/written", "PUT", b"at the end")
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
print("up", flush=True)
signal.pause()
"""


def alive(mark: str) -> list[Path]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if mark.encode() in path.read_bytes():
                found.append(path)
        except OSError:
            continue
    return found


def test_services_come_back_and_no_process_outlives_the_emulator(own_emulator, waiting, unique):
    fargate = Fargate(own_emulator.aws, unique, waiting)
    definition = fargate.define(container(AWAY.replace("MARK", unique)))
    fargate.serve(definition, desiredCount=1)
    single = fargate.run(definition)
    fargate.until(single, "RUNNING")
    waiting("the processes", lambda: len(alive(unique)) >= 4)
    fargate.steady()
    (kept,) = fargate.ecs.list_tasks(cluster=unique, serviceName="web")["taskArns"]
    own_emulator.end(signal.SIGKILL)
    waiting("the end of all processes", lambda: not alive(unique))
    own_emulator.start()
    lost = fargate.task(single)
    assert (lost["lastStatus"], lost["stopCode"]) == ("STOPPED", "TerminationNotice")
    assert lost["stoppedReason"] == "The emulator ended while the task ran."
    waiting("another task", lambda: fargate.service()["runningCount"] == 1)
    (new,) = fargate.ecs.list_tasks(cluster=unique, serviceName="web")["taskArns"]
    assert new != kept
    own_emulator.end()
    assert alive(unique) == []


def test_a_task_is_answered_while_the_emulator_ends_it(own_emulator, waiting, unique):
    fargate = Fargate(own_emulator.aws, unique, waiting)
    s3, dynamodb = own_emulator.aws("s3"), own_emulator.aws("dynamodb")
    s3.create_bucket(Bucket=unique)
    key = {"AttributeName": "id", "KeyType": "HASH"}
    dynamodb.create_table(
        TableName=unique,
        KeySchema=[key],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    definition = fargate.define(
        container(PARTING.replace("MARK", unique), logConfiguration=fargate.logs()),
        executionRoleArn=fargate.role,
    )
    fargate.says(fargate.run(definition))
    assert own_emulator.end() == 0
    own_emulator.start()
    assert s3.get_object(Bucket=unique, Key="written")["Body"].read() == b"at the end"
    item = dynamodb.get_item(TableName=unique, Key={"id": {"S": "lease"}})["Item"]
    assert item["owner"] == {"S": "nobody"}
