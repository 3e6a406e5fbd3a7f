"""Versions and aliases, and updates while the code runs."""

import threading

import pytest
from botocore.exceptions import ClientError

from tests.contract.lambda_.functions import ECHO, bundle

VERSION = (
    "import os\n"
    "def handler(event, context):\n"
    "    version = os.environ['AWS_LAMBDA_FUNCTION_VERSION']\n"
    "    return [version, context.function_version, context.invoked_function_arn]\n"
)


@pytest.fixture
def publish(aws):
    def call(name: str) -> str:
        client = aws("lambda")
        version = client.publish_version(FunctionName=name)["Version"]
        client.get_waiter("published_version_active").wait(FunctionName=name, Qualifier=version)
        return version

    return call


def change(client, name: str, code: str) -> None:
    client.update_function_code(FunctionName=name, ZipFile=bundle({"main.py": code}))
    client.get_waiter("function_updated_v2").wait(FunctionName=name, WaiterConfig={"Delay": 1})


def test_version_keeps_its_code(functions, invoke, publish, aws):
    name = functions("def handler(event, context):\n    return 'first'\n")
    version = publish(name)
    change(aws("lambda"), name, "def handler(event, context):\n    return 'second'\n")
    assert invoke(name)[0] == "second"
    assert invoke(name, Qualifier=version)[0] == "first"


def test_function_knows_its_version_and_how_it_was_called(functions, invoke, publish, aws):
    name = functions(VERSION)
    version = publish(name)
    aws("lambda").create_alias(FunctionName=name, Name="live", FunctionVersion=version)
    arn = f"arn:aws:lambda:us-east-1:000000000000:function:{name}"
    assert invoke(name)[0] == ["$LATEST", "$LATEST", arn]
    assert invoke(name, Qualifier=version)[0] == [version, version, f"{arn}:{version}"]
    assert invoke(name, Qualifier="live")[0] == [version, version, f"{arn}:live"]
    assert invoke(f"{arn}:live")[0] == [version, version, f"{arn}:live"]


def test_answer_names_the_executed_version(functions, publish, aws):
    name, client = functions(ECHO), aws("lambda")
    version = publish(name)
    assert client.invoke(FunctionName=name)["ExecutedVersion"] == "$LATEST"
    assert client.invoke(FunctionName=name, Qualifier=version)["ExecutedVersion"] == version


@pytest.mark.parametrize("weight", [0.0, 0.5])
def test_alias_divides_by_weight(functions, publish, aws, weight):
    name, client = functions("def handler(event, context):\n    return 1\n"), aws("lambda")
    one = publish(name)
    change(client, name, "def handler(event, context):\n    return 2\n")
    two = publish(name)
    client.create_alias(
        FunctionName=name,
        Name="live",
        FunctionVersion=one,
        RoutingConfig={"AdditionalVersionWeights": {two: weight}},
    )
    call = lambda: client.invoke(FunctionName=name, Qualifier="live")["ExecutedVersion"]  # noqa: E731
    # One in 2^39 such runs of halves has one version only.
    seen = {call() for _ in range(40)}
    assert seen == {0.0: {one}, 0.5: {one, two}}[weight]


def test_running_invocation_keeps_its_code_through_an_update_and_none_fails(
    functions, invoke, aws, bucket, waiting
):
    code = (
        "import boto3, time\n"
        "s3 = boto3.client('s3')\n"
        "def handler(event, context):\n"
        "    if event:\n"
        "        s3.put_object(Bucket=event, Key='started')\n"
        "        while not s3.list_objects_v2(Bucket=event, Prefix='open').get('KeyCount'):\n"
        "            time.sleep(0.05)\n"
        "    import late\n"
        "    return late.word\n"
    )
    name = functions({"main.py": code, "late.py": "word = 'old'\n"}, Timeout=60, MemorySize=256)
    client, s3, answers = aws("lambda"), aws("s3"), []
    slow = threading.Thread(target=lambda: answers.append(invoke(name, bucket)))
    slow.start()
    waiting("a running invocation", lambda: s3.list_objects_v2(Bucket=bucket)["KeyCount"])
    done, seen = threading.Event(), []

    def keep_calling() -> None:
        while not done.is_set():
            seen.append(invoke(name)[:2])

    caller = threading.Thread(target=keep_calling)
    caller.start()
    new = {"main.py": code, "late.py": "word = 'new'\n"}
    client.update_function_code(FunctionName=name, ZipFile=bundle(new))
    client.get_waiter("function_updated_v2").wait(FunctionName=name, WaiterConfig={"Delay": 1})
    waiting("the new code", lambda: ("new", None) in seen)
    done.set()
    caller.join()
    s3.put_object(Bucket=bucket, Key="open")
    slow.join()
    assert answers[0][:2] == ("old", None)
    assert {error for _, error in seen} == {None}


def test_missing_alias_and_version_are_refused(functions, invoke):
    name = functions(ECHO)
    arn = f"arn:aws:lambda:us-east-1:000000000000:function:{name}"
    for qualifier in ("live", "7"):
        with pytest.raises(ClientError) as refusal:
            invoke(name, Qualifier=qualifier)
        error = refusal.value.response["Error"]
        assert error["Code"] == "ResourceNotFoundException"
        assert error["Message"] == f"Function not found: {arn}:{qualifier}"


def test_alias_gets_other_weights_and_loses_them(functions, publish, aws):
    name, client = functions("def handler(event, context):\n    return 1\n"), aws("lambda")
    one = publish(name)
    change(client, name, "def handler(event, context):\n    return 2\n")
    two = publish(name)
    client.create_alias(FunctionName=name, Name="live", FunctionVersion=one)
    where = {"FunctionName": name, "Name": "live"}
    weights = {"AdditionalVersionWeights": {two: 0.5}}
    assert client.update_alias(**where, RoutingConfig=weights)["RoutingConfig"] == weights
    moved = client.update_alias(
        **where, FunctionVersion=two, RoutingConfig={"AdditionalVersionWeights": {}}
    )
    assert (moved["FunctionVersion"], moved.get("RoutingConfig")) == (two, None)
    for refused, code in (
        ({"FunctionVersion": "9"}, "ResourceNotFoundException"),
        ({"RoutingConfig": {"AdditionalVersionWeights": {"9": 0.5}}}, "ResourceNotFoundException"),
        (
            {"RoutingConfig": {"AdditionalVersionWeights": {two: 0.5}}},
            "InvalidParameterValueException",
        ),
    ):
        with pytest.raises(ClientError) as refusal:
            client.update_alias(**where, **refused)
        assert refusal.value.response["Error"]["Code"] == code
