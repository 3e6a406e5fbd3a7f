"""What tests of instances share: the image, a role, user data, and an end for every instance."""

import base64
import json

import pytest

AMI = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
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


@pytest.fixture
def ec2(aws):
    return aws("ec2")


@pytest.fixture
def ami(aws) -> str:
    return aws("ssm").get_parameter(Name=AMI)["Parameter"]["Value"]


@pytest.fixture
def profile(aws, unique):
    """An instance profile with a role that instances may assume."""
    iam = aws("iam")
    iam.create_role(RoleName=unique, AssumeRolePolicyDocument=json.dumps(TRUST))
    iam.create_instance_profile(InstanceProfileName=unique)
    iam.add_role_to_instance_profile(InstanceProfileName=unique, RoleName=unique)
    yield unique
    iam.remove_role_from_instance_profile(InstanceProfileName=unique, RoleName=unique)
    iam.delete_instance_profile(InstanceProfileName=unique)
    iam.delete_role(RoleName=unique)


@pytest.fixture
def launched(ec2, ami):
    """`launched(UserData=...)`: an instance's id; all are terminated afterwards."""
    started = []

    def launch(**request) -> str:
        given = {"ImageId": ami, "InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1}
        answer = ec2.run_instances(**{**given, **request})
        started.extend(item["InstanceId"] for item in answer["Instances"])
        return answer["Instances"][0]["InstanceId"]

    yield launch
    if started:
        ec2.terminate_instances(InstanceIds=started)


@pytest.fixture
def instance(ec2):
    """`instance(id)`: as it is described now."""

    def describe(instance_id: str) -> dict:
        answer = ec2.describe_instances(InstanceIds=[instance_id])
        return answer["Reservations"][0]["Instances"][0]

    return describe


@pytest.fixture
def in_state(instance, waiting):
    """`in_state(id, "running")`: wait for a state."""

    def wait(instance_id: str, name: str) -> dict:
        waiting(
            f"{instance_id} to be {name}", lambda: instance(instance_id)["State"]["Name"] == name
        )
        return instance(instance_id)

    return wait


@pytest.fixture
def console(ec2):
    """`console(id)`: what the instance has written, as text."""
    return lambda instance_id: ec2.get_console_output(InstanceId=instance_id)["Output"]


@pytest.fixture
def says(console, waiting):
    """`says(id, "words")`: wait until they are on the console; all of it."""

    def wait(instance_id: str, words: str) -> str:
        waiting(f"{words!r} of {instance_id}", lambda: words in console(instance_id), 120)
        return console(instance_id)

    return wait


def unit(command: str, **service: str) -> str:
    """The text of a unit that runs a command."""
    lines = [f"{name}={value}" for name, value in service.items()]
    return "\n".join(
        ["[Service]", f"ExecStart={command}", *lines, "[Install]", "WantedBy=multi-user.target", ""]
    )


@pytest.fixture(scope="session")
def unit_text():
    """`unit_text("/bin/program", Restart="always")`: a unit file."""
    return unit


@pytest.fixture(scope="session")
def cloud_config():
    """`cloud_config(files={path: content}, runcmd=[...])`: user data."""

    def text(files=None, **modules) -> str:
        written = [{"path": path, "content": content} for path, content in (files or {}).items()]
        # JSON is YAML.
        return "#cloud-config\n" + json.dumps({"write_files": written, **modules})

    return text


@pytest.fixture(scope="session")
def encoded():
    """Base64, as launch templates have user data."""
    return lambda text: base64.b64encode(text.encode()).decode()
