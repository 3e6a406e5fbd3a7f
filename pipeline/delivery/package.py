"""The build's own step: bundles in S3, and for each stack its template and the file of its
parameters that CloudFormation's action takes.

A parameter has the value that the stack has now (what an operator chose stays chosen), unless an
output of another stack or a bundle's key gives it; unchanged code is so an unchanged stack.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.delivery.exports import Exports
from pipeline.delivery.settings import Told
from pipeline.deploy import bundle
from pipeline.deploy.plan import describe_stack
from pipeline.deploy.source import Source
from pipeline.deploy.stacks import FRONT, REPORTS, STACKS, Template
from pipeline.errors import SettingError
from pipeline.orchestration.run import Run, Show

BUILT = Path("built")
ITSELF = "delivery"
"""The pipeline does not replace itself while it runs: `python -m pipeline deploy` does."""


def package(run: Run, _told: Told, show: Show) -> Exports:
    """Upload what is new, write templates and parameters."""
    for recipe in bundle.RECIPES:
        item = bundle.build(recipe.parameter)
        run.deployer.known[recipe.parameter] = item.key
        if bundle.upload(run.output("ArtifactsBucket"), item):
            show.say(f"uploaded {item.key}")
    for stack in STACKS:
        if stack not in {ITSELF, *FRONT, *REPORTS}:
            write(Template.of(stack), run)
    code = Source().digest
    show.say(f"code version {code}")
    return {"CODE_VERSION": code}


def write(template: Template, run: Run) -> None:
    """The two files of a stack."""
    templates, configurations = BUILT / "templates", BUILT / "parameters"
    for folder in (templates, configurations):
        folder.mkdir(parents=True, exist_ok=True)
    (templates / f"{template.stack}.yaml").write_text(template.body)
    name = run.deployer.stack_name(template.stack)
    given = configuration(template, current(name), run.deployer.known, run.settings.name)
    (configurations / f"{template.stack}.json").write_text(json.dumps(given, indent=1))


def current(name: str) -> dict[str, str]:
    """The parameters that a stack has now."""
    found = describe_stack(name) or {}
    return {item["ParameterKey"]: item["ParameterValue"] for item in found.get("Parameters", ())}


def configuration(
    template: Template, now: Mapping[str, str], known: Mapping[str, str], pipeline: str
) -> dict[str, Any]:
    """A template's configuration file.

    Raises:
        SettingError: a parameter has no value yet.
    """
    given = {name: known.get(name, now.get(name)) for name in template.parameters}
    missing = [name for name in template.needs if given[name] is None]
    if missing:
        raise SettingError(
            f"Stack {template.stack} needs {', '.join(missing)}, which no stack gives yet: run"
            " `python -m pipeline deploy` once."
        )
    parameters = {name: value for name, value in given.items() if value is not None}
    return {"Parameters": parameters, "Tags": {"pipeline": pipeline}}
