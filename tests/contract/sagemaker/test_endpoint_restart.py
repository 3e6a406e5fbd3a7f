"""What the emulator's end leaves of an endpoint: captures when it ends in order; after a kill in
the middle of a deployment the old servers, with the reason.
"""

import json
import signal

import pytest

from tests.contract.sagemaker.programs import IMAGE

SAY = "def model_fn(folder): return 1\ndef transform_fn(model, *request): return '{}'"
CAPTURE = {
    "EnableCapture": True,
    "InitialSamplingPercentage": 100,
    "DestinationS3Uri": "s3://lab/captures",
    "CaptureOptions": [{"CaptureMode": "Output"}],
    "CaptureContentTypeHeader": {"JsonContentTypes": ["application/json"]},
}
LONG = {
    "BlueGreenUpdatePolicy": {
        "TrafficRoutingConfiguration": {
            "Type": "CANARY",
            "WaitIntervalInSeconds": 3600,
            "CanarySize": {"Type": "CAPACITY_PERCENT", "Value": 50},
        }
    }
}


@pytest.fixture
def emulator(own_emulator, archive, waiting):
    """An emulator with an endpoint `e` that answers "blue" and captures, and a model "green"."""
    s3, sagemaker = own_emulator.aws("s3"), own_emulator.aws("sagemaker")
    s3.create_bucket(Bucket="lab")
    for name in ("blue", "green"):
        body = archive({"code/inference.py": SAY.format(name)})
        s3.put_object(Bucket="lab", Key=f"{name}.tar.gz", Body=body)
        container = {"Image": IMAGE, "ModelDataUrl": f"s3://lab/{name}.tar.gz"}
        sagemaker.create_model(ModelName=name, PrimaryContainer=container)
        variant = {
            "VariantName": "v",
            "ModelName": name,
            "InitialInstanceCount": 1,
            "InstanceType": "ml.m5.large",
        }
        sagemaker.create_endpoint_config(
            EndpointConfigName=name, ProductionVariants=[variant], DataCaptureConfig=CAPTURE
        )
    sagemaker.create_endpoint(EndpointName="e", EndpointConfigName="blue")
    waiting("the endpoint", lambda: describe(own_emulator)["EndpointStatus"] == "InService")
    return own_emulator


def describe(emulator):
    return emulator.aws("sagemaker").describe_endpoint(EndpointName="e")


def ask(emulator):
    answer = emulator.aws("sagemaker-runtime").invoke_endpoint(EndpointName="e", Body=b"x")
    return answer["Body"].read().decode()


def captures(emulator):
    s3 = emulator.aws("s3")
    listed = s3.list_objects_v2(Bucket="lab", Prefix="captures/").get("Contents", [])
    bodies = [s3.get_object(Bucket="lab", Key=item["Key"])["Body"].read() for item in listed]
    lines = [json.loads(line) for body in bodies for line in body.splitlines()]
    return [line["captureData"]["endpointOutput"]["data"] for line in lines]


def test_orderly_end_loses_no_capture_and_a_kill_leaves_the_old_servers(emulator, waiting):
    assert [ask(emulator) for _ in range(3)] == ["blue"] * 3
    emulator.end()
    emulator.start()
    assert captures(emulator) == ["blue"] * 3

    assert ask(emulator) == "blue"
    emulator.aws("sagemaker").update_endpoint(
        EndpointName="e", EndpointConfigName="green", DeploymentConfig=LONG
    )
    waiting("the canary", lambda: "green" in {ask(emulator) for _ in range(10)})
    waiting("the snapshot", lambda: emulator.has_saved("sagemaker", "Baking"))
    emulator.end(signal.SIGKILL)
    emulator.start()
    assert {ask(emulator) for _ in range(20)} == {"blue"}
    waiting("the endpoint", lambda: describe(emulator)["EndpointStatus"] == "InService")
    described = describe(emulator)
    assert described["EndpointConfigName"] == "blue"
    assert described["FailureReason"] == "The emulator ended during the update."
    assert "PendingDeploymentSummary" not in described
