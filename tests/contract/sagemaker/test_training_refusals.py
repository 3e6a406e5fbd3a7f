"""Training jobs are refused as AWS refuses them."""

import pytest
from botocore.exceptions import ClientError

from tests.contract.refusals import refusal
from tests.contract.sagemaker.programs import IMAGE
from tests.contract.sagemaker.training import channel, trust


def test_name_is_used_once(sagemaker, run, request_for, unique):
    request = request_for("")
    arn = run(request)["TrainingJobArn"]
    assert refusal(sagemaker.create_training_job, **request) == (
        "ResourceInUse",
        "Training job names must be unique within an AWS account and region, and a training job"
        f" with this name already exists ({arn})",
    )


def test_channel_without_objects_is_refused(sagemaker, request_for, bucket, role):
    request = request_for(InputDataConfig=[channel(f"s3://{bucket}/nothing/here")])
    assert refusal(sagemaker.create_training_job, **request) == (
        "ValidationException",
        f'No S3 objects found under S3 URL "s3://{bucket}/nothing/here" given in input data'
        " source. Please ensure that the bucket exists in the selected region (us-east-1), that"
        f' objects exist under that S3 prefix, and that the role "{role}" has "s3:ListBucket"'
        f' permissions on bucket "{bucket}".',
    )


def test_role_that_is_missing_is_refused(sagemaker, request_for):
    arn = "arn:aws:iam::000000000000:role/nobody"
    assert refusal(sagemaker.create_training_job, **request_for(RoleArn=arn)) == (
        "ValidationException",
        f"Could not assume role {arn}. Please ensure that the role exists and allows principal"
        " 'sagemaker.amazonaws.com' to assume the role.",
    )


def test_role_that_does_not_trust_sagemaker_is_refused(aws, sagemaker, request_for, role, unique):
    aws("iam").update_assume_role_policy(
        RoleName=unique, PolicyDocument=trust("lambda.amazonaws.com")
    )
    code, message = refusal(sagemaker.create_training_job, **request_for())
    assert code == "ValidationException"
    assert message.startswith(f"Could not assume role {role}.")


def test_role_of_another_account_is_refused(sagemaker, request_for):
    request = request_for(RoleArn="arn:aws:iam::999999999999:role/theirs")
    assert refusal(sagemaker.create_training_job, **request) == (
        "AccessDeniedException",
        "Cross-account pass role is not allowed.",
    )


def test_constraints_of_the_api_are_checked(sagemaker, request_for):
    code, message = refusal(
        sagemaker.create_training_job, **request_for(TrainingJobName="not_a_name")
    )
    assert code == "ValidationException"
    assert message.startswith(
        "1 validation error detected: Value 'not_a_name' at 'trainingJobName' failed to satisfy"
        " constraint: Member must satisfy regular expression pattern: "
    )


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"EnableNetworkIsolation": True}, "EnableNetworkIsolation"),
        (
            {
                "ResourceConfig": {
                    "InstanceType": "ml.m5.large",
                    "InstanceCount": 2,
                    "VolumeSizeInGB": 1,
                }
            },
            "more than one instance (ResourceConfig.InstanceCount)",
        ),
        (
            {"AlgorithmSpecification": {"TrainingImage": IMAGE, "TrainingInputMode": "Pipe"}},
            "input mode Pipe",
        ),
        (
            {
                "DebugRuleConfigurations": [
                    {"RuleConfigurationName": "r", "RuleEvaluatorImage": "i"}
                ]
            },
            "DebugRuleConfigurations",
        ),
    ],
)
def test_what_is_not_computed_is_refused_by_name(sagemaker, request_for, changes, what):
    with pytest.raises(ClientError) as refused:
        sagemaker.create_training_job(**request_for(**changes))
    response = refused.value.response
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 501
    message = f"sagemaker.CreateTrainingJob with {what} is not emulated"
    assert response["Error"]["Message"] == message


def test_unknown_job_is_not_found(sagemaker, unique):
    expected = ("ValidationException", "Requested resource not found.")
    assert refusal(sagemaker.describe_training_job, TrainingJobName=unique) == expected
    assert refusal(sagemaker.stop_training_job, TrainingJobName=unique) == expected


def test_operation_that_nobody_wrote_is_refused_by_name(sagemaker):
    with pytest.raises(ClientError) as refused:
        sagemaker.list_notebook_instances()
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert "ListNotebookInstances" in refused.value.response["Error"]["Message"]
