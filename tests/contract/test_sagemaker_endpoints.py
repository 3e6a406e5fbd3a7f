"""Models, configurations, endpoints and invocations: they serve, refuse and fail as on AWS."""

import json
import os
import signal
import threading
import time
from collections import Counter

import psutil
import pytest
from botocore.exceptions import ClientError

IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.4-2-cpu-py3"

DOUBLE = """
import json, os
def model_fn(folder):
    print("loaded in", os.getpid(), os.environ["OMP_NUM_THREADS"], flush=True)
    return json.load(open(os.path.join(folder, "model.json")))["factor"]
def input_fn(body, content_type):
    return body if isinstance(body, bytes) else json.loads(body)
def predict_fn(data, factor):
    return data * 2 if isinstance(data, bytes) else [factor * x for x in data]
def output_fn(prediction, accept):
    if isinstance(prediction, bytes):
        return prediction, "application/octet-stream"
    return json.dumps(prediction), accept
"""

PID = """
import os, time
def model_fn(folder): return None
def transform_fn(model, body, content_type, accept):
    if body == "slow":
        print("taking my time", flush=True)
        time.sleep(2)
    if body == "die":
        os._exit(9)
    return str(os.getpid()), "text/plain"
"""


@pytest.fixture
def sagemaker(aws):
    return aws("sagemaker")


@pytest.fixture
def runtime(aws):
    return aws("sagemaker-runtime")


@pytest.fixture
def model(aws, sagemaker, bucket, unique, archive):
    """A model of a program; its archive has the program in `code/`."""
    made = []

    def create(program=DOUBLE, suffix="", **container):
        name = f"{unique}{suffix}"
        files = {"model.json": json.dumps({"factor": 2}), "code/inference.py": program}
        key = f"{name}/model.tar.gz"
        aws("s3").put_object(Bucket=bucket, Key=key, Body=archive(files))
        data = {"Image": IMAGE, "ModelDataUrl": f"s3://{bucket}/{key}", **container}
        sagemaker.create_model(ModelName=name, PrimaryContainer=data)
        made.append(name)
        return name

    yield create
    for name in made:
        sagemaker.delete_model(ModelName=name)


def variant(model_name, name="AllTraffic", **changes):
    return {
        "VariantName": name,
        "ModelName": model_name,
        "InitialInstanceCount": 1,
        "InstanceType": "ml.m5.large",
        **changes,
    }


@pytest.fixture
def config(sagemaker):
    made = []

    def create(name, *variants):
        sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=list(variants))
        made.append(name)
        return name

    yield create
    for name in made:
        sagemaker.delete_endpoint_config(EndpointConfigName=name)


@pytest.fixture
def settled(sagemaker, waiting):
    """The description of an endpoint at rest."""

    def wait(name):
        def at_rest():
            found = sagemaker.describe_endpoint(EndpointName=name)
            return found if found["EndpointStatus"] in {"InService", "Failed"} else None

        return waiting(f"endpoint {name} to settle", at_rest, 120)

    return wait


@pytest.fixture
def endpoint(sagemaker, unique, config, settled, waiting):
    """An endpoint of variants, at rest; deleted afterwards."""
    made = []

    def create(*variants, name=unique):
        config(name, *variants)
        sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
        made.append(name)
        return settled(name)

    yield create
    for name in made:
        sagemaker.delete_endpoint(EndpointName=name)
        waiting(f"endpoint {name} to go", lambda name=name: is_gone(sagemaker, name))


def is_gone(sagemaker, name):
    try:
        sagemaker.describe_endpoint(EndpointName=name)
    except ClientError as error:
        return "Could not find endpoint" in str(error)
    return False


def refusal(call, **request):
    with pytest.raises(ClientError) as refused:
        call(**request)
    error = refused.value.response["Error"]
    return error["Code"], error["Message"]


def ask(runtime, name, body, **options):
    options = {"ContentType": "application/json", **options}
    return runtime.invoke_endpoint(EndpointName=name, Body=body, **options)["Body"].read()


def test_endpoint_answers(sagemaker, runtime, endpoint, model, unique):
    described = endpoint(variant(model()))
    assert described["EndpointStatus"] == "InService", described
    assert described["ProductionVariants"][0]["CurrentInstanceCount"] == 1
    assert "FailureReason" not in described
    assert "DataCaptureConfig" not in described
    answer = runtime.invoke_endpoint(
        EndpointName=unique, Body=b"[1, 2]", ContentType="application/json", Accept="a/b"
    )
    assert json.loads(answer["Body"].read()) == [2, 4]
    assert answer["ContentType"] == "a/b"
    assert answer["InvokedProductionVariant"] == "AllTraffic"


def test_binary_bodies_pass_unchanged(runtime, endpoint, model, unique):
    endpoint(variant(model()))
    body = bytes(range(256)) * 100
    assert ask(runtime, unique, body, ContentType="application/x-npy") == body * 2


def test_source_beside_the_model_is_used(aws, runtime, endpoint, model, unique, bucket, archive):
    source = archive({"serve_it.py": DOUBLE})
    aws("s3").put_object(Bucket=bucket, Key="source.tar.gz", Body=source)
    environment = {
        "SAGEMAKER_PROGRAM": "serve_it.py",
        "SAGEMAKER_SUBMIT_DIRECTORY": f"s3://{bucket}/source.tar.gz",
    }
    endpoint(variant(model("raise SystemExit('not me')", Environment=environment)))
    assert ask(runtime, unique, b"[3]") == b"[6]"


def test_variants_share_the_traffic_by_weight(runtime, endpoint, model, unique):
    endpoint(
        variant(model(PID, "-a"), "often", InitialVariantWeight=3),
        variant(model(PID, "-b"), "rarely", InitialVariantWeight=1),
    )
    shares = Counter(who_answers(runtime, unique) for _ in range(200))
    assert 110 < shares["often"] < 190, shares
    assert who_answers(runtime, unique, TargetVariant="rarely") == "rarely"
    assert refusal(
        runtime.invoke_endpoint, EndpointName=unique, Body=b"x", TargetVariant="other"
    ) == ("ValidationError", f"Variant other not found for Request on endpoint {unique}.")


def who_answers(runtime, name, **options):
    answer = runtime.invoke_endpoint(EndpointName=name, Body=b"x", **options)
    answer["Body"].read()
    return answer["InvokedProductionVariant"]


def test_instances_are_processes(runtime, endpoint, model, unique):
    endpoint(variant(model(PID), InitialInstanceCount=2))
    assert len({ask(runtime, unique, b"x") for _ in range(6)}) == 2


def test_update_switches_when_the_new_servers_answer(
    sagemaker, runtime, endpoint, model, config, settled, unique
):
    endpoint(variant(model(PID, "-a")))
    config(f"{unique}-2", variant(model(PID, "-b")))
    before = ask(runtime, unique, b"x")
    failures = []
    stop = threading.Event()

    def keep_asking():
        while not stop.is_set():
            try:
                ask(runtime, unique, b"x")
            except ClientError as error:
                failures.append(error)

    asking = threading.Thread(target=keep_asking)
    asking.start()
    sagemaker.update_endpoint(EndpointName=unique, EndpointConfigName=f"{unique}-2")
    described = settled(unique)
    stop.set()
    asking.join()
    assert described["EndpointConfigName"] == f"{unique}-2"
    assert failures == []
    assert ask(runtime, unique, b"x") != before


def test_update_that_fails_leaves_the_old_servers(
    sagemaker, runtime, endpoint, model, config, settled, unique
):
    endpoint(variant(model(PID, "-a")))
    before = ask(runtime, unique, b"x")
    config(f"{unique}-2", variant(model("raise ValueError('broken')", "-b")))
    sagemaker.update_endpoint(EndpointName=unique, EndpointConfigName=f"{unique}-2")
    described = settled(unique)
    assert described["EndpointStatus"] == "InService"
    assert described["EndpointConfigName"] == unique
    assert "did not pass the ping health check" in described["FailureReason"]
    assert ask(runtime, unique, b"x") == before


def test_metrics_and_logs(aws, runtime, endpoint, model, unique, waiting):
    endpoint(variant(model()))
    for _ in range(3):
        ask(runtime, unique, b"[1]")
    with pytest.raises(ClientError):
        ask(runtime, unique, b"not json")
    now = time.time()

    def total(metric):
        points = aws("cloudwatch").get_metric_statistics(
            Namespace="AWS/SageMaker",
            MetricName=metric,
            Dimensions=[
                {"Name": "EndpointName", "Value": unique},
                {"Name": "VariantName", "Value": "AllTraffic"},
            ],
            StartTime=now - 600,
            EndTime=now + 600,
            Period=3600,
            Statistics=["Sum"],
        )["Datapoints"]
        return sum(point["Sum"] for point in points)

    waiting("four invocations", lambda: total("Invocations") == 4)
    assert total("Invocation5XXErrors") == 1
    assert total("Invocation4XXErrors") == 0
    assert total("ModelLatency") > 0
    assert total("OverheadLatency") > 0

    def lines():
        events = aws("logs").filter_log_events(logGroupName=f"/aws/sagemaker/Endpoints/{unique}")
        return [event["message"] for event in events["events"]]

    waiting("the traceback", lambda: any("JSONDecodeError" in line for line in lines()))
    assert any(line.startswith("loaded in") and line.endswith(" 1") for line in lines())


def test_descriptions_and_lists(sagemaker, model, config, unique):
    model()
    config(unique, variant(unique))
    described = sagemaker.describe_model(ModelName=unique)
    assert described["PrimaryContainer"]["Image"] == IMAGE
    assert "VpcConfig" not in described
    assert "Containers" not in described
    found = sagemaker.describe_endpoint_config(EndpointConfigName=unique)
    assert found["ProductionVariants"] == [{**variant(unique), "InitialVariantWeight": 1.0}]
    assert "DataCaptureConfig" not in found
    listed = sagemaker.list_models(NameContains=unique)["Models"]
    assert [item["ModelName"] for item in listed] == [unique]
    configs = sagemaker.list_endpoint_configs(NameContains=unique)["EndpointConfigs"]
    assert [item["EndpointConfigName"] for item in configs] == [unique]
    assert sagemaker.list_endpoints(NameContains=unique)["Endpoints"] == []


def test_what_is_missing_is_not_found(sagemaker, runtime, unique):
    arn = "arn:aws:sagemaker:us-east-1:000000000000"
    assert refusal(sagemaker.describe_model, ModelName=unique) == (
        "ValidationException",
        f'Could not find model "{arn}:model/{unique}".',
    )
    missing_config = (
        "ValidationException",
        f'Could not find endpoint configuration "{arn}:endpoint-config/{unique}".',
    )
    assert refusal(sagemaker.delete_endpoint_config, EndpointConfigName=unique) == missing_config
    assert (
        refusal(sagemaker.create_endpoint, EndpointName=unique, EndpointConfigName=unique)
        == missing_config
    )
    assert refusal(sagemaker.delete_endpoint, EndpointName=unique) == (
        "ValidationException",
        f'Could not find endpoint "{arn}:endpoint/{unique}".',
    )
    assert refusal(runtime.invoke_endpoint, EndpointName=unique, Body=b"") == (
        "ValidationError",
        f"Endpoint {unique} of account 000000000000 not found.",
    )


def test_names_are_taken_once(sagemaker, endpoint, model, unique):
    endpoint(variant(model()))
    arn = "arn:aws:sagemaker:us-east-1:000000000000"
    container = {"Image": IMAGE}
    assert refusal(sagemaker.create_model, ModelName=unique, PrimaryContainer=container) == (
        "ValidationException",
        f'Cannot create already existing model "{arn}:model/{unique}".',
    )
    assert refusal(
        sagemaker.create_endpoint_config,
        EndpointConfigName=unique,
        ProductionVariants=[variant(unique)],
    ) == (
        "ValidationException",
        f'Cannot create already existing endpoint configuration "{arn}:endpoint-config/{unique}".',
    )
    assert refusal(sagemaker.create_endpoint, EndpointName=unique, EndpointConfigName=unique) == (
        "ValidationException",
        f'Cannot create already existing endpoint "{arn}:endpoint/{unique}".',
    )


def test_model_data_must_be_there(sagemaker, bucket, unique):
    uri = f"s3://{bucket}/nothing.tar.gz"
    container = {"Image": IMAGE, "ModelDataUrl": uri}
    assert refusal(sagemaker.create_model, ModelName=unique, PrimaryContainer=container) == (
        "ValidationException",
        f"Could not find model data at {uri}.",
    )


SERVERLESS = {"ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 1}}
CAPTURE = {
    "EnableCapture": True,
    "InitialSamplingPercentage": 100,
    "DestinationS3Uri": "s3://b/capture",
    "CaptureOptions": [{"CaptureMode": "Input"}],
}


@pytest.mark.parametrize(
    ("request_part", "variant_part", "what"),
    [
        ({"DataCaptureConfig": CAPTURE}, {}, "DataCaptureConfig.EnableCapture"),
        ({}, SERVERLESS, "ProductionVariants.ServerlessConfig"),
        (
            {"AsyncInferenceConfig": {"OutputConfig": {"S3OutputPath": "s3://b/o"}}},
            {},
            "AsyncInferenceConfig",
        ),
    ],
)
def test_configuration_that_is_not_computed_is_refused(
    sagemaker, unique, request_part, variant_part, what
):
    with pytest.raises(ClientError) as refused:
        sagemaker.create_endpoint_config(
            EndpointConfigName=unique,
            ProductionVariants=[variant("m", **variant_part)],
            **request_part,
        )
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    message = f"sagemaker.CreateEndpointConfig with {what} is not emulated"
    assert refused.value.response["Error"]["Message"] == message


def test_multi_model_is_refused(sagemaker, unique):
    container = {"Image": IMAGE, "Mode": "MultiModel"}
    _, message = refusal(sagemaker.create_model, ModelName=unique, PrimaryContainer=container)
    assert message.endswith("a multi-model container (Mode MultiModel) is not emulated")


def test_guardrails_are_refused(sagemaker, unique):
    policy = {
        "TrafficRoutingConfiguration": {
            "Type": "CANARY",
            "WaitIntervalInSeconds": 60,
            "CanarySize": {"Type": "CAPACITY_PERCENT", "Value": 10},
        }
    }
    _, message = refusal(
        sagemaker.update_endpoint,
        EndpointName=unique,
        EndpointConfigName=unique,
        DeploymentConfig={"BlueGreenUpdatePolicy": policy},
    )
    assert message == "sagemaker.UpdateEndpoint with DeploymentConfig is not emulated"


def test_other_invocations_are_refused(runtime, unique):
    _, message = refusal(
        runtime.invoke_endpoint_async, EndpointName=unique, InputLocation="s3://b/k"
    )
    assert "InvokeEndpointAsync" in message
    _, message = refusal(
        runtime.invoke_endpoint, EndpointName=unique, Body=b"", TargetModel="a.tar.gz"
    )
    assert message == "sagemaker-runtime.InvokeEndpoint with TargetModel is not emulated"


def test_payload_is_limited(runtime, endpoint, model, unique):
    endpoint(variant(model(PID)))
    limit = 6 * 1024 * 1024
    assert ask(runtime, unique, b"x" * limit, ContentType="a/b")
    assert refusal(runtime.invoke_endpoint, EndpointName=unique, Body=b"x" * (limit + 1)) == (
        "413",
        f"HTTP content length exceeded {limit} bytes.",
    )


def test_model_that_raises_is_a_model_error(runtime, endpoint, model, unique):
    endpoint(variant(model()))
    with pytest.raises(runtime.exceptions.ModelError) as raised:
        ask(runtime, unique, b"not json")
    response = raised.value.response
    group = f"/aws/sagemaker/Endpoints/{unique}"
    text = "Expecting value: line 1 column 1 (char 0)"
    assert response["Error"]["Message"] == (
        f'Received server error (500) from primary with message "{text}". See'
        " https://us-east-1.console.aws.amazon.com/cloudwatch/home?region=us-east-1"
        f"#logEventViewer:group={group} in account 000000000000 for more information."
    )
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 424
    assert response["OriginalStatusCode"] == 500
    assert response["OriginalMessage"] == text
    assert response["LogStreamArn"] == f"arn:aws:logs:us-east-1:000000000000:log-group:{group}"


REFUSE = """
def model_fn(folder): return None
def refuse(environ, start_response):
    start_response("422 Unprocessable", [("Content-Type", "text/plain")])
    return [b"no such field: x"]
def transform_fn(model, body, content_type, accept): return refuse
"""


def test_model_may_answer_as_a_wsgi_application(runtime, endpoint, model, unique):
    """AWS's container is a Flask view, whose result may be one: so a client error is one."""
    endpoint(variant(model(REFUSE)))
    with pytest.raises(runtime.exceptions.ModelError) as raised:
        ask(runtime, unique, b"x")
    response = raised.value.response
    assert (response["OriginalStatusCode"], response["OriginalMessage"]) == (
        422,
        "no such field: x",
    )


def test_default_functions_refuse_types_that_they_cannot_read(runtime, endpoint, model, unique):
    endpoint(variant(model("def model_fn(folder): return None")))
    with pytest.raises(runtime.exceptions.ModelError) as raised:
        ask(runtime, unique, b"x", ContentType="image/png")
    assert raised.value.response["OriginalStatusCode"] == 415
    assert "Received client error (415)" in raised.value.response["Error"]["Message"]


@pytest.mark.parametrize(
    "program",
    ["def model_fn(folder): raise ValueError('no model')", "import no_such_module", "x = 1"],
)
def test_model_that_cannot_be_loaded_fails_the_endpoint(
    sagemaker, runtime, endpoint, model, unique, program
):
    described = endpoint(variant(model(program)))
    assert described["EndpointStatus"] == "Failed"
    assert described["FailureReason"] == (
        "The primary container for production variant AllTraffic did not pass the ping health"
        " check. Please check CloudWatch logs for this endpoint."
    )
    assert refusal(runtime.invoke_endpoint, EndpointName=unique, Body=b"")[0] == "ValidationError"


def test_unknown_image_fails_the_endpoint(sagemaker, endpoint, unique):
    image = "000000000000.dkr.ecr.us-east-1.amazonaws.com/mystery:1"
    sagemaker.create_model(ModelName=unique, PrimaryContainer={"Image": image})
    described = endpoint(variant(unique))
    sagemaker.delete_model(ModelName=unique)
    assert described["EndpointStatus"] == "Failed"
    assert described["FailureReason"].startswith(
        "Please make sure all images included in the model for the production variant AllTraffic"
        " exist"
    )
    assert image in described["FailureReason"]


def test_model_data_that_went_away_fails_the_endpoint(aws, endpoint, model, bucket, unique):
    model()
    aws("s3").delete_object(Bucket=bucket, Key=f"{unique}/model.tar.gz")
    described = endpoint(variant(unique))
    assert described["EndpointStatus"] == "Failed"
    assert described["FailureReason"].startswith(
        'Failed to download model data for container "container_1" from URL:'
        f' "s3://{bucket}/{unique}/model.tar.gz".'
    )


def test_killed_server_is_started_again(runtime, endpoint, model, unique, waiting):
    endpoint(variant(model(PID)))
    first = ask(runtime, unique, b"x")
    os.kill(int(first), signal.SIGKILL)

    refusals = set()

    def answer():
        try:
            return ask(runtime, unique, b"x")
        except ClientError as error:
            refusals.add(error.response["Error"]["Code"])
            return None

    assert waiting("another server", answer, 30) != first
    assert refusals <= {"ServiceUnavailable", "ModelError"}


def test_server_that_dies_with_the_request_is_a_model_error(runtime, endpoint, model, unique):
    endpoint(variant(model(PID)))
    with pytest.raises(runtime.exceptions.ModelError) as raised:
        ask(runtime, unique, b"die", ContentType="text/csv")
    assert raised.value.response["Error"]["Message"].startswith(
        "Received server error (0) from primary with message"
    )


def test_deleted_endpoint_answers_what_it_has_and_leaves_no_process(
    aws, sagemaker, runtime, model, config, settled, unique, waiting
):
    config(unique, variant(model(PID)))
    sagemaker.create_endpoint(EndpointName=unique, EndpointConfigName=unique)
    settled(unique)
    pid = ask(runtime, unique, b"x")
    answers = []
    asking = threading.Thread(
        target=lambda: answers.append(ask(runtime, unique, b"slow", ContentType="text/csv"))
    )
    asking.start()
    group = f"/aws/sagemaker/Endpoints/{unique}"

    def under_way():
        events = aws("logs").filter_log_events(logGroupName=group)["events"]
        return any(event["message"] == "taking my time" for event in events)

    waiting("the slow request to be under way", under_way)
    sagemaker.delete_endpoint(EndpointName=unique)
    asking.join()
    assert answers == [pid]
    waiting("the endpoint to go", lambda: is_gone(sagemaker, unique))
    assert not psutil.pid_exists(int(pid))
