"""What tests of CodeBuild share: a role, projects, builds that are waited for."""

import io
import json
import zipfile

import pytest
import yaml

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "codebuild.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}
IMAGE = "aws/codebuild/amazonlinux-x86_64-standard:5.0"


def spec(text: str) -> str:
    """A buildspec of version 0.2 with these parts."""
    return f"version: 0.2\n{text}"


def commands(**phases: list[str]) -> str:
    """A buildspec of nothing but commands."""
    named = {name: {"commands": lines} for name, lines in phases.items()}
    return yaml.safe_dump({"version": 0.2, "phases": named}, sort_keys=False)


def zipped(files: dict[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return buffer.getvalue()


class Builder:
    """Makes projects and runs builds with one emulator."""

    def __init__(self, aws, waiting) -> None:
        self.aws = aws
        self.client = aws("codebuild")
        self.waiting = waiting
        iam = aws("iam")
        name = "codebuild-role"
        try:
            role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))
        except iam.exceptions.EntityAlreadyExistsException:
            role = iam.get_role(RoleName=name)
        self.role = role["Role"]["Arn"]

    def project(self, name: str, buildspec: str = "", **members):
        source = {"type": "NO_SOURCE", "buildspec": buildspec or commands(build=["true"])}
        given = {
            "name": name,
            "source": source,
            "artifacts": {"type": "NO_ARTIFACTS"},
            "environment": {
                "type": "LINUX_CONTAINER",
                "image": IMAGE,
                "computeType": "BUILD_GENERAL1_SMALL",
            },
            "serviceRole": self.role,
        }
        return self.client.create_project(**given | members)["project"]

    def start(self, name: str, **overrides) -> str:
        return self.client.start_build(projectName=name, **overrides)["build"]["id"]

    def get(self, identifier: str):
        return self.client.batch_get_builds(ids=[identifier])["builds"][0]

    def ended(self, identifier: str):
        def complete():
            build = self.get(identifier)
            return build if build["buildComplete"] else None

        return self.waiting(f"the end of {identifier}", complete)

    def run(self, name: str, buildspec: str = "", **overrides):
        """A build from start to end, of a buildspec or of the project's."""
        given = {"buildspecOverride": buildspec} if buildspec else {}
        return self.ended(self.start(name, **given, **overrides))

    def log(self, build) -> str:
        """What a build's log says, line by line."""
        place = build["logs"]
        events = self.aws("logs").get_log_events(
            logGroupName=place["groupName"],
            logStreamName=place["streamName"],
            startFromHead=True,
        )
        return "\n".join(event["message"] for event in events["events"])


@pytest.fixture(scope="session")
def builder(aws, waiting):
    """Projects and builds."""
    return Builder(aws, waiting)


@pytest.fixture(scope="session")
def project(builder):
    """A project for builds that bring their buildspec."""
    name = "shared-project"
    builder.client.delete_project(name=name)
    builder.project(name)
    return name


@pytest.fixture(scope="session")
def own_root(builder, project):
    """Whether builds have a root of their own here: without one, tests write below HOME only."""
    build = builder.run(project, commands(build=["echo in $CODEBUILD_SRC_DIR"]))
    return "\nin /codebuild/" in builder.log(build)


@pytest.fixture(scope="session")
def make():
    """`make.commands(build=[...])`, `make.spec("...")`, `make.zipped({...})`."""

    class Make:
        commands = staticmethod(commands)
        spec = staticmethod(spec)
        zipped = staticmethod(zipped)

    return Make


@pytest.fixture(scope="session")
def phase():
    """`phase(build, "BUILD")`: one phase of a build; None when it never ran."""

    def find(build, kind):
        return next((one for one in build["phases"] if one["phaseType"] == kind), None)

    return find
