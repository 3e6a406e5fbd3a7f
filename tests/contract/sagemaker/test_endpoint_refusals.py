"""Models, configurations and endpoints: described, listed, and refused as AWS refuses them."""

import pytest
from botocore.exceptions import ClientError

from tests.contract.refusals import refusal
from tests.contract.sagemaker.programs import IMAGE
from tests.contract.sagemaker.serving import variant


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


@pytest.mark.parametrize(
    ("request_part", "variant_part", "what"),
    [
        ({}, SERVERLESS, "ProductionVariants.ServerlessConfig"),
        ({"ShadowProductionVariants": [variant("m", "shadow")]}, {}, "ShadowProductionVariants"),
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


def test_other_invocations_are_refused(runtime, unique):
    _, message = refusal(
        runtime.invoke_endpoint_async, EndpointName=unique, InputLocation="s3://b/k"
    )
    assert "InvokeEndpointAsync" in message
    _, message = refusal(
        runtime.invoke_endpoint, EndpointName=unique, Body=b"", TargetModel="a.tar.gz"
    )
    assert message == "sagemaker-runtime.InvokeEndpoint with TargetModel is not emulated"
