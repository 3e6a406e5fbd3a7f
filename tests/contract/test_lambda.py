"""Lambda: functions that really run, what they see, how they fail, and what their log says."""

import base64
import io
import json
import os
import re
import signal
import zipfile
from datetime import UTC, datetime, timedelta

import psutil
import pytest
from botocore.exceptions import ClientError

ROLE = "arn:aws:iam::000000000000:role/lambda"

ECHO = "def handler(event, context):\n    return event\n"


def bundle(files: dict[str, str]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return packed.getvalue()


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


def test_invoke_answers_what_the_handler_returns(functions, invoke):
    payload, error, _ = invoke(functions(ECHO), {"flight": "UA1545"})
    assert (payload, error) == ({"flight": "UA1545"}, None)


def test_consecutive_invocations_share_a_process(functions, invoke):
    name = functions("import os\ndef handler(event, context):\n    return os.getpid()\n")
    assert invoke(name)[0] == invoke(name)[0]


def test_handler_sees_the_variables_of_lambda_and_its_own(functions, invoke, endpoint_url):
    code = "import os\ndef handler(event, context):\n    return dict(os.environ)\n"
    name = functions(code, Environment={"Variables": {"BUCKET": "b"}}, MemorySize=256)
    seen = invoke(name)[0]
    expected = {
        "AWS_LAMBDA_FUNCTION_NAME": name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{name}",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
        "AWS_ENDPOINT_URL": endpoint_url,
        "_HANDLER": "main.handler",
        "TZ": ":UTC",
        "BUCKET": "b",
    }
    assert expected.items() <= seen.items()
    assert {"AWS_ACCESS_KEY_ID", "AWS_SESSION_TOKEN", "LAMBDA_TASK_ROOT"} <= seen.keys()


def test_handler_works_in_its_bundle_with_the_runtime_s_packages_and_nothing_of_ours(
    functions, invoke
):
    code = (
        "import importlib.util, os, boto3\n"
        "def handler(event, context):\n"
        "    names = ('emulation', 'pipeline', 'localstack', 'pandas')\n"
        "    return [open('data.txt').read(), [n for n in names if importlib.util.find_spec(n)]]\n"
    )
    name = functions({"main.py": code, "data.txt": "shipped"})
    assert invoke(name)[0] == ["shipped", []]


def test_handler_reaches_aws_with_plain_boto3(functions, invoke, aws, bucket):
    code = (
        "import boto3\n"
        "def handler(event, context):\n"
        "    boto3.client('s3').put_object(Bucket=event, Key='k', Body=b'from the handler')\n"
    )
    invoke(functions(code), bucket)
    body = aws("s3").get_object(Bucket=bucket, Key="k")["Body"].read()
    assert body == b"from the handler"


def test_layer_is_on_the_path_behind_the_bundle(functions, invoke, aws, unique):
    layer = aws("lambda").publish_layer_version(
        LayerName=unique,
        Content={"ZipFile": bundle({"python/shared.py": "word = 'from the layer'\n"})},
    )["LayerVersionArn"]
    name = functions(
        "import shared\ndef handler(event, context):\n    return shared.word\n", Layers=[layer]
    )
    assert invoke(name)[0] == "from the layer"


def test_context_tells_the_request(functions, invoke):
    code = (
        "def handler(event, context):\n"
        "    return [context.function_name, context.invoked_function_arn,\n"
        "            context.client_context.custom,\n"
        "            0 < context.get_remaining_time_in_millis() <= 7000]\n"
    )
    name = functions(code, Timeout=7)
    context = base64.b64encode(json.dumps({"custom": {"k": "v"}}).encode()).decode()
    arn = f"arn:aws:lambda:us-east-1:000000000000:function:{name}"
    assert invoke(name, ClientContext=context)[0] == [name, arn, {"k": "v"}, True]


def test_log_stream_holds_start_output_end_and_report(functions, invoke, log_messages, aws):
    code = (
        "import logging\nlogging.getLogger().setLevel('INFO')\n"
        "def handler(event, context):\n"
        "    print('printed')\n    logging.info('two\\nlines')\n"
    )
    name = functions(code)
    invoke(name)
    messages = log_messages(name, "REPORT")
    start, printed, logged, end, report = messages[1:]
    request_id = re.fullmatch(r"START RequestId: ([0-9a-f-]{36}) Version: \$LATEST\n", start)[1]
    assert messages[0].startswith("INIT_START Runtime Version: python:3.13")
    assert printed == "printed\n"
    assert re.fullmatch(rf"\[INFO\]\t[-:.\dTZ]+\t{request_id}\ttwo\nlines\n", logged)
    assert end == f"END RequestId: {request_id}\n"
    assert re.fullmatch(
        rf"REPORT RequestId: {request_id}\tDuration: [\d.]+ ms\tBilled Duration: \d+ ms\t"
        r"Memory Size: 128 MB\tMax Memory Used: \d+ MB\tInit Duration: [\d.]+ ms\t\n",
        report,
    )
    stream = aws("logs").describe_log_streams(logGroupName=f"/aws/lambda/{name}")["logStreams"][0]
    assert re.fullmatch(r"\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}", stream["logStreamName"])


def test_tail_holds_this_invocation_only(functions, invoke):
    name = functions("def handler(event, context):\n    print(event)\n")
    invoke(name, "first")
    tail = invoke(name, "second")[2]
    assert "second" in tail
    assert "first" not in tail
    assert "Init Duration" not in tail


def test_update_of_code_and_configuration_takes_effect(functions, invoke, aws):
    name, client = functions(ECHO), aws("lambda")
    invoke(name)
    code = "import os\ndef handler(event, context):\n    return os.environ['WORD']\n"
    client.update_function_code(FunctionName=name, ZipFile=bundle({"main.py": code}))
    client.get_waiter("function_updated_v2").wait(FunctionName=name)
    client.update_function_configuration(
        FunctionName=name, Environment={"Variables": {"WORD": "new"}}
    )
    client.get_waiter("function_updated_v2").wait(FunctionName=name)
    assert invoke(name)[0] == "new"


def test_asynchronous_invocation_runs(functions, aws, log_messages):
    name = functions("def handler(event, context):\n    print('ran with', event)\n")
    answer = aws("lambda").invoke(FunctionName=name, InvocationType="Event", Payload=b'"this"')
    assert answer["StatusCode"] == 202
    assert "ran with this\n" in log_messages(name, "REPORT")


def test_create_function_with_another_runtime_is_refused(functions):
    with pytest.raises(ClientError) as refusal:
        functions("", Runtime="nodejs22.x")
    assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert "runtime nodejs22.x is not emulated" in refusal.value.response["Error"]["Message"]


def test_create_function_with_an_unknown_runtime_is_aws_s_error(functions):
    with pytest.raises(ClientError) as refusal:
        functions("", Runtime="python2.8")
    assert refusal.value.response["Error"]["Code"] == "InvalidParameterValueException"


def test_create_function_with_an_image_is_refused(aws, unique):
    image = "000000000000.dkr.ecr.us-east-1.amazonaws.com/flights:1"
    with pytest.raises(ClientError) as refusal:
        aws("lambda").create_function(
            FunctionName=unique, PackageType="Image", Role=ROLE, Code={"ImageUri": image}
        )
    assert "PackageType Image are not emulated" in refusal.value.response["Error"]["Message"]


def test_invoke_of_a_missing_function_is_refused(aws, unique):
    with pytest.raises(ClientError) as refusal:
        aws("lambda").invoke(FunctionName=unique)
    arn = f"arn:aws:lambda:us-east-1:000000000000:function:{unique}"
    assert refusal.value.response["Error"]["Code"] == "ResourceNotFoundException"
    assert refusal.value.response["Error"]["Message"] == f"Function not found: {arn}:$LATEST"


def test_invoke_with_too_large_a_payload_is_refused(functions, invoke):
    name = functions(ECHO)
    with pytest.raises(ClientError) as refusal:
        invoke(name, "x" * 6_291_456)
    assert refusal.value.response["Error"] == {
        "Code": "RequestEntityTooLargeException",
        "Message": "6291458 byte payload is too large for the RequestResponse invocation type "
        "(limit 6291456 bytes)",
    }


def test_raised_exception_is_told_with_its_stack_trace(functions, invoke):
    name = functions("def handler(event, context):\n    raise ValueError('no such flight')\n")
    payload, error, tail = invoke(name)
    assert error == "Unhandled"
    assert (payload["errorType"], payload["errorMessage"]) == ("ValueError", "no such flight")
    assert "raise ValueError" in payload["stackTrace"][0]
    assert f"START RequestId: {payload['requestId']}" in tail
    assert "[ERROR] ValueError: no such flight\nTraceback (most recent call last):\n" in tail


def test_incomplete_bundle_fails_to_import(functions, invoke, log_messages):
    """The module is in our tree, and the function must not find it there."""
    name = functions("import pipeline.contracts\ndef handler(event, context): ...\n")
    payload, error, tail = invoke(name)
    message = "Unable to import module 'main': No module named 'pipeline'"
    assert (error, payload) == (
        "Unhandled",
        {
            "errorMessage": message,
            "errorType": "Runtime.ImportModuleError",
            "requestId": "",
            "stackTrace": [],
        },
    )
    assert "Status: error\tError Type: Runtime.ImportModuleError" in tail
    assert any(
        re.fullmatch(
            r"INIT_REPORT Init Duration: [\d.]+ ms\tPhase: init\tStatus: error\t"
            r"Error Type: Runtime.ImportModuleError\n",
            message,
        )
        for message in log_messages(name, "REPORT RequestId")
    )


@pytest.mark.parametrize(
    ("code", "error_type", "message"),
    [
        ("x = 1", "Runtime.HandlerNotFound", "Handler 'handler' missing on module 'main'"),
        ("def handler(", "Runtime.UserCodeSyntaxError", "Syntax error in module 'main': "),
        ("raise KeyError('at import')", "KeyError", "'at import'"),
    ],
)
def test_handler_that_cannot_be_loaded_is_told(functions, invoke, code, error_type, message):
    payload, error, _ = invoke(functions(code))
    assert (error, payload["errorType"]) == ("Unhandled", error_type)
    assert payload["errorMessage"].startswith(message)


def test_timeout_is_told_and_the_next_invocation_is_fresh(functions, invoke):
    code = (
        "import time\ncalls = []\n"
        "def handler(event, context):\n"
        "    calls.append(1)\n    time.sleep(event)\n    return len(calls)\n"
    )
    name = functions(code, Timeout=1)
    invoke(name, 0)
    payload, error, tail = invoke(name, 30)
    request_id = re.search(r"START RequestId: (\S+)", tail)[1]
    assert (error, payload) == (
        "Unhandled",
        {
            "errorType": "Sandbox.Timedout",
            "errorMessage": f"RequestId: {request_id} Error: Task timed out after 1.00 seconds",
        },
    )
    assert re.search(rf"T[\d:.]+Z {request_id} Task timed out after 1.00 seconds\n", tail)
    assert "Status: timeout" in tail
    assert invoke(name, 0)[0] == 1


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        ("os._exit(1)", "Runtime exited with error: exit status 1"),
        ("os._exit(0)", "Runtime exited without providing a reason"),
        ("os.kill(os.getpid(), 9)", "Runtime exited with error: signal: killed"),
        ("os.kill(os.getpid(), 11)", "Runtime exited with error: signal: segmentation fault"),
    ],
)
def test_crash_is_told_and_the_next_invocation_is_fresh(functions, invoke, end, reason):
    code = (
        "import os\n"
        f"def handler(event, context):\n    if event:\n        {end}\n    return 'alive'\n"
    )
    name = functions(code)
    payload, error, tail = invoke(name, 1)
    request_id = re.search(r"START RequestId: (\S+)", tail)[1]
    assert (error, payload) == (
        "Unhandled",
        {
            "errorType": "Runtime.ExitError",
            "errorMessage": f"RequestId: {request_id} Error: {reason}",
        },
    )
    assert f"{reason}\nRuntime.ExitError\n" in tail
    assert invoke(name, 0)[0] == "alive"


def test_too_much_memory_is_told(functions, invoke):
    code = (
        "import time\ndef handler(event, context):\n"
        "    kept = b'x' * 300_000_000\n    time.sleep(20)\n"
    )
    payload, error, tail = invoke(functions(code, Timeout=30))
    assert (error, payload["errorType"]) == ("Unhandled", "Runtime.OutOfMemory")
    assert payload["errorMessage"].endswith("Error: Runtime exited with error: signal: killed")
    assert "Max Memory Used: 128 MB\t" in tail
    assert "Status: error\tError Type: Runtime.OutOfMemory" in tail


def test_response_that_is_too_large_is_told(functions, invoke):
    payload, error, _ = invoke(
        functions("def handler(event, context):\n    return 'x' * 7_000_000\n")
    )
    assert (error, payload) == (
        "Unhandled",
        {
            "errorType": "Function.ResponseSizeTooLarge",
            "errorMessage": "Response payload size exceeded maximum allowed payload size "
            "(6291556 bytes).",
        },
    )


def test_killed_idle_process_is_replaced(functions, invoke, waiting):
    name = functions("import os\ndef handler(event, context):\n    return os.getpid()\n")
    first = invoke(name)[0]
    os.kill(first, signal.SIGKILL)
    waiting("the end of the process", lambda: not psutil.pid_exists(first))
    payload, error, _ = invoke(name)
    assert error is None
    assert payload != first


def test_deleted_function_leaves_no_process(functions, invoke, aws, waiting):
    name = functions("import os\ndef handler(event, context):\n    return os.getpid()\n")
    pid = invoke(name)[0]
    aws("lambda").delete_function(FunctionName=name)
    waiting("the end of the process", lambda: not psutil.pid_exists(pid), seconds=10)


def test_log_goes_on_after_its_group_was_deleted(functions, invoke, log_messages, aws):
    name = functions("def handler(event, context):\n    print(event)\n")
    invoke(name, "before")
    log_messages(name, "before")
    aws("logs").delete_log_group(logGroupName=f"/aws/lambda/{name}")
    invoke(name, "after")
    assert not [line for line in log_messages(name, "after") if "before" in line]


def test_invocations_and_errors_are_metrics(functions, invoke, aws, waiting):
    name = functions("def handler(event, context):\n    return 1 / event\n")
    for event in (1, 1, 0):
        invoke(name, event)

    def total(metric: str) -> float:
        now = datetime.now(UTC)
        points = aws("cloudwatch").get_metric_statistics(
            Namespace="AWS/Lambda",
            MetricName=metric,
            Dimensions=[{"Name": "FunctionName", "Value": name}],
            StartTime=now - timedelta(minutes=10),
            EndTime=now + timedelta(minutes=10),
            Period=60,
            Statistics=["Sum"],
        )["Datapoints"]
        return sum(point["Sum"] for point in points)

    waiting("three invocations", lambda: total("Invocations") == 3, seconds=20)
    assert total("Errors") == 1
    assert total("Duration") > 0
