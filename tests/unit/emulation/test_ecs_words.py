"""Requests, references and files of ECS."""

import pytest
from localstack.aws.api import CommonServiceException
from localstack.aws.spec import load_service

from emulation.compute.process_images.image import ImageConfig, ProcessImage
from emulation.compute.processes import ProcessSpec
from emulation.compute.tasks.containers import Container, ContainerPlan, State
from emulation.compute.tasks.endpoints import Endpoints
from emulation.services.ecs import definition_checks, history, plans, variables
from emulation.services.ecs.resources import spelled


@pytest.mark.parametrize(
    ("text", "plain"), [("256", "256"), (".5 vCPU", "512"), ("2vcpu", "2048"), (None, None)]
)
def test_processors_are_counted_in_units(text, plain):
    assert definition_checks.plain_size(text, "vcpu", "cpu") == plain


def test_a_size_that_is_none_is_refused():
    with pytest.raises(CommonServiceException, match="Invalid 'memory' setting for task"):
        definition_checks.plain_size("much", "gb", "memory")


def test_lines_of_a_file_are_variables():
    text = "# comment\nA=1\n\nB = x=y \nnothing\n"
    assert variables.lines_of(text) == {"A": "1", "B ": " x=y"}


def test_a_member_of_a_secret_is_text():
    assert variables.member('{"a": "b", "n": {"x": 1}}', "n") == '{"x": 1}'


def test_half_of_the_tasks_may_fail_but_at_least_three():
    assert [history.threshold(desired) for desired in (0, 1, 7, 10, 1000)] == [3, 3, 4, 5, 200]


def test_a_path_is_answered_by_who_has_its_beginning():
    endpoints = Endpoints()
    endpoints.add("/v4/abc", lambda rest: (200, rest))
    endpoints.add("/v2/credentials/xyz", lambda rest: (200, "key" + rest))
    assert endpoints.answer("/v4/abc") == (200, "")
    assert endpoints.answer("/v4/abc/task/stats?x=1") == (200, "task/stats")
    assert endpoints.answer("/v2/credentials/xyz") == (200, "key")
    assert endpoints.answer("/v4/other/task")[0] == 404


def test_templates_names_are_the_apis_and_keys_stay():
    shape = load_service("ecs").operation_model("RegisterTaskDefinition").input_shape
    given = {
        "Volumes": [{"EFSVolumeConfiguration": {"FilesystemId": "f"}}],
        "ContainerDefinitions": [{"DockerLabels": {"Some.Key": "x"}}],
    }
    assert spelled(shape, given) == {
        "volumes": [{"efsVolumeConfiguration": {"fileSystemId": "f"}}],
        "containerDefinitions": [{"dockerLabels": {"Some.Key": "x"}}],
    }


def test_a_container_is_what_others_wait_for_or_never_will_be(tmp_path):
    spec = ProcessSpec("a", ["true"], {}, tmp_path)
    one = Container(ContainerPlan("a", spec, lambda *_: spec))
    assert not one.satisfies("START")
    one.state, one.started = State.RUNNING, 0.0
    assert one.satisfies("START")
    assert one.can_no_longer("HEALTHY")
    one.state, one.exit_code = State.STOPPED, 1
    assert (one.satisfies("COMPLETE"), one.satisfies("SUCCESS")) == (True, False)
    assert one.can_no_longer("SUCCESS")


def test_the_health_check_is_the_definitions_and_not_the_images(tmp_path):
    image = ProcessImage("sha256:0", tmp_path, ImageConfig())
    check = {"command": ["CMD-SHELL", "true"], "interval": 30, "timeout": 5, "retries": 3}
    found = plans.health_check({"healthCheck": check}, image)
    assert found is not None
    assert list(found.command) == ["/bin/sh", "-c", "true"]
    assert plans.health_check({}, image) is None
