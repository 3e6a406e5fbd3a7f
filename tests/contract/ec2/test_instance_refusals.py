"""What RunInstances and its like refuse, in EC2's words, or by name what nobody carries out."""

import pytest
from botocore.exceptions import ClientError

from tests.contract.refusals import refusal

ABSENT = "i-0123456789abcdef0"


@pytest.fixture
def launch(ec2, ami):
    """A launch that must not succeed."""
    given = {"ImageId": ami, "InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1}
    return lambda **request: refusal(ec2.run_instances, **{**given, **request})


def test_names_of_nothing(launch):
    assert launch(ImageId="ami-0123456789abcdef0") == (
        "InvalidAMIID.NotFound",
        "The image id '[ami-0123456789abcdef0]' does not exist",
    )
    assert launch(ImageId="none")[0] == "InvalidAMIID.Malformed"
    assert launch(InstanceType="t99.huge") == (
        "InvalidParameterValue",
        "Invalid value 't99.huge' for InstanceType.",
    )
    assert launch(SubnetId="subnet-01234567") == (
        "InvalidSubnetID.NotFound",
        "The subnet ID 'subnet-01234567' does not exist",
    )
    assert launch(SecurityGroupIds=["sg-01234567"])[0] == "InvalidGroup.NotFound"
    assert launch(KeyName="absent") == (
        "InvalidKeyPair.NotFound",
        "The key pair 'absent' does not exist",
    )
    assert launch(IamInstanceProfile={"Name": "absent"}) == (
        "InvalidParameterValue",
        "Value (absent) for parameter iamInstanceProfile.name is invalid. "
        "Invalid IAM Instance Profile name",
    )
    assert launch(LaunchTemplate={"LaunchTemplateName": "absent"})[0] == (
        "InvalidLaunchTemplateName.NotFoundException"
    )


def test_architectures_must_fit(launch):
    code, message = launch(InstanceType="t4g.small")
    assert code == "InvalidParameterValue"
    assert message.startswith(
        "The architecture 'arm64' of the specified instance type does not match the architecture "
        "'x86_64' of the specified AMI."
    )


def test_dry_run_makes_nothing(ec2, launch):
    assert launch(DryRun=True) == (
        "DryRunOperation",
        "Request would have succeeded, but DryRun flag is set.",
    )


def test_client_token_of_another_request(ec2, launched, unique, launch):
    launched(ClientToken=unique)
    assert launch(ClientToken=unique, InstanceType="t3.small")[0] == "IdempotentParameterMismatch"


@pytest.mark.parametrize(
    ("request_members", "named"),
    [
        ({"InstanceMarketOptions": {"MarketType": "spot"}}, "InstanceMarketOptions"),
        ({"HibernationOptions": {"Configured": True}}, "HibernationOptions"),
        ({"Placement": {"Tenancy": "dedicated"}}, "Placement.Tenancy"),
        ({"BlockDeviceMappings": [{"DeviceName": "/dev/sdf"}]}, "the volume /dev/sdf"),
        ({"UserData": "#cloud-config\nntp: {}"}, "the cloud-config key ntp"),
        ({"UserData": "#cloud-config\npackage_upgrade: true"}, "package_upgrade: true"),
        ({"UserData": "#include\nhttps://example.com/x"}, "(#include)"),
        ({"UserData": "#cloud-boothook\n#!/bin/sh\n"}, "(#cloud-boothook)"),
    ],
)
def test_what_nobody_carries_out_is_refused_by_name(launch, request_members, named):
    code, message = launch(**request_members)
    assert f"{named} is not emulated" in message
    assert code == "InternalFailure"


@pytest.mark.parametrize(
    ("directive", "named"),
    [
        ("MemoryMax=1G", "MemoryMax="),
        ("DynamicUser=yes", "DynamicUser="),
        ("ProtectSystem=strict", "ProtectSystem="),
        ("Type=notify", "Type=notify"),
        ("Restart=sometimes", "Restart=sometimes"),
    ],
)
def test_unit_directive_that_nobody_carries_out_is_refused(
    launch, unit_text, cloud_config, directive, named
):
    name, _, value = directive.partition("=")
    files = {"/etc/systemd/system/a.service": unit_text("/bin/true", **{name: value})}
    _, message = launch(UserData=cloud_config(files))
    assert named in message
    assert "is not emulated" in message


def test_user_data_too_long(launch):
    assert launch(UserData="#!/bin/sh\n" + "#" * 16384) == (
        "InvalidParameterValue",
        "User data is limited to 16384 bytes",
    )


def test_instance_that_is_not_there(ec2):
    assert refusal(ec2.terminate_instances, InstanceIds=[ABSENT]) == (
        "InvalidInstanceID.NotFound",
        f"The instance ID '{ABSENT}' does not exist",
    )
    assert refusal(ec2.stop_instances, InstanceIds=["x"])[0] == "InvalidInstanceID.Malformed"
    two = [ABSENT, "i-0123456789abcdef1"]
    _, message = refusal(ec2.describe_instances, InstanceIds=two)
    assert message == f"The instance IDs '{', '.join(two)}' do not exist"


def test_states_and_protection(ec2, launched, in_state):
    started = launched(DisableApiTermination=True)
    in_state(started, "running")
    assert refusal(ec2.terminate_instances, InstanceIds=[started]) == (
        "OperationNotPermitted",
        f"The instance '{started}' may not be terminated. Modify its 'disableApiTermination' "
        "instance attribute and try again.",
    )
    ec2.modify_instance_attribute(InstanceId=started, DisableApiTermination={"Value": False})
    ec2.terminate_instances(InstanceIds=[started])
    in_state(started, "terminated")
    assert refusal(ec2.start_instances, InstanceIds=[started])[0] == "IncorrectInstanceState"
    ec2.terminate_instances(InstanceIds=[started])


def test_filter_that_is_none(ec2):
    filters = [{"Name": "colour", "Values": ["red"]}]
    assert refusal(ec2.describe_instances, Filters=filters) == (
        "InvalidParameterValue",
        "The filter 'colour' is invalid",
    )


def test_more_than_a_laptop_takes(launch):
    code, message = launch(InstanceType="m5.24xlarge", MinCount=1, MaxCount=1)
    assert code == "VcpuLimitExceeded"
    assert "vCPU limit of 32" in message


def test_canned_answers_are_refused(ec2):
    with pytest.raises(ClientError, match="ec2.DescribeReservedInstances is not emulated"):
        ec2.describe_reserved_instances()
