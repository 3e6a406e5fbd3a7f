"""Builds get artifacts and variables, and give both."""

import io
import json
import zipfile

import pytest

from tests.contract.codepipeline.declarations import FILES, action, approval, build_role, zipped

BUILDSPEC = """
version: 0.2
env:
  exported-variables: [SUM]
phases:
  build:
    commands:
      - export SUM="$WORD-$CODEBUILD_RESOLVED_SOURCE_VERSION"
      - cat template.json > made.json
artifacts:
  files: [made.json]
"""
FAILING = "version: 0.2\nphases: {build: {commands: ['exit 7']}}"
TWO = """
version: 0.2
phases:
  build:
    commands:
      - test -z "$CODEBUILD_SRC_DIR_Source" || ls made.json > found.txt
      - test -z "$CODEBUILD_SRC_DIR_Source" || ls "$CODEBUILD_SRC_DIR_Source" >> found.txt
      - touch made.json
artifacts:
  files: ["**/*"]
"""


@pytest.fixture(scope="module")
def project(aws):
    """A project whose builds find their buildspec in the source."""
    client, name = aws("codebuild"), "codepipeline-builds"
    client.create_project(
        name=name,
        source={"type": "CODEPIPELINE"},
        artifacts={"type": "CODEPIPELINE"},
        environment={
            "type": "LINUX_CONTAINER",
            "image": "aws/codebuild/amazonlinux-x86_64-standard:5.0",
            "computeType": "BUILD_GENERAL1_SMALL",
        },
        serviceRole=build_role(aws("iam")),
    )
    yield name
    client.delete_project(name=name)


@pytest.fixture
def with_source(aws, versioned):
    """`with_source({"buildspec.yml": "..."})`: the source has these files besides."""

    def put(files):
        aws("s3").put_object(Bucket=versioned, Key="source.zip", Body=zipped(FILES | files))

    return put


def build(project, *, title="Build", takes=("Source",), makes=(), **members):
    configuration = {"ProjectName": project, **members.pop("configuration", {})}
    kind = members.pop("kind", "Build/CodeBuild")
    return action(title, kind, configuration, takes=takes, makes=makes, **members)


def test_build_gets_variables_and_gives_artifacts_and_variables(
    aws, pipeline, project, with_source
):
    with_source({"buildspec.yml": BUILDSPEC})
    given = [{"name": "WORD", "value": "#{variables.word}", "type": "PLAINTEXT"}]
    made = pipeline(
        (
            "Build",
            build(
                project,
                makes=["Made"],
                namespace="Built",
                configuration={"EnvironmentVariables": json.dumps(given)},
            ),
        ),
        ("Gate", approval(configuration={"CustomData": "#{Built.SUM}"})),
        variables=[{"name": "word", "defaultValue": "hello"}],
    )
    made.asks()
    told = made.actions()
    revision = made.execution(made.first())["artifactRevisions"][0]["revisionId"]
    assert told["Build"]["output"]["outputVariables"]["SUM"] == f"hello-{revision}"
    resolved = told["Ask"]["input"]["resolvedConfiguration"]
    assert resolved == {"CustomData": f"hello-{revision}"}
    place = told["Build"]["output"]["outputArtifacts"][0]["s3location"]
    content = aws("s3").get_object(Bucket=place["bucket"], Key=place["key"])["Body"].read()
    assert zipfile.ZipFile(io.BytesIO(content)).namelist() == ["made.json"]
    identifier = told["Build"]["output"]["executionResult"]["externalExecutionId"]
    (found,) = aws("codebuild").batch_get_builds(ids=[identifier])["builds"]
    assert found["initiator"] == f"codepipeline/{made.name}"


def test_build_of_several_inputs_works_in_the_primary_one(aws, pipeline, project, with_source):
    with_source({"buildspec.yml": TWO})
    first = build(project, makes=["Made"])
    second = build(project, title="Second", takes=["Source", "Made"], makes=["End"], runOrder=2)
    second["configuration"]["PrimarySource"] = "Made"
    made = pipeline(("Build", first, second))
    assert made.end() == "Succeeded"
    place = made.actions()["Second"]["output"]["outputArtifacts"][0]["s3location"]
    content = aws("s3").get_object(Bucket=place["bucket"], Key=place["key"])["Body"].read()
    # Only the primary source has what the first build has made.
    found = zipfile.ZipFile(io.BytesIO(content)).read("found.txt").decode().split()
    assert found == ["made.json", "broken.json", "buildspec.yml", "template.json"]


def test_build_that_fails_fails_the_action_with_phase_and_command(pipeline, project, with_source):
    with_source({"buildspec.yml": FAILING})
    made = pipeline(("Test", build(project, kind="Test/CodeBuild")))
    assert made.end() == "Failed"
    assert made.latest("Test", "Build")["errorDetails"] == {
        "code": "JobFailed",
        "message": "Build terminated with state: FAILED. Phase: BUILD, Code: "
        "COMMAND_EXECUTION_ERROR, Message: Error while executing command: exit 7. Reason: exit "
        "status 7",
    }


def test_project_that_is_not_there_fails_the_action(pipeline):
    made = pipeline(("Build", build("no-such-project")))
    assert made.end() == "Failed"
    assert "no-such-project" in made.latest("Build", "Build")["errorDetails"]["message"]


@pytest.mark.parametrize("given", ["{", '[{"name": "A"}]', '{"A": "b"}'])
def test_environment_variables_that_are_no_list_fail_the_action(pipeline, project, given):
    made = pipeline(("Build", build(project, configuration={"EnvironmentVariables": given})))
    assert made.end() == "Failed"
    assert made.latest("Build", "Build")["errorDetails"]["code"] == "ConfigurationError"
