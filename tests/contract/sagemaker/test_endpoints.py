"""Endpoints serve, move and go as on AWS."""

import json
import threading
import time
from collections import Counter

import psutil
import pytest
from botocore.exceptions import ClientError

from tests.contract.refusals import refusal
from tests.contract.sagemaker.programs import DOUBLE, PID
from tests.contract.sagemaker.serving import ask, is_gone, variant


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


def test_payload_is_limited(runtime, endpoint, model, unique):
    endpoint(variant(model(PID)))
    limit = 6 * 1024 * 1024
    assert ask(runtime, unique, b"x" * limit, ContentType="a/b")
    assert refusal(runtime.invoke_endpoint, EndpointName=unique, Body=b"x" * (limit + 1)) == (
        "413",
        f"HTTP content length exceeded {limit} bytes.",
    )


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
