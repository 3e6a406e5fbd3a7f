"""Words of CodeBuild: references, names, versions, places."""

import pytest

from emulation.compute.builds import images
from emulation.compute.builds.junit import ReportError, read
from emulation.services.codebuild.build_environment import exported, split_reference
from emulation.services.codebuild.build_view import told_moment
from emulation.services.codebuild.caches import folder_of
from emulation.services.codebuild.failures import reason_of
from emulation.services.codebuild.sources import is_text
from emulation.services.codebuild.uploads import key_of

ARN = "arn:aws:secretsmanager:us-east-1:000000000000:secret:name-AbCdEf"


@pytest.mark.parametrize(
    ("reference", "parts"),
    [
        ("name", ("name", "", "", "")),
        ("name:key", ("name", "key", "", "")),
        ("name:key:AWSPREVIOUS", ("name", "key", "AWSPREVIOUS", "")),
        (ARN, (ARN, "", "", "")),
        (f"{ARN}:key::id", (ARN, "key", "", "id")),
    ],
)
def test_reference_to_a_secret(reference, parts):
    assert split_reference(reference) == parts


@pytest.mark.parametrize(
    ("artifact", "key"),
    [
        ({"name": "n"}, "n"),
        ({"name": "n", "path": "/p/"}, "p/n"),
        ({"name": "n", "path": "p", "namespaceType": "BUILD_ID"}, "p/id/n"),
        ({"name": "/", "path": "p"}, "p"),
        ({"name": "n", "overrideArtifactName": True}, "own"),
    ],
)
def test_key_of_an_artifact(artifact, key):
    assert key_of(artifact, "id", "own", "project") == key


def test_exported_variables_may_hold_anything():
    assert exported("A=1\0B=two\nlines = 2\0") == [
        {"name": "A", "value": "1"},
        {"name": "B", "value": "two\nlines = 2"},
    ]


def test_images():
    for image in (
        "aws/codebuild/standard:7.0",
        "aws/codebuild/amazonlinux2-x86_64-standard:5.0",
        "aws/codebuild/amazonlinux-aarch64-standard:3.0",
    ):
        images.check_image(image)
    with pytest.raises(images.UnknownImageError, match="python:3.13"):
        images.check_image("python:3.13")


@pytest.mark.parametrize("wanted", ["3.13", "3.x", "latest"])
def test_python_versions_that_are_here(wanted):
    assert images.matches(wanted, "3.13")


@pytest.mark.parametrize("wanted", ["3", "3.1", "3.1.x", "2.x", "3.12", "x"])
def test_python_versions_that_are_not(wanted):
    assert not images.matches(wanted, "3.13")


def test_reasons():
    assert reason_of(7) == "exit status 7"
    assert reason_of(-9) == "signal: killed"


def test_moments_of_events():
    assert told_moment(1504282349) == "Sep 1, 2017 4:12:29 PM"


def test_text_or_name_of_a_buildspec():
    assert is_text("version: 0.2\nphases: {}")
    assert is_text('{"version": "0.2"}')
    assert not is_text("ci/buildspec.yml")
    assert not is_text("arn:aws:s3:::bucket/key")


def test_folder_of_a_cached_path():
    assert folder_of("/root/.cache/**/*") == "/root/.cache"
    assert folder_of("node_modules/*") == "node_modules"
    assert folder_of("file") == "file"


def test_junit_of_one_suite(tmp_path):
    file = tmp_path / "r.xml"
    file.write_text(
        '<testsuite name="s"><testcase classname="c" name="n" time="1,000.5"/>'
        '<testcase name="m"><error>no</error></testcase></testsuite>'
    )
    first, second = read(file)
    assert (first.status, first.nanoseconds, first.suite) == ("SUCCEEDED", 1_000_500_000_000, "s")
    assert (second.status, second.message) == ("ERROR", "no")


@pytest.mark.parametrize("text", ["no", "<html/>"])
def test_what_is_no_junit(tmp_path, text):
    (tmp_path / "r.xml").write_text(text)
    with pytest.raises(ReportError, match=r"r\.xml"):
        read(tmp_path / "r.xml")
