"""A stack with a launch template, a group, a role and a security group: made, rolled, deleted."""

import json

import pytest
from botocore.exceptions import WaiterError

AMI_PARAMETER = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "ec2.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}

SCRIPT = """#!/bin/bash
NAME=its
echo made by ${AWS::StackName} of ${AWS::Region} in ${!NAME} shell
"""
"""`${!NAME}` is the shell's."""


def template(word, group=None, policy=None, **more):
    data = {
        "ImageId": {"Ref": "Image"},
        "InstanceType": "t3.nano",
        "IamInstanceProfile": {"Arn": {"Fn::GetAtt": ["Profile", "Arn"]}},
        "SecurityGroupIds": [{"Fn::GetAtt": ["Group", "GroupId"]}],
        "MetadataOptions": {"HttpTokens": "required"},
        "UserData": {"Fn::Base64": {"Fn::Sub": f"#!/bin/sh\necho {word} of ${{AWS::StackName}}\n"}},
    }
    version = {"Fn::GetAtt": ["Template", "LatestVersionNumber"]}
    workers = {
        "Type": "AWS::AutoScaling::AutoScalingGroup",
        "Properties": {
            "LaunchTemplate": {"LaunchTemplateId": {"Ref": "Template"}, "Version": version},
            "MinSize": "1",
            "MaxSize": "3",
            "DesiredCapacity": "2",
            "AvailabilityZones": {"Fn::GetAZs": ""},
            "Tags": [{"Key": "team", "Value": "a", "PropagateAtLaunch": True}],
            **(group or {}),
        },
        "UpdatePolicy": policy
        or {"AutoScalingRollingUpdate": {"MinInstancesInService": 1, "MaxBatchSize": 1}},
        **more,
    }
    resources = {
        "Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": TRUST}},
        "Profile": {
            "Type": "AWS::IAM::InstanceProfile",
            "Properties": {"Roles": [{"Ref": "Role"}]},
        },
        "Group": {
            "Type": "AWS::EC2::SecurityGroup",
            "Properties": {
                "GroupDescription": "Workers",
                "SecurityGroupEgress": [
                    {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": "0.0.0.0/0"}
                ],
            },
        },
        "Template": {
            "Type": "AWS::EC2::LaunchTemplate",
            "Properties": {"LaunchTemplateData": data},
        },
        "Workers": workers,
    }
    image = {"Type": "AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>", "Default": AMI_PARAMETER}
    outputs = {
        "Workers": {"Value": {"Ref": "Workers"}},
        "GroupId": {"Value": {"Fn::GetAtt": ["Group", "GroupId"]}},
    }
    return json.dumps({"Parameters": {"Image": image}, "Resources": resources, "Outputs": outputs})


@pytest.fixture
def deploy(aws, unique):
    cloudformation = aws("cloudformation")

    def go(verb: str, body: str) -> dict[str, str]:
        options = {"Capabilities": ["CAPABILITY_IAM"]}
        getattr(cloudformation, f"{verb}_stack")(StackName=unique, TemplateBody=body, **options)
        cloudformation.get_waiter(f"stack_{verb}_complete").wait(
            StackName=unique, WaiterConfig={"Delay": 1, "MaxAttempts": 180}
        )
        (stack,) = cloudformation.describe_stacks(StackName=unique)["Stacks"]
        return {item["OutputKey"]: item["OutputValue"] for item in stack["Outputs"]}

    yield go
    cloudformation.delete_stack(StackName=unique)
    cloudformation.get_waiter("stack_delete_complete").wait(
        StackName=unique, WaiterConfig={"Delay": 1, "MaxAttempts": 180}
    )


def members(aws, name):
    (group,) = aws("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[name])[
        "AutoScalingGroups"
    ]
    return {
        item["InstanceId"]: item["LaunchTemplate"]["Version"]
        for item in group["Instances"]
        if item["LifecycleState"] == "InService"
    }


def test_group_is_made_rolled_and_deleted(aws, deploy, unique, says, ec2):
    outputs = deploy("create", template("first"))
    first = members(aws, outputs["Workers"])
    assert list(first.values()) == ["1", "1"]
    assert f"first of {unique}" in says(next(iter(first)), "cloud-init: finished")
    (rules,) = ec2.describe_security_groups(GroupIds=[outputs["GroupId"]])["SecurityGroups"]
    assert [rule["FromPort"] for rule in rules["IpPermissionsEgress"]] == [443]

    deploy("update", template("second"))
    second = members(aws, outputs["Workers"])
    assert list(second.values()) == ["2", "2"]
    assert not second.keys() & first.keys()
    assert f"second of {unique}" in says(next(iter(second)), "cloud-init: finished")

    cloudformation = aws("cloudformation")
    cloudformation.delete_stack(StackName=unique)
    cloudformation.get_waiter("stack_delete_complete").wait(
        StackName=unique, WaiterConfig={"Delay": 1}
    )
    answer = ec2.describe_instances(InstanceIds=list(second))["Reservations"]
    states = {item["State"]["Name"] for found in answer for item in found["Instances"]}
    assert states == {"terminated"}


@pytest.mark.parametrize(
    ("group", "more", "named"),
    [
        ({}, {"CreationPolicy": {"ResourceSignal": {"Count": 1}}}, "CreationPolicy"),
        ({"TargetGroupARNs": ["arn"]}, {}, "TargetGroupARNs"),
        ({}, {"policy": {"AutoScalingReplacingUpdate": {}}}, "AutoScalingReplacingUpdate"),
    ],
)
def test_what_nobody_carries_out_fails_the_stack(aws, deploy, unique, group, more, named):
    with pytest.raises(WaiterError):
        deploy("create", template("never", group, **more))
    events = aws("cloudformation").describe_stack_events(StackName=unique)["StackEvents"]
    reasons = " ".join(event.get("ResourceStatusReason", "") for event in events)
    assert named in reasons
    assert "is not emulated" in reasons


def test_instance_of_a_stack(aws, deploy, unique, ec2, ami, says):
    instance = {
        "Type": "AWS::EC2::Instance",
        "Properties": {
            "ImageId": ami,
            "InstanceType": "t3.nano",
            "UserData": {"Fn::Base64": {"Fn::Sub": SCRIPT}},
            "Tags": [{"Key": "team", "Value": "a"}],
        },
    }
    outputs = {
        "Id": {"Value": {"Ref": "Machine"}},
        "Ip": {"Value": {"Fn::GetAtt": ["Machine", "PrivateIp"]}},
    }
    first = {"Resources": {"Machine": instance}, "Outputs": outputs}
    made = deploy("create", json.dumps(first))
    tagged = json.loads(json.dumps(first))
    tagged["Resources"]["Machine"]["Properties"]["Tags"][0]["Value"] = "b"
    assert deploy("update", json.dumps(tagged)) == made
    (found,) = ec2.describe_instances(InstanceIds=[made["Id"]])["Reservations"]
    tags = {tag["Key"]: tag["Value"] for tag in found["Instances"][0]["Tags"]}
    assert (tags["team"], tags["aws:cloudformation:stack-name"]) == ("b", unique)
    assert f"made by {unique} of us-east-1 in its shell" in says(made["Id"], "finished")
