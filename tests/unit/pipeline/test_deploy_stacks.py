"""The tuple of stacks is all the wiring: folder, order and parameter names agree with it."""

import pytest

from pipeline.deploy.bundle import RECIPES
from pipeline.deploy.stacks import STACKS, TEMPLATES, Template

GIVEN_BY_SETTINGS = {"Name", "QuickSightUserArn"}
GIVEN_BY_TRAINING = {"ModelDataUrl"}
GIVEN_BY_THE_BUILD = {"ApiImageUri"}


def test_tuple_and_folder_hold_the_same_stacks():
    assert sorted(STACKS) == sorted(path.stem for path in TEMPLATES.glob("*.yaml"))


@pytest.mark.parametrize("stack", STACKS)
def test_every_parameter_is_given_by_what_comes_before(stack):
    before = STACKS[: STACKS.index(stack)]
    outputs = {name for earlier in before for name in Template.of(earlier).outputs}
    keys = {recipe.parameter for recipe in RECIPES}
    given = GIVEN_BY_SETTINGS | GIVEN_BY_TRAINING | GIVEN_BY_THE_BUILD | outputs | keys
    assert set(Template.of(stack).needs) <= given


def test_no_output_is_given_twice():
    outputs = [name for stack in STACKS for name in Template.of(stack).outputs]
    assert len(outputs) == len(set(outputs))


@pytest.mark.parametrize("stack", STACKS)
def test_template_fits_in_one_request(stack):
    assert len(Template.of(stack).body) <= 51_200


def test_short_forms_are_read():
    resources = Template.of("storage").resources
    assert resources["Lake"] == "AWS::S3::Bucket"
