import base64
import json

import pytest

from tests.contract.lambda_.functions import ROLE, bundle


@pytest.fixture
def functions(aws, unique):
    """`functions(code, Timeout=1)`: an active function's name; deleted afterwards."""
    client = aws("lambda")
    made = []

    def create(code: str | dict[str, str], **options) -> str:
        name = f"{unique}-{len(made)}"
        files = code if isinstance(code, dict) else {"main.py": code}
        settings = {"Runtime": "python3.13", "Handler": "main.handler", "Role": ROLE, **options}
        client.create_function(FunctionName=name, Code={"ZipFile": bundle(files)}, **settings)
        made.append(name)
        client.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 1})
        return name

    yield create
    for name in made:
        try:
            client.delete_function(FunctionName=name)
        except client.exceptions.ResourceNotFoundException:
            continue


@pytest.fixture
def invoke(aws):
    """`invoke(name, event)`: payload, FunctionError and the tail of the log."""

    def call(name: str, event: object = None, **options):
        answer = aws("lambda").invoke(
            FunctionName=name, Payload=json.dumps(event), LogType="Tail", **options
        )
        tail = base64.b64decode(answer["LogResult"]).decode()
        return json.loads(answer["Payload"].read()), answer.get("FunctionError"), tail

    return call


@pytest.fixture
def log_messages(aws, waiting):
    """All messages of a function's log, once `last` is among them."""

    def read(name: str, last: str) -> list[str]:
        logs, group = aws("logs"), f"/aws/lambda/{name}"

        def messages():
            if not logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]:
                return []
            found = [
                event["message"]
                for stream in logs.describe_log_streams(logGroupName=group)["logStreams"]
                for event in logs.get_log_events(
                    logGroupName=group, logStreamName=stream["logStreamName"], startFromHead=True
                )["events"]
            ]
            return found if any(last in message for message in found) else []

        return waiting(f"{last} in {group}", messages, seconds=20)

    return read
