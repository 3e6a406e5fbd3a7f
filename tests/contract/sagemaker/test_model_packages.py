"""The model registry: groups, versions, approvals and the events that tell them."""

import json

import pytest
from botocore.exceptions import ClientError

from tests.contract.sagemaker.programs import IMAGE

MISSING = "arn:aws:sagemaker:us-east-1:000000000000:model-package/nobody/1"


@pytest.fixture
def sagemaker(aws):
    return aws("sagemaker")


@pytest.fixture
def group(sagemaker, unique):
    """An empty group; emptied and deleted afterwards."""
    sagemaker.create_model_package_group(
        ModelPackageGroupName=unique, ModelPackageGroupDescription="delays"
    )
    yield unique
    for package in sagemaker.list_model_packages(ModelPackageGroupName=unique)[
        "ModelPackageSummaryList"
    ]:
        sagemaker.delete_model_package(ModelPackageName=package["ModelPackageArn"])
    sagemaker.delete_model_package_group(ModelPackageGroupName=unique)


def specification(bucket, **changes):
    container = {"Image": IMAGE, "ModelDataUrl": f"s3://{bucket}/model.tar.gz", **changes}
    return {
        "Containers": [container],
        "SupportedContentTypes": ["text/csv"],
        "SupportedResponseMIMETypes": ["text/csv"],
    }


@pytest.fixture
def register(sagemaker, group, bucket):
    """`register(...)`: the ARN of a new version."""

    def create(**changes):
        request = {
            "ModelPackageGroupName": group,
            "InferenceSpecification": specification(bucket, Environment={"A": "1"}),
            **changes,
        }
        return sagemaker.create_model_package(**request)["ModelPackageArn"]

    return create


def refused(call, **request):
    with pytest.raises(ClientError) as caught:
        call(**request)
    return caught.value.response["Error"]


def test_versions_count_up_and_are_not_given_again(sagemaker, register, group):
    first, second = register(), register()
    assert (first, second) == (f"{first.rsplit('/', 1)[0]}/1", f"{first.rsplit('/', 1)[0]}/2")
    sagemaker.delete_model_package(ModelPackageName=second)
    assert register().endswith(f"model-package/{group}/3")


def test_version_is_described_as_it_was_registered(sagemaker, register, group, bucket):
    metrics = {
        "ModelQuality": {
            "Statistics": {"ContentType": "application/json", "S3Uri": f"s3://{bucket}/q.json"}
        }
    }
    given = {
        "ModelPackageDescription": "trained on 2013",
        "ModelMetrics": metrics,
        "DriftCheckBaselines": metrics,
        "MetadataProperties": {"CommitId": "abc"},
        "CustomerMetadataProperties": {"auc": "0.74"},
        "ModelLifeCycle": {"Stage": "Development", "StageStatus": "InProgress"},
    }
    arn = register(**given)
    found = sagemaker.describe_model_package(ModelPackageName=arn)
    assert {name: found[name] for name in given} == given
    assert found["ModelPackageGroupName"] == group
    assert found["ModelPackageVersion"] == 1
    assert found["ModelPackageStatus"] == "Completed"
    assert found["ModelApprovalStatus"] == "PendingManualApproval"
    assert found["InferenceSpecification"] == specification(bucket, Environment={"A": "1"})
    assert "LastModifiedTime" not in found


def test_update_approves_and_annotates(sagemaker, register):
    arn = register(CustomerMetadataProperties={"a": "1", "b": "2"})
    sagemaker.update_model_package(
        ModelPackageArn=arn,
        ModelApprovalStatus="Approved",
        ApprovalDescription="wins by 0.02",
        CustomerMetadataProperties={"c": "3"},
        CustomerMetadataPropertiesToRemove=["a"],
    )
    found = sagemaker.describe_model_package(ModelPackageName=arn)
    assert found["ModelApprovalStatus"] == "Approved"
    assert found["ApprovalDescription"] == "wins by 0.02"
    assert found["CustomerMetadataProperties"] == {"b": "2", "c": "3"}
    assert found["LastModifiedTime"] > found["CreationTime"]


def test_list_filters_a_group_by_approval(sagemaker, register, group):
    register()
    approved = register(ModelApprovalStatus="Approved")
    (summary,) = sagemaker.list_model_packages(
        ModelPackageGroupName=group, ModelApprovalStatus="Approved", SortBy="CreationTime"
    )["ModelPackageSummaryList"]
    assert summary["ModelPackageArn"] == approved
    assert "ModelPackageName" not in summary
    unversioned = sagemaker.list_model_packages(NameContains=group)["ModelPackageSummaryList"]
    assert unversioned == []


def test_batch_describe_tells_what_is_missing(sagemaker, register):
    arn = register()
    answer = sagemaker.batch_describe_model_package(ModelPackageArnList=[arn, MISSING])
    assert list(answer["ModelPackageSummaries"]) == [arn]
    error = answer["BatchDescribeModelPackageErrorMap"][MISSING]
    assert error["ErrorResponse"] == f"ModelPackage {MISSING} does not exist."


def test_unversioned_package(sagemaker, bucket, unique):
    request = {"ModelPackageName": unique, "InferenceSpecification": specification(bucket)}
    tags = [{"Key": "team", "Value": "x"}]
    arn = sagemaker.create_model_package(**request, Tags=tags)["ModelPackageArn"]
    assert arn.endswith(f":model-package/{unique}")
    assert sagemaker.list_tags(ResourceArn=arn)["Tags"] == tags
    error = refused(sagemaker.create_model_package, **request)
    assert error["Message"] == f"Model Package already exists: {arn}"
    request["InferenceSpecification"] = specification(bucket, Environment={"A": "1"})
    assert "non-versioned" in refused(sagemaker.create_model_package, **request)["Message"]
    sagemaker.delete_model_package(ModelPackageName=unique)
    error = refused(sagemaker.describe_model_package, ModelPackageName=unique)
    assert error == {
        "Code": "ValidationException",
        "Message": f"ModelPackage {arn} does not exist.",
    }


def test_client_token_makes_one_version(register):
    token = "0f6f6f6e-one"
    assert register(ClientToken=token) == register(ClientToken=token)


def test_group_is_refused_in_aws_words(sagemaker, register, group):
    arn = sagemaker.describe_model_package_group(ModelPackageGroupName=group)[
        "ModelPackageGroupArn"
    ]
    register()
    error = refused(sagemaker.create_model_package_group, ModelPackageGroupName=group)
    assert error["Message"] == f"Model Package Group already exists: {arn}"
    error = refused(sagemaker.delete_model_package_group, ModelPackageGroupName=group)
    assert error["Code"] == "ConflictException"
    error = refused(sagemaker.describe_model_package_group, ModelPackageGroupName="nobody")
    assert error["Code"] == "ValidationException"
    assert error["Message"].endswith(":model-package-group/nobody does not exist.")


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({}, "Missing ARN."),
        ({"ModelPackageName": "a", "ModelPackageGroupName": "b"}, "Both ModelPackageName and"),
        ({"ModelPackageGroupName": "nobody"}, "does not exist."),
    ],
)
def test_package_without_a_place_is_refused(sagemaker, request_, message):
    error = refused(sagemaker.create_model_package, **request_)
    assert error["Code"] == "ValidationException"
    assert message in error["Message"]


def test_policy_of_a_group(sagemaker, group):
    error = refused(sagemaker.get_model_package_group_policy, ModelPackageGroupName=group)
    assert error["Message"].startswith("Cannot find resource policy for: arn:")
    policy = json.dumps({"Version": "2012-10-17", "Statement": []})
    sagemaker.put_model_package_group_policy(ModelPackageGroupName=group, ResourcePolicy=policy)
    found = sagemaker.get_model_package_group_policy(ModelPackageGroupName=group)
    assert found["ResourcePolicy"] == policy
    sagemaker.delete_model_package_group_policy(ModelPackageGroupName=group)
    error = refused(sagemaker.get_model_package_group_policy, ModelPackageGroupName="nobody")
    assert error["Message"].startswith("Cannot find Model Package Group: arn:")


def test_search_finds_groups_and_versions(sagemaker, register, group):
    register(CustomerMetadataProperties={"auc": "0.7"})
    best = register(CustomerMetadataProperties={"auc": "0.8"}, ModelApprovalStatus="Approved")

    def find(resource, *filters):
        expression = {
            "Filters": [dict(zip(("Name", "Operator", "Value"), f, strict=True)) for f in filters]
        }
        answer = sagemaker.search(Resource=resource, SearchExpression=expression)
        return [item[resource][f"{resource}Arn"] for item in answer["Results"]]

    by_group = ("ModelPackageGroupName", "Equals", group)
    assert len(find("ModelPackageGroup", by_group)) == 1
    assert len(find("ModelPackage", by_group)) == 2
    approved = ("ModelApprovalStatus", "Equals", "Approved")
    assert find("ModelPackage", by_group, approved) == [best]
    better = ("CustomerMetadataProperties.auc", "In", "0.8, 0.9")
    assert find("ModelPackage", by_group, better) == [best]
    newer = ("ModelPackageVersion", "GreaterThan", "1")
    assert find("ModelPackage", by_group, newer) == [best]
    assert find("ModelPackageGroup", ("ModelPackageGroupName", "Equals", "nobody")) == []
    error = refused(
        sagemaker.search,
        Resource="ModelPackage",
        SearchExpression={"Filters": [{"Name": "Nonsense", "Value": "1"}]},
    )
    assert error["Message"] == "Unknown property name: Nonsense"
    assert "Resource Pipeline" in refused(sagemaker.search, Resource="Pipeline")["Message"]
