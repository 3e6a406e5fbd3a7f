"""Data capture: inferences arrive in S3 in AWS's layout, and S3's troubles are not the caller's."""

import base64
import json
import re
from datetime import UTC, datetime

import pytest

from tests.contract.refusals import refusal
from tests.contract.sagemaker.serving import ask, variant

BOTH = [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}]
TEXT = {"CsvContentTypes": ["text/csv"], "JsonContentTypes": ["application/json"]}


@pytest.fixture
def capturing(sagemaker, endpoint, model, unique, bucket):
    """An endpoint that captures into the test's bucket."""

    def create(destination=None, **settings):
        capture = {
            "EnableCapture": True,
            "InitialSamplingPercentage": 100,
            "DestinationS3Uri": destination or f"s3://{bucket}/captures/",
            "CaptureOptions": BOTH,
            **settings,
        }
        return endpoint(variant(model()), DataCaptureConfig=capture)

    return create


@pytest.fixture
def captured(aws, bucket, waiting):
    """The captured lines, and the keys of their objects, once there are so many."""
    s3 = aws("s3")

    def found(count):
        keys = [item["Key"] for item in s3.list_objects_v2(Bucket=bucket)["Contents"]]
        keys = [key for key in keys if key.startswith("captures/")]
        bodies = [s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode() for key in keys]
        lines = [json.loads(line) for body in bodies for line in body.splitlines()]
        return (lines, keys) if len(lines) >= count else None

    return lambda count: waiting(f"{count} captures", lambda: found(count), 30)


def test_inference_is_captured_as_aws_writes_it(sagemaker, runtime, capturing, captured, unique):
    described = capturing(CaptureContentTypeHeader=TEXT)
    assert described["DataCaptureConfig"] == {
        "EnableCapture": True,
        "CaptureStatus": "Started",
        "CurrentSamplingPercentage": 100,
        "DestinationS3Uri": described["DataCaptureConfig"]["DestinationS3Uri"],
        "KmsKeyId": "",
    }
    before = datetime.now(UTC)
    answer = runtime.invoke_endpoint(
        EndpointName=unique,
        Body=b"[1, 2]",
        ContentType="application/json",
        Accept="text/csv; charset=utf-8",
        InferenceId="flight-7",
        CustomAttributes="trace=1",
    )
    (line,), (key,) = captured(1)
    assert line["captureData"] == {
        "endpointInput": {
            "observedContentType": "application/json",
            "mode": "INPUT",
            "data": "[1, 2]",
            "encoding": "JSON",
        },
        "endpointOutput": {
            "observedContentType": "text/csv; charset=utf-8",
            "mode": "OUTPUT",
            "data": "[2, 4]",
            "encoding": "CSV",
        },
    }
    assert line["eventVersion"] == "0"
    metadata = line["eventMetadata"]
    assert metadata["inferenceId"] == "flight-7"
    assert metadata["customAttributes"] == ["trace=1"]
    assert metadata["eventId"] == answer["ResponseMetadata"]["RequestId"]
    at = datetime.strptime(metadata["inferenceTime"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    assert before.replace(microsecond=0) <= at <= datetime.now(UTC)
    place = (
        rf"captures/{unique}/AllTraffic/{at:%Y/%m/%d/%H}/{at:%M-%S}-\d{{3}}-[0-9a-f-]{{36}}\.jsonl"
    )
    assert re.fullmatch(place, key), key


def test_without_content_types_everything_is_base_64(runtime, capturing, captured, unique):
    capturing(CaptureOptions=[{"CaptureMode": "InputAndOutput"}])
    ask(runtime, unique, b"[3]")
    (line,), _ = captured(1)
    sides = line["captureData"]
    assert {side["encoding"] for side in sides.values()} == {"BASE64"}
    assert base64.b64decode(sides["endpointInput"]["data"]) == b"[3]"
    assert base64.b64decode(sides["endpointOutput"]["data"]) == b"[6]"
    assert "inferenceId" not in line["eventMetadata"]


def test_only_what_is_asked_for_is_captured(runtime, capturing, captured, unique):
    capturing(CaptureOptions=[{"CaptureMode": "Output"}])
    for number in range(30):
        ask(runtime, unique, b"[%d]" % number)
    lines, _ = captured(30)
    assert len({line["eventMetadata"]["eventId"] for line in lines}) == 30
    assert all(set(line["captureData"]) == {"endpointOutput"} for line in lines)


def test_share_is_captured(runtime, capturing, captured, unique):
    capturing(InitialSamplingPercentage=50)
    for _ in range(200):
        ask(runtime, unique, b"[1]")
    lines, _ = captured(60)
    assert len(lines) < 140


def test_bucket_that_is_missing_stops_the_capture_and_nothing_else(
    aws, sagemaker, runtime, capturing, captured, unique, bucket, waiting
):
    capturing(f"s3://{unique}-later/captures")
    assert ask(runtime, unique, b"[1]") == b"[2]"

    def status():
        found = sagemaker.describe_endpoint(EndpointName=unique)
        return found["DataCaptureConfig"]["CaptureStatus"]

    waiting("the capture to stop", lambda: status() == "Stopped", 30)
    aws("s3").create_bucket(Bucket=f"{unique}-later")
    waiting("the capture to go on", lambda: status() == "Started", 30)
    listed = aws("s3").list_objects_v2(Bucket=f"{unique}-later")["Contents"]
    assert len(listed) == 1
    aws("s3").delete_object(Bucket=f"{unique}-later", Key=listed[0]["Key"])
    aws("s3").delete_bucket(Bucket=f"{unique}-later")


def test_capture_that_is_off_says_so(sagemaker, runtime, capturing, unique):
    described = capturing(EnableCapture=False)
    assert described["DataCaptureConfig"]["CaptureStatus"] == "Stopped"
    assert described["DataCaptureConfig"]["EnableCapture"] is False


def test_incomplete_capture_is_refused(sagemaker, unique):
    capture = {
        "InitialSamplingPercentage": 101,
        "DestinationS3Uri": "s3://b/c",
        "CaptureOptions": [{"CaptureMode": "All"}],
    }
    code, message = refusal(
        sagemaker.create_endpoint_config,
        EndpointConfigName=unique,
        ProductionVariants=[variant("m")],
        DataCaptureConfig=capture,
    )
    assert code == "ValidationException"
    assert "dataCaptureConfig.initialSamplingPercentage" in message
    assert "Member must satisfy enum value set: [Input, Output, InputAndOutput]" in message
