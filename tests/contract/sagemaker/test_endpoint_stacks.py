"""AWS::SageMaker::Endpoint with guardrails and capture: moved in place, and an alarm leaves the old
configuration.
"""

import json

import pytest
from botocore.exceptions import WaiterError

from tests.contract.sagemaker.programs import IMAGE

FAST = {"Delay": 1, "MaxAttempts": 120}
SAY = "def model_fn(folder): return 1\ndef transform_fn(model, *request): return '{}'"


def template(endpoint, bucket):
    """Numbers are texts, as templates may have them."""
    container = {"Image": IMAGE, "ModelDataUrl": {"Fn::Sub": f"s3://{bucket}/${{Program}}.tar.gz"}}
    variant = {
        "VariantName": "AllTraffic",
        "ModelName": {"Fn::GetAtt": ["Model", "ModelName"]},
        "InitialInstanceCount": "1",
        "InstanceType": "ml.m5.large",
        "InitialVariantWeight": "1",
    }
    capture = {
        "EnableCapture": "true",
        "InitialSamplingPercentage": "100",
        "DestinationS3Uri": f"s3://{bucket}/captures",
        "CaptureOptions": [{"CaptureMode": "Input"}],
        "CaptureContentTypeHeader": {"CsvContentTypes": ["text/csv"]},
    }
    routing = {
        "Type": "CANARY",
        "WaitIntervalInSeconds": {"Ref": "Wait"},
        "CanarySize": {"Type": "CAPACITY_PERCENT", "Value": "50"},
    }
    deployment = {
        "BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": routing},
        "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": endpoint}]},
    }
    resources = {
        "Model": ("Model", {"PrimaryContainer": container}),
        "Config": (
            "EndpointConfig",
            {"ProductionVariants": [variant], "DataCaptureConfig": capture},
        ),
        "Endpoint": (
            "Endpoint",
            {
                "EndpointName": endpoint,
                "EndpointConfigName": {"Fn::GetAtt": ["Config", "EndpointConfigName"]},
                "DeploymentConfig": deployment,
                "RetainAllVariantProperties": "false",
            },
        ),
    }
    return json.dumps(
        {
            "Parameters": {"Program": {"Type": "String"}, "Wait": {"Type": "Number"}},
            "Resources": {
                name: {"Type": f"AWS::SageMaker::{kind}", "Properties": properties}
                for name, (kind, properties) in resources.items()
            },
        }
    )


@pytest.fixture
def deploy(aws, unique, bucket, archive, alarm):
    """Create or update the stack so that its endpoint answers a word."""
    cloudformation = aws("cloudformation")
    made = []

    def change(word, wait=0):
        body = archive({"code/inference.py": SAY.format(word)})
        aws("s3").put_object(Bucket=bucket, Key=f"{word}.tar.gz", Body=body)
        verb = cloudformation.update_stack if made else cloudformation.create_stack
        made.append(word)
        verb(
            StackName=unique,
            TemplateBody=template(unique, bucket),
            Parameters=[
                {"ParameterKey": "Program", "ParameterValue": word},
                {"ParameterKey": "Wait", "ParameterValue": str(wait)},
            ],
        )
        return cloudformation.get_waiter(
            "stack_update_complete" if len(made) > 1 else "stack_create_complete"
        )

    yield change
    cloudformation.delete_stack(StackName=unique)
    cloudformation.get_waiter("stack_delete_complete").wait(StackName=unique, WaiterConfig=FAST)


def test_endpoint_moves_as_its_template_says_and_an_alarm_leaves_the_old_configuration(
    sagemaker, runtime, unique, deploy, alarm, waiting
):
    def described():
        return sagemaker.describe_endpoint(EndpointName=unique)

    def answer():
        return runtime.invoke_endpoint(EndpointName=unique, Body=b"x")["Body"].read().decode()

    deploy("one").wait(StackName=unique, WaiterConfig=FAST)
    first = described()
    assert first["DataCaptureConfig"]["CaptureStatus"] == "Started"
    deploy("two").wait(StackName=unique, WaiterConfig=FAST)
    second = described()
    assert second["EndpointConfigName"] != first["EndpointConfigName"]
    policy = second["LastDeploymentConfig"]["BlueGreenUpdatePolicy"]
    assert policy["TrafficRoutingConfiguration"]["CanarySize"]["Value"] == 50
    assert answer() == "two"

    waiter = deploy("three", wait=600)
    waiting("the canary", lambda: "three" in {answer() for _ in range(10)})
    alarm("ALARM")
    with pytest.raises(WaiterError, match="ROLLBACK"):
        waiter.wait(StackName=unique, WaiterConfig=FAST)
    alarm("OK")
    after = described()
    assert after["EndpointConfigName"] == second["EndpointConfigName"]
    assert "in ALARM state" in after["FailureReason"]
    sagemaker.describe_endpoint_config(EndpointConfigName=after["EndpointConfigName"])
    assert answer() == "two"
