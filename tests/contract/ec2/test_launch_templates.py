"""Launch templates: versions, defaults, and instances that are made of them."""

import pytest

from tests.contract.refusals import refusal

RESOLVED = "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"


@pytest.fixture
def template(ec2, unique):
    data = {"ImageId": RESOLVED, "InstanceType": "t3.nano"}
    made = ec2.create_launch_template(LaunchTemplateName=unique, LaunchTemplateData=data)
    yield made["LaunchTemplate"]["LaunchTemplateId"]
    if ec2.describe_launch_templates(
        Filters=[{"Name": "launch-template-name", "Values": [unique]}]
    )["LaunchTemplates"]:
        ec2.delete_launch_template(LaunchTemplateName=unique)


def test_versions_follow_each_other(ec2, template):
    made = ec2.create_launch_template_version(
        LaunchTemplateId=template,
        SourceVersion="1",
        LaunchTemplateData={"InstanceType": "t3.micro"},
    )["LaunchTemplateVersion"]
    assert made["VersionNumber"] == 2
    assert made["LaunchTemplateData"] == {"ImageId": RESOLVED, "InstanceType": "t3.micro"}
    ec2.modify_launch_template(LaunchTemplateId=template, DefaultVersion="2")
    (told,) = ec2.describe_launch_templates(LaunchTemplateIds=[template])["LaunchTemplates"]
    assert (told["DefaultVersionNumber"], told["LatestVersionNumber"]) == (2, 2)
    versions = ec2.describe_launch_template_versions(
        LaunchTemplateId=template, Versions=["1", "$Latest"]
    )["LaunchTemplateVersions"]
    assert [(v["VersionNumber"], v["DefaultVersion"]) for v in versions] == [(1, False), (2, True)]
    gone = ec2.delete_launch_template_versions(LaunchTemplateId=template, Versions=["1", "2"])
    assert [v["VersionNumber"] for v in gone["SuccessfullyDeletedLaunchTemplateVersions"]] == [1]
    (kept,) = gone["UnsuccessfullyDeletedLaunchTemplateVersions"]
    assert kept["VersionNumber"] == 2


def test_instance_is_made_of_a_template_and_the_request_goes_over_it(
    ec2, template, ami, launched, instance
):
    specification = {"LaunchTemplateId": template}
    answer = ec2.run_instances(LaunchTemplate=specification, MinCount=1, MaxCount=1)
    plain = answer["Instances"][0]["InstanceId"]
    described = instance(plain)
    assert (described["ImageId"], described["InstanceType"]) == (ami, "t3.nano")
    tags = {tag["Key"]: tag["Value"] for tag in described["Tags"]}
    assert tags["aws:ec2launchtemplate:id"] == template
    over = launched(LaunchTemplate=specification, InstanceType="t3.small")
    assert instance(over)["InstanceType"] == "t3.small"
    ec2.terminate_instances(InstanceIds=[plain])


def test_refusals(ec2, template, unique):
    data = {"InstanceType": "t3.nano"}
    assert refusal(
        ec2.create_launch_template, LaunchTemplateName=unique, LaunchTemplateData=data
    ) == (
        "InvalidLaunchTemplateName.AlreadyExistsException",
        "Launch template name already in use.",
    )
    absent = "lt-0123456789abcdef0"
    assert refusal(ec2.delete_launch_template, LaunchTemplateId=absent) == (
        "InvalidLaunchTemplateId.NotFound",
        f"The specified launch template, with template ID {absent}, does not exist.",
    )
    code, _ = refusal(
        ec2.run_instances,
        LaunchTemplate={"LaunchTemplateId": template, "Version": "7"},
        MinCount=1,
        MaxCount=1,
    )
    assert code == "InvalidLaunchTemplateId.VersionNotFound"
