"""Processes of functions: none outlives its use, its emulator, or a kill."""

import contextlib
import json
import signal
import threading

import psutil
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, HTTPClientError

from tests.contract.conftest import Emulator, client_factory
from tests.contract.lambda_.functions import PID, ROLE, bundle

FAMILY = (
    "import subprocess, time\n"
    "child = subprocess.Popen(['sleep', '600'])\n"
    "def handler(event, context):\n"
    "    time.sleep(600)\n"
)


def create(aws, code: str, **options) -> str:
    client = aws("lambda")
    client.create_function(
        FunctionName="f",
        Runtime="python3.13",
        Handler="main.handler",
        Role=ROLE,
        Code={"ZipFile": bundle({"main.py": code})},
        **options,
    )
    client.get_waiter("function_active_v2").wait(FunctionName="f", WaiterConfig={"Delay": 1})
    return "f"


def descendants(emulator: Emulator) -> set[int]:
    """The processes of functions: below the emulator, and not the one that watches them."""
    found = set()
    for process in psutil.Process(emulator.process.pid).children(recursive=True):
        # One may end while it is looked at.
        with contextlib.suppress(psutil.NoSuchProcess):
            if "warden" not in " ".join(process.cmdline()):
                found.add(process.pid)
    return found


def gone(pids: set[int]) -> bool:
    return not any(psutil.pid_exists(pid) for pid in pids)


@contextlib.contextmanager
def invoked(aws, name: str):
    """An invocation in another thread; what it answered, once it has ended."""
    answers = []

    def call() -> None:
        try:
            answer = aws("lambda").invoke(FunctionName=name, Payload=b"null")
            answers.append(json.load(answer["Payload"]))
        except (ClientError, EndpointConnectionError, HTTPClientError) as error:
            answers.append(error)

    thread = threading.Thread(target=call)
    thread.start()
    yield answers
    thread.join(120)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_stop_of_the_emulator_leaves_no_process_and_the_next_invocation_works(
    own_emulator, waiting, number
):
    aws = own_emulator.aws
    name = create(aws, FAMILY, Timeout=600, MemorySize=256)
    waiting("a saved state", lambda: own_emulator.has_saved("lambda", name))
    with invoked(aws, name) as answers:
        waiting("two processes", lambda: len(descendants(own_emulator)) == 2)
        pids = descendants(own_emulator)
        own_emulator.end(number)
    assert isinstance(answers[0], Exception)
    waiting("the end of both", lambda: gone(pids))
    own_emulator.start()
    ready = lambda: aws("lambda").get_function(FunctionName=name)["Configuration"]["State"]  # noqa: E731
    waiting("the function", lambda: ready() == "Active")
    aws("lambda").update_function_code(FunctionName=name, ZipFile=bundle({"main.py": PID}))
    aws("lambda").get_waiter("function_updated_v2").wait(FunctionName=name)
    assert json.load(aws("lambda").invoke(FunctionName=name)["Payload"]) > 1


def test_process_that_is_killed_while_it_works_takes_its_children_along(
    functions, invoke, aws, waiting, bucket
):
    code = (
        "import boto3, os, subprocess, time\n"
        "def handler(event, context):\n"
        "    if not event:\n        return 'alive'\n"
        "    child = subprocess.Popen(['sleep', '600'])\n"
        "    body = f'{os.getpid()} {child.pid}'.encode()\n"
        "    boto3.client('s3').put_object(Bucket=event, Key='pids', Body=body)\n"
        "    time.sleep(600)\n"
    )
    name, s3 = functions(code, Timeout=600, MemorySize=256), aws("s3")
    answers = []
    thread = threading.Thread(target=lambda: answers.append(invoke(name, bucket)))
    thread.start()
    waiting("the process", lambda: s3.list_objects_v2(Bucket=bucket)["KeyCount"])
    body = s3.get_object(Bucket=bucket, Key="pids")["Body"].read()
    pids = {int(word) for word in body.split()}
    psutil.Process(min(pids)).kill()
    thread.join(60)
    payload, error, _ = answers[0]
    assert (error, payload["errorType"]) == ("Unhandled", "Runtime.ExitError")
    assert payload["errorMessage"].endswith("Runtime exited with error: signal: killed")
    waiting("the end of both", lambda: gone(pids))
    assert invoke(name, "")[0] == "alive"


def test_idle_environment_ends(tmp_path, waiting):
    emulator = Emulator(tmp_path, LAMBDA_KEEPALIVE_MS="300")
    emulator.start()
    try:
        aws = client_factory(emulator.url)
        name = create(aws, PID)
        first = json.load(aws("lambda").invoke(FunctionName=name)["Payload"])
        waiting("the end of the process", lambda: gone({first}))
        environments = tmp_path / "state" / "lambda" / "environments"
        waiting("the end of its folder", lambda: not list(environments.iterdir()))
        assert json.load(aws("lambda").invoke(FunctionName=name)["Payload"]) != first
    finally:
        emulator.end()


def test_short_excess_of_memory_is_seen(functions, invoke):
    """The kernel remembers a peak that no sample has seen."""
    code = "def handler(event, context):\n    return len(b'x' * event)\n"
    name = functions(code, Timeout=30)
    payload, error, tail = invoke(name, 300_000_000)
    assert (error, payload["errorType"]) == ("Unhandled", "Runtime.OutOfMemory")
    assert "Max Memory Used: 128 MB\t" in tail
    assert invoke(name, 10)[0] == 10


def test_initialization_that_takes_too_long_is_told_and_starts_again(
    functions, invoke, log_messages
):
    code = "import time\ntime.sleep(60)\ndef handler(event, context): ...\n"
    name = functions(code, Timeout=2)
    payload, error, _ = invoke(name)
    assert (error, payload["errorType"]) == ("Unhandled", "Sandbox.Timedout")
    assert payload["errorMessage"].endswith("Error: Task timed out after 2.00 seconds")
    log = log_messages(name, "REPORT RequestId")
    assert any("Phase: init\tStatus: timeout" in line for line in log)


def test_account_s_limit_throttles_with_its_own_reason(tmp_path, waiting):
    emulator = Emulator(tmp_path, LAMBDA_LIMITS_CONCURRENT_EXECUTIONS="1")
    emulator.start()
    try:
        aws = client_factory(emulator.url)
        name = create(aws, FAMILY, Timeout=600, MemorySize=256)
        with invoked(aws, name):
            waiting("two processes", lambda: len(descendants(emulator)) == 2)
            with pytest.raises(ClientError) as refusal:
                aws("lambda").invoke(FunctionName=name)
            for pid in descendants(emulator):
                psutil.Process(pid).kill()
    finally:
        emulator.end()
    assert refusal.value.response["Error"]["Code"] == "TooManyRequestsException"
    assert refusal.value.response["Reason"] == "ConcurrentInvocationLimitExceeded"
