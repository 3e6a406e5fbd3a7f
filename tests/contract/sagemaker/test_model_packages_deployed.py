"""What a model package is for: a model that is made of it, once it is approved."""

import json

import pytest
from botocore.exceptions import ClientError

from tests.contract.sagemaker.programs import DOUBLE, IMAGE
from tests.contract.sagemaker.serving import variant


@pytest.fixture
def version(aws, sagemaker, unique, bucket, archive):
    """A version whose archive is in S3."""
    files = {"model.json": json.dumps({"factor": 3}), "code/inference.py": DOUBLE}
    aws("s3").put_object(Bucket=bucket, Key="model.tar.gz", Body=archive(files))
    sagemaker.create_model_package_group(ModelPackageGroupName=unique)
    container = {"Image": IMAGE, "ModelDataUrl": f"s3://{bucket}/model.tar.gz"}
    arn = sagemaker.create_model_package(
        ModelPackageGroupName=unique, InferenceSpecification={"Containers": [container]}
    )["ModelPackageArn"]
    yield arn
    sagemaker.delete_model_package(ModelPackageName=arn)
    sagemaker.delete_model_package_group(ModelPackageGroupName=unique)


def test_model_of_a_package_serves(aws, sagemaker, version, unique, role, endpoint):
    given = {"ModelPackageName": version}
    request = {"ModelName": unique, "ExecutionRoleArn": role, "PrimaryContainer": given}
    with pytest.raises(ClientError) as refusal:
        sagemaker.create_model(**request)
    assert refusal.value.response["Error"]["Code"] == "ValidationException"
    assert "PendingManualApproval" in refusal.value.response["Error"]["Message"]
    sagemaker.update_model_package(ModelPackageArn=version, ModelApprovalStatus="Approved")
    sagemaker.create_model(**request)
    found = sagemaker.describe_model(ModelName=unique)["PrimaryContainer"]
    assert found == {"Mode": "SingleModel", **given}
    assert endpoint(variant(unique))["EndpointStatus"] == "InService"
    answer = aws("sagemaker-runtime").invoke_endpoint(
        EndpointName=unique, ContentType="application/json", Body=b"[1, 2]"
    )
    assert json.loads(answer["Body"].read()) == [3, 6]
    sagemaker.delete_model(ModelName=unique)
