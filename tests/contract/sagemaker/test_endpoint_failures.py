"""Models that raise, cannot be loaded or die: the endpoint fails as on AWS."""

import os
import signal

import pytest
from botocore.exceptions import ClientError

from tests.contract.refusals import refusal
from tests.contract.sagemaker.programs import PID
from tests.contract.sagemaker.serving import ask, variant


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
