"""A group has as many running instances as it wants, whatever happens to them."""

import time

import pytest

from tests.contract.refusals import refusal

RESOLVED = "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"


@pytest.fixture
def autoscaling(aws):
    return aws("autoscaling")


@pytest.fixture
def template(ec2, unique):
    data = {"ImageId": RESOLVED, "InstanceType": "t3.nano"}
    made = ec2.create_launch_template(LaunchTemplateName=unique, LaunchTemplateData=data)
    yield {"LaunchTemplateId": made["LaunchTemplate"]["LaunchTemplateId"], "Version": "$Latest"}
    ec2.delete_launch_template(LaunchTemplateName=unique)


@pytest.fixture
def group(autoscaling, template, unique, waiting):
    """`group(DesiredCapacity=2)`: its name; deleted with its instances afterwards."""

    def create(**request) -> str:
        given = {
            "LaunchTemplate": template,
            "MinSize": 0,
            "MaxSize": 3,
            "AvailabilityZones": ["us-east-1a", "us-east-1b"],
        }
        autoscaling.create_auto_scaling_group(AutoScalingGroupName=unique, **{**given, **request})
        return unique

    yield create
    if described(autoscaling, unique):
        autoscaling.delete_auto_scaling_group(AutoScalingGroupName=unique, ForceDelete=True)
    waiting("the group to be gone", lambda: not described(autoscaling, unique))


def described(autoscaling, name):
    return autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])[
        "AutoScalingGroups"
    ]


@pytest.fixture
def in_service(autoscaling, waiting):
    """`in_service(name, 2)`: wait for exactly so many instances in service; their ids."""

    def wait(name: str, count: int, without: str = "") -> list[str]:
        def members():
            (found,) = described(autoscaling, name)
            states = {item["InstanceId"]: item["LifecycleState"] for item in found["Instances"]}
            right = len(states) == count and set(states.values()) <= {"InService"}
            return states if right and without not in states else None

        if count == 0:
            return waiting("no instance", lambda: members() is not None) and []
        return list(waiting(f"{count} instances in service", members))

    return wait


def test_instance_that_is_launched_for_a_group_that_is_deleted_ends(
    ec2, autoscaling, template, unique, waiting
):
    place = {"AvailabilityZones": ["us-east-1a"], "MinSize": 0, "MaxSize": 3}
    for number in range(5):
        name = f"{unique}-{number}"
        autoscaling.create_auto_scaling_group(
            AutoScalingGroupName=name, LaunchTemplate=template, DesiredCapacity=3, **place
        )
        autoscaling.delete_auto_scaling_group(AutoScalingGroupName=name, ForceDelete=True)
    waiting("the groups to be gone", lambda: not described(autoscaling, f"{unique}-4"))
    of_groups = {"Name": "tag:aws:autoscaling:groupName", "Values": [f"{unique}-*"]}

    def states():
        found = ec2.describe_instances(Filters=[of_groups])["Reservations"]
        return [item["State"]["Name"] for answer in found for item in answer["Instances"]]

    waiting("their instances to end", lambda: set(states()) <= {"terminated"})
    time.sleep(2)
    assert set(states()) <= {"terminated"}


def test_group_launches_spreads_and_tags_its_instances(ec2, autoscaling, group, in_service):
    tag = {"Key": "team", "Value": "a", "PropagateAtLaunch": True}
    name = group(DesiredCapacity=2, Tags=[tag])
    ids = in_service(name, 2)
    answer = ec2.describe_instances(InstanceIds=ids)["Reservations"]
    instances = [item for reservation in answer for item in reservation["Instances"]]
    assert {item["Placement"]["AvailabilityZone"] for item in instances} == {
        "us-east-1a",
        "us-east-1b",
    }
    for item in instances:
        tags = {tag["Key"]: tag["Value"] for tag in item["Tags"]}
        assert (tags["aws:autoscaling:groupName"], tags["team"]) == (name, "a")
    activities = autoscaling.describe_scaling_activities(AutoScalingGroupName=name)["Activities"]
    assert {item["StatusCode"] for item in activities} == {"Successful"}
    found = autoscaling.describe_auto_scaling_instances(InstanceIds=ids)["AutoScalingInstances"]
    assert {item["HealthStatus"] for item in found} == {"HEALTHY"}


def test_instance_that_ends_is_replaced(ec2, autoscaling, group, in_service):
    name = group(DesiredCapacity=1)
    (first,) = in_service(name, 1)
    ec2.terminate_instances(InstanceIds=[first])
    (second,) = in_service(name, 1, without=first)
    ec2.stop_instances(InstanceIds=[second])
    (third,) = in_service(name, 1, without=second)
    autoscaling.set_instance_health(InstanceId=third, HealthStatus="Unhealthy")
    in_service(name, 1, without=third)
    activities = autoscaling.describe_scaling_activities(AutoScalingGroupName=name)["Activities"]
    causes = " ".join(item["Cause"] for item in activities)
    assert "in response to an EC2 health check" in causes


def test_sizes_are_followed(autoscaling, group, in_service):
    name = group(DesiredCapacity=1)
    in_service(name, 1)
    autoscaling.set_desired_capacity(AutoScalingGroupName=name, DesiredCapacity=3)
    ids = in_service(name, 3)
    activity = autoscaling.terminate_instance_in_auto_scaling_group(
        InstanceId=ids[0], ShouldDecrementDesiredCapacity=True
    )["Activity"]
    assert activity["Description"] == f"Terminating EC2 instance: {ids[0]}"
    in_service(name, 2, without=ids[0])
    autoscaling.update_auto_scaling_group(AutoScalingGroupName=name, MaxSize=1)
    in_service(name, 1)
    (found,) = described(autoscaling, name)
    assert (found["DesiredCapacity"], found["MaxSize"]) == (1, 1)


def test_protected_instance_is_not_chosen(autoscaling, group, in_service):
    name = group(DesiredCapacity=2, TerminationPolicies=["OldestInstance"])
    ids = in_service(name, 2)
    autoscaling.set_instance_protection(
        AutoScalingGroupName=name, InstanceIds=[ids[0]], ProtectedFromScaleIn=True
    )
    autoscaling.set_desired_capacity(AutoScalingGroupName=name, DesiredCapacity=1)
    assert in_service(name, 1) == [ids[0]]


def test_launch_that_fails_is_an_activity_with_the_reason(
    ec2, autoscaling, template, group, in_service, waiting
):
    name = group(DesiredCapacity=1)
    in_service(name, 1)
    ec2.create_launch_template_version(
        LaunchTemplateId=template["LaunchTemplateId"],
        LaunchTemplateData={"ImageId": "ami-0123456789abcdef0", "InstanceType": "t3.nano"},
    )
    autoscaling.set_desired_capacity(AutoScalingGroupName=name, DesiredCapacity=2)

    def failed():
        answer = autoscaling.describe_scaling_activities(AutoScalingGroupName=name)
        return [item for item in answer["Activities"] if item["StatusCode"] == "Failed"]

    assert (
        "The image id '[ami-0123456789abcdef0]' does not exist"
        in (waiting("the failure", failed)[0]["StatusMessage"])
    )


def test_refusals(autoscaling, ec2, template, group, in_service, unique):
    name = group(DesiredCapacity=1)
    create = autoscaling.create_auto_scaling_group
    other = {"AutoScalingGroupName": f"{unique}-2", "MinSize": 0, "MaxSize": 1}
    zones = {"AvailabilityZones": ["us-east-1a"]}
    assert refusal(create, **{**other, **zones, "AutoScalingGroupName": name}) == (
        "AlreadyExists",
        "AutoScalingGroup by this name already exists - A group with the name "
        f"{name} already exists",
    )
    assert refusal(create, **other, **zones)[1].startswith("Valid requests must contain either")
    assert refusal(create, **other, LaunchTemplate=template) == (
        "ValidationError",
        "At least one Availability Zone or VPC Subnet is required.",
    )
    absent = {"LaunchTemplateId": "lt-0123456789abcdef0"}
    assert refusal(create, **other, **zones, LaunchTemplate=absent)[1].startswith(
        "You must use a valid fully-formed launch template. The specified launch template"
    )
    sizes = {**other, "MinSize": 2}
    assert refusal(create, **sizes, **zones, LaunchTemplate=template) == (
        "ValidationError",
        "Max bound, 1, must be greater than or equal to min bound, 2",
    )
    in_service(name, 1)
    assert refusal(autoscaling.delete_auto_scaling_group, AutoScalingGroupName=name)[0] == (
        "ResourceInUse"
    )
    assert refusal(
        autoscaling.set_desired_capacity, AutoScalingGroupName=name, DesiredCapacity=4
    ) == (
        "ValidationError",
        "New SetDesiredCapacity value 4 is above max value 3 for the AutoScalingGroup.",
    )
    assert refusal(
        autoscaling.terminate_instance_in_auto_scaling_group,
        InstanceId="i-0123456789abcdef0",
        ShouldDecrementDesiredCapacity=False,
    )[1].endswith("No managed instance found for instance ID: i-0123456789abcdef0")


@pytest.mark.parametrize(
    ("members", "named"),
    [
        ({"HealthCheckType": "ELB"}, "HealthCheckType ELB"),
        ({"MaxInstanceLifetime": 86400}, "MaxInstanceLifetime"),
        ({"TargetGroupARNs": ["arn"]}, "TargetGroupARNs"),
        ({"TerminationPolicies": ["ClosestToNextInstanceHour"]}, "ClosestToNextInstanceHour"),
    ],
)
def test_what_nobody_carries_out_is_refused_by_name(group, members, named):
    _, message = refusal(group, **members)
    assert f"{named} is not emulated" in message


def test_policies_hooks_and_refreshes_are_refused_by_name(autoscaling):
    for call, request in (
        (autoscaling.put_lifecycle_hook, {"LifecycleHookName": "a"}),
        (autoscaling.put_scaling_policy, {"PolicyName": "a", "PolicyType": "SimpleScaling"}),
        (autoscaling.start_instance_refresh, {}),
    ):
        _, message = refusal(call, AutoScalingGroupName="a", **request)
        assert "is not emulated" in message
