"""Functions that really run: what they see, what they answer, and what their log says."""

import base64
import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

from tests.contract.lambda_.functions import ROLE, bundle

ECHO = "def handler(event, context):\n    return event\n"


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
        functions("", Runtime="java21")
    assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert "lambda runtime java21 is not emulated" in refusal.value.response["Error"]["Message"]


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
