"""Buckets of stacks: what the template says of them is so, after an update too."""

import json
import signal

import pytest
from botocore.exceptions import ClientError, WaiterError

FAST = {"Delay": 1, "MaxAttempts": 60}

CLOSED = {
    "BlockPublicAcls": True,
    "BlockPublicPolicy": True,
    "IgnorePublicAcls": True,
    "RestrictPublicBuckets": True,
}


@pytest.fixture
def deploy(aws, unique):
    """`deploy("create", **properties)`: the bucket's name; the stack is deleted afterwards."""
    cloudformation = aws("cloudformation")

    def change(kind: str, **properties) -> str:
        resource = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": unique, **properties}}
        body = {
            "Resources": {"B": resource},
            "Outputs": {"Arn": {"Value": {"Fn::GetAtt": ["B", "Arn"]}}},
        }
        getattr(cloudformation, f"{kind}_stack")(StackName=unique, TemplateBody=json.dumps(body))
        waiter = cloudformation.get_waiter(f"stack_{kind}_complete")
        waiter.wait(StackName=unique, WaiterConfig=FAST)
        return unique

    yield change
    cloudformation.delete_stack(StackName=unique)
    waiter = cloudformation.get_waiter("stack_delete_complete")
    waiter.wait(StackName=unique, WaiterConfig=FAST)


@pytest.fixture
def s3(aws):
    return aws("s3")


@pytest.fixture
def refused(aws, deploy, unique):
    """Why a stack with such a bucket fails."""

    def reason(kind: str, **properties) -> str:
        with pytest.raises(WaiterError):
            deploy(kind, **properties)
        events = aws("cloudformation").describe_stack_events(StackName=unique)["StackEvents"]
        failed = f"{kind.upper()}_FAILED"
        return next(
            event["ResourceStatusReason"]
            for event in events
            if (event["LogicalResourceId"], event["ResourceStatus"]) == ("B", failed)
        )

    return reason


def algorithm(s3, name: str) -> str:
    found = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]
    return found["Rules"][0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"]


def encrypted(kind: str) -> dict:
    return {
        "ServerSideEncryptionConfiguration": [
            {"ServerSideEncryptionByDefault": {"SSEAlgorithm": kind}}
        ]
    }


def test_bucket_is_made_as_the_template_says(deploy, s3):
    name = deploy(
        "create",
        BucketEncryption=encrypted("aws:kms"),
        PublicAccessBlockConfiguration={**CLOSED, "BlockPublicPolicy": "false"},
        OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]},
        VersioningConfiguration={"Status": "Enabled"},
        Tags=[{"Key": "team", "Value": "flights"}],
    )
    assert algorithm(s3, name) == "aws:kms"
    block = s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]
    assert block == {**CLOSED, "BlockPublicPolicy": False}
    controls = s3.get_bucket_ownership_controls(Bucket=name)["OwnershipControls"]
    assert controls == {"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]}
    assert s3.get_bucket_versioning(Bucket=name)["Status"] == "Enabled"
    assert s3.get_bucket_tagging(Bucket=name)["TagSet"] == [{"Key": "team", "Value": "flights"}]


def test_bucket_is_private_when_nothing_else_is_said(deploy, s3):
    grants = s3.get_bucket_acl(Bucket=deploy("create"))["Grants"]
    assert [grant["Grantee"]["Type"] for grant in grants] == ["CanonicalUser"]


def test_lifecycle_rules_are_those_of_the_template(deploy, s3):
    rules = [
        {
            "Id": "old",
            "Status": "Enabled",
            "NoncurrentVersionExpiration": {"NoncurrentDays": "30"},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 2},
        },
        {
            "Id": "logs",
            "Status": "Enabled",
            "Prefix": "logs/",
            "TagFilters": [{"Key": "kind", "Value": "debug"}],
            "ExpirationInDays": 90,
            "Transitions": [{"StorageClass": "GLACIER", "TransitionInDays": 30}],
        },
    ]
    name = deploy("create", LifecycleConfiguration={"Rules": rules})
    assert s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"] == [
        {
            "ID": "old",
            "Filter": {"Prefix": ""},
            "Status": "Enabled",
            "NoncurrentVersionExpiration": {"NoncurrentDays": 30},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 2},
        },
        {
            "ID": "logs",
            "Filter": {
                "And": {"Prefix": "logs/", "Tags": [{"Key": "kind", "Value": "debug"}]},
            },
            "Status": "Enabled",
            "Expiration": {"Days": 90},
            "Transitions": [{"Days": 30, "StorageClass": "GLACIER"}],
        },
    ]


def test_update_sets_what_is_new_and_removes_what_is_gone(deploy, s3, aws):
    name = deploy(
        "create",
        BucketEncryption=encrypted("aws:kms"),
        LifecycleConfiguration={
            "Rules": [{"Id": "all", "Status": "Enabled", "ExpirationInDays": 1}]
        },
        VersioningConfiguration={"Status": "Enabled"},
        Tags=[{"Key": "team", "Value": "flights"}],
    )
    s3.put_object(Bucket=name, Key="kept", Body=b"1")
    cors = {"CorsRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}]}
    deploy("update", CorsConfiguration=cors, Tags=[{"Key": "team", "Value": "delays"}])
    assert s3.get_bucket_cors(Bucket=name)["CORSRules"] == [
        {"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}
    ]
    assert s3.get_bucket_tagging(Bucket=name)["TagSet"] == [{"Key": "team", "Value": "delays"}]
    assert algorithm(s3, name) == "AES256"
    assert s3.get_bucket_versioning(Bucket=name)["Status"] == "Suspended"
    with pytest.raises(ClientError, match="NoSuchLifecycleConfiguration"):
        s3.get_bucket_lifecycle_configuration(Bucket=name)
    found = aws("cloudformation").describe_stacks(StackName=name)["Stacks"][0]["Outputs"]
    assert found[0]["OutputValue"] == f"arn:aws:s3:::{name}"
    for version in s3.list_object_versions(Bucket=name)["Versions"]:
        s3.delete_object(Bucket=name, Key="kept", VersionId=version["VersionId"])


def test_another_name_is_another_bucket(deploy, s3, unique):
    deploy("create")
    deploy("update", BucketName=f"{unique}-second")
    assert s3.head_bucket(Bucket=f"{unique}-second")
    with pytest.raises(ClientError, match="404"):
        s3.head_bucket(Bucket=unique)


# what is refused


def test_bucket_that_exists_already_fails_the_stack_and_stays(refused, bucket, s3):
    assert f"{bucket} already exists" in refused("create")
    assert s3.head_bucket(Bucket=bucket)


def test_bucket_that_a_kill_left_without_its_stack_is_continued(own_emulator, waiting):
    """Buckets are on disk at once, stacks a moment later."""
    own_emulator.aws("s3").create_bucket(Bucket="empty")
    own_emulator.aws("s3").create_bucket(Bucket="filled")
    own_emulator.aws("s3").put_object(Bucket="filled", Key="kept", Body=b"1")
    own_emulator.end(signal.SIGKILL)
    own_emulator.start()
    cloudformation = own_emulator.aws("cloudformation")

    def end_of(stack: str, name: str) -> tuple[str, str]:
        resource = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": name}}
        body = json.dumps({"Resources": {"B": resource}})
        cloudformation.create_stack(StackName=stack, TemplateBody=body)

        def ended():
            status = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]
            return not status.endswith("IN_PROGRESS") and status

        status = waiting(f"the end of {stack}", ended)
        events = cloudformation.describe_stack_events(StackName=stack)["StackEvents"]
        reasons = [event.get("ResourceStatusReason", "") for event in events]
        return status, "; ".join(filter(None, reasons))

    status, reason = end_of("first", "empty")
    assert status == "CREATE_COMPLETE", reason
    for stack, name in ("second", "empty"), ("third", "filled"):
        status, reason = end_of(stack, name)
        assert (status, f"{name} already exists" in reason) == ("ROLLBACK_COMPLETE", True)
    buckets = own_emulator.aws("s3").list_buckets()["Buckets"]
    assert [item["Name"] for item in buckets] == ["empty", "filled"]


def test_property_that_is_not_emulated_is_named(refused, s3, unique):
    reason = refused("create", AccelerateConfiguration={"AccelerationStatus": "Enabled"})
    assert "AccelerateConfiguration of AWS::S3::Bucket is not emulated" in reason
    with pytest.raises(ClientError, match="404"):
        s3.head_bucket(Bucket=unique)


def test_bucket_whose_settings_s3_refuses_is_not_left_behind(refused, s3, unique):
    assert "MalformedXML" in refused("create", BucketEncryption=encrypted("rot13"))
    with pytest.raises(ClientError, match="404"):
        s3.head_bucket(Bucket=unique)


def test_name_that_s3_does_not_allow_is_refused(refused):
    assert "InvalidBucketName" in refused("create", BucketName="Upper_Case")
