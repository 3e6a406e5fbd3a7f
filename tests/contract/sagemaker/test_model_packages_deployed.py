"""What a model package is for: an approval that is told, and a model that is made of it."""

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


def test_approval_is_an_event(aws, sagemaker, version, unique, waiting):
    sqs, events = aws("sqs"), aws("events")
    queue = sqs.create_queue(QueueName=unique)["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
    pattern = {
        "source": ["aws.sagemaker"],
        "detail-type": ["SageMaker Model Package State Change"],
        "detail": {"ModelPackageGroupName": [unique], "ModelApprovalStatus": ["Approved"]},
    }
    events.put_rule(Name=unique, EventPattern=json.dumps(pattern))
    target = {"Id": "queue", "Arn": attributes["Attributes"]["QueueArn"]}
    events.put_targets(Rule=unique, Targets=[target])
    sagemaker.update_model_package(ModelPackageArn=version, ModelApprovalStatus="Approved")

    def received():
        answer = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=1)
        return [json.loads(message["Body"]) for message in answer.get("Messages", [])]

    (event,) = waiting("the approval's event", received, 60)
    events.remove_targets(Rule=unique, Ids=["queue"])
    events.delete_rule(Name=unique)
    sqs.delete_queue(QueueUrl=queue)
    assert event["resources"] == [version]
    assert event["detail"]["ModelPackageVersion"] == 1
    assert event["detail"]["UpdatedModelPackageFields"] == ["ModelApprovalStatus"]
    assert event["detail"]["InferenceSpecification"]["Containers"][0]["Image"] == IMAGE
    assert event["detail"]["CreationTime"].endswith("Z")
