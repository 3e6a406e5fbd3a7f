"""The pipeline's template agrees with the steps and the buildspecs: names are written in each."""

import json
import re

import pytest
import yaml

from pipeline.contracts.monitoring import REASON_VARIABLE, WINDOW_VARIABLE
from pipeline.delivery.__main__ import STEPS
from pipeline.delivery.package import ITSELF
from pipeline.deploy.bundle import ROOT
from pipeline.deploy.source import KEY
from pipeline.deploy.stacks import FRONT, REPORTS, STACKS, Template

TEMPLATE = Template.of("delivery")
BODY = TEMPLATE.body


def buildspec(name):
    return yaml.safe_load((ROOT / f"pipeline/buildspecs/{name}.yml").read_text())


def environments():
    """What each step's action tells its build."""
    for text in re.findall(r"EnvironmentVariables: >-\n(\s+\[.*?\n\s+\])\n", BODY, re.DOTALL):
        yield {item["name"]: item["value"] for item in json.loads(text)}


def test_every_step_is_an_action_but_the_builds_own():
    assert [told["STEP"] for told in environments()] == [
        step for step in STEPS if step != "package"
    ]


def test_variables_come_from_what_earlier_actions_export():
    """In the order of the template, which is the order of the run."""
    declared = {
        "variables.Reason",
        "variables.Window",
        "variables.TestDays",
        "variables.MinimumGain",
    }
    known = declared | {
        "Source.VersionId",
        "codepipeline.PipelineExecutionId",
        "Build.CODE_VERSION",
    }
    exported = set(buildspec("step")["env"]["exported-variables"])
    seen = set(re.findall(r"Namespace: (\w+)", BODY))
    for name in re.findall(r"#\{([\w.]+)\}", BODY):
        namespace, _, variable = name.partition(".")
        assert name in known or (namespace in seen and variable in exported)


def test_run_has_the_variables_that_a_retraining_fills():
    for name in (REASON_VARIABLE, WINDOW_VARIABLE):
        assert f"{{Name: {name}, DefaultValue: " in BODY


@pytest.mark.parametrize("name", ["build", "step"])
def test_project_runs_a_buildspec_that_is_in_the_source(name):
    assert f"BuildSpec: pipeline/buildspecs/{name}.yml" in BODY
    assert buildspec(name)["version"] == 0.2


def test_each_stack_is_deployed_by_the_build_that_wrote_it_but_the_pipeline_itself():
    deployed = re.findall(r"TemplatePath: Built::templates/(\w+)\.yaml", BODY)
    assert sorted(deployed) == sorted(set(STACKS) - {ITSELF, "deployment", *FRONT, *REPORTS})
    assert deployed == re.findall(r"TemplateConfiguration: Built::parameters/(\w+)\.json", BODY)
    assert deployed[-1] == "serving"


def test_source_is_where_the_rule_looks():
    assert TEMPLATE.parameters["SourceKey"]["Default"] == KEY


def test_gate_is_before_whatever_a_loser_would_change():
    names = re.findall(r"^ {8}- Name: (\w+)$|^ {12}- Name: (Approval)$", BODY, re.MULTILINE)
    assert [first or second for first, second in names] == [
        "Source",
        "Build",
        "Infrastructure",
        "Data",
        "Train",
        "Gate",
        "Register",
        "Approval",
        "Deploy",
        "Verify",
    ]
