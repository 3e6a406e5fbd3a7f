"""SageMaker's CloudFormation types: created, replaced, moved, rolled back, deleted."""

import json

import pytest
from botocore.exceptions import ClientError, WaiterError

from tests.contract.sagemaker.programs import IMAGE

FAST = {"Delay": 1, "MaxAttempts": 120}
SERVE = "def model_fn(folder): return 1\ndef transform_fn(model, *request): return '{answer}'"
BROKEN = "raise ValueError('broken')"


def template(endpoint: str) -> str:
    container = {"Image": IMAGE, "ModelDataUrl": {"Ref": "ModelData"}}
    variant = {
        "VariantName": "AllTraffic",
        "ModelName": {"Fn::GetAtt": ["Model", "ModelName"]},
        "InitialInstanceCount": 1,
        "InstanceType": "ml.m5.large",
        "InitialVariantWeight": 1.0,
    }
    config_name = {"Fn::GetAtt": ["Config", "EndpointConfigName"]}
    return json.dumps(
        {
            "Parameters": {"ModelData": {"Type": "String"}},
            "Resources": {
                "Model": {
                    "Type": "AWS::SageMaker::Model",
                    "Properties": {"PrimaryContainer": container},
                },
                "Config": {
                    "Type": "AWS::SageMaker::EndpointConfig",
                    "Properties": {"ProductionVariants": [variant]},
                },
                "Endpoint": {
                    "Type": "AWS::SageMaker::Endpoint",
                    "Properties": {
                        "EndpointName": endpoint,
                        "EndpointConfigName": config_name,
                        "Tags": [{"Key": "team", "Value": "ml"}],
                    },
                },
            },
            "Outputs": {
                "EndpointArn": {"Value": {"Ref": "Endpoint"}},
                "EndpointName": {"Value": {"Fn::GetAtt": ["Endpoint", "EndpointName"]}},
                "ModelArn": {"Value": {"Ref": "Model"}},
            },
        }
    )


@pytest.fixture
def cloudformation(aws):
    return aws("cloudformation")


@pytest.fixture
def data(aws, bucket, archive):
    """The address of a model's archive, as the parameter of a stack."""

    def put(program):
        key = f"{abs(hash(program))}.tar.gz"
        aws("s3").put_object(Bucket=bucket, Key=key, Body=archive({"code/inference.py": program}))
        uri = f"s3://{bucket}/{key}"
        return [{"ParameterKey": "ModelData", "ParameterValue": uri}]

    return put


@pytest.fixture
def stack(cloudformation, unique):
    yield unique
    cloudformation.delete_stack(StackName=unique)
    cloudformation.get_waiter("stack_delete_complete").wait(StackName=unique, WaiterConfig=FAST)


@pytest.fixture
def deployed(cloudformation, stack, data):
    """A stack that answers "one"."""
    body = template(stack)
    parameters = data(SERVE.format(answer="one"))
    cloudformation.create_stack(StackName=stack, TemplateBody=body, Parameters=parameters)
    cloudformation.get_waiter("stack_create_complete").wait(StackName=stack, WaiterConfig=FAST)
    return stack


def outputs(cloudformation, stack):
    found = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["Outputs"]
    return {item["OutputKey"]: item["OutputValue"] for item in found}


def answer(aws, endpoint):
    runtime = aws("sagemaker-runtime")
    return runtime.invoke_endpoint(EndpointName=endpoint, Body=b"x")["Body"].read()


def test_stack_serves_and_its_references_are_aws_own(aws, cloudformation, deployed):
    assert answer(aws, deployed) == b"one"
    found = outputs(cloudformation, deployed)
    arn = "arn:aws:sagemaker:us-east-1:000000000000"
    assert found["EndpointArn"] == f"{arn}:endpoint/{deployed}"
    assert found["EndpointName"] == deployed
    assert found["ModelArn"].startswith(f"{arn}:model/{deployed}-Model-")
    tags = aws("sagemaker").list_tags(ResourceArn=found["EndpointArn"])["Tags"]
    assert {"Key": "team", "Value": "ml"} in tags


def test_other_model_data_replaces_model_and_configuration_and_moves_the_endpoint(
    aws, cloudformation, deployed, data
):
    before = outputs(cloudformation, deployed)
    cloudformation.update_stack(
        StackName=deployed,
        TemplateBody=template(deployed),
        Parameters=data(SERVE.format(answer="two")),
    )
    cloudformation.get_waiter("stack_update_complete").wait(StackName=deployed, WaiterConfig=FAST)
    after = outputs(cloudformation, deployed)
    assert answer(aws, deployed) == b"two"
    assert before["EndpointArn"] == after["EndpointArn"]
    assert before["ModelArn"] != after["ModelArn"]
    sagemaker = aws("sagemaker")
    models = sagemaker.list_models(NameContains=deployed)["Models"]
    assert [item["ModelArn"] for item in models] == [after["ModelArn"]]
    assert len(sagemaker.list_endpoint_configs(NameContains=deployed)["EndpointConfigs"]) == 1


def test_update_to_a_broken_model_goes_back_and_the_old_one_serves(
    aws, cloudformation, deployed, data
):
    cloudformation.update_stack(
        StackName=deployed, TemplateBody=template(deployed), Parameters=data(BROKEN)
    )
    waiter = cloudformation.get_waiter("stack_update_complete")
    with pytest.raises(WaiterError, match="ROLLBACK"):
        waiter.wait(StackName=deployed, WaiterConfig=FAST)
    assert answer(aws, deployed) == b"one"
    reasons = failures(cloudformation, deployed)
    assert "did not pass the ping health check" in reasons["Endpoint"]


def failures(cloudformation, stack):
    events = cloudformation.describe_stack_events(StackName=stack)["StackEvents"]
    return {
        event["LogicalResourceId"]: event.get("ResourceStatusReason", "")
        for event in events
        if event["ResourceStatus"].endswith("_FAILED")
    }


def test_endpoint_that_never_answers_fails_its_stack(aws, cloudformation, stack, data, waiting):
    cloudformation.create_stack(
        StackName=stack, TemplateBody=template(stack), Parameters=data(BROKEN)
    )
    with pytest.raises(WaiterError, match="ROLLBACK|FAILED"):
        cloudformation.get_waiter("stack_create_complete").wait(StackName=stack, WaiterConfig=FAST)
    assert "did not pass the ping health check" in failures(cloudformation, stack)["Endpoint"]
    sagemaker = aws("sagemaker")
    waiting(
        "the failed endpoint to go",
        lambda: not sagemaker.list_endpoints(NameContains=stack)["Endpoints"],
    )


def test_missing_model_data_fails_the_stack_with_aws_reason(cloudformation, stack, bucket):
    uri = f"s3://{bucket}/none.tar.gz"
    cloudformation.create_stack(
        StackName=stack,
        TemplateBody=template(stack),
        Parameters=[{"ParameterKey": "ModelData", "ParameterValue": uri}],
    )
    with pytest.raises(WaiterError):
        cloudformation.get_waiter("stack_create_complete").wait(StackName=stack, WaiterConfig=FAST)
    assert f"Could not find model data at {uri}." in failures(cloudformation, stack)["Model"]


def test_deleted_stack_leaves_nothing(aws, cloudformation, unique, data):
    parameters = data(SERVE.format(answer="x"))
    cloudformation.create_stack(
        StackName=unique, TemplateBody=template(unique), Parameters=parameters
    )
    cloudformation.get_waiter("stack_create_complete").wait(StackName=unique, WaiterConfig=FAST)
    cloudformation.delete_stack(StackName=unique)
    cloudformation.get_waiter("stack_delete_complete").wait(StackName=unique, WaiterConfig=FAST)
    sagemaker = aws("sagemaker")
    assert sagemaker.list_models(NameContains=unique)["Models"] == []
    assert sagemaker.list_endpoint_configs(NameContains=unique)["EndpointConfigs"] == []
    with pytest.raises(ClientError, match="Could not find endpoint"):
        sagemaker.describe_endpoint(EndpointName=unique)
