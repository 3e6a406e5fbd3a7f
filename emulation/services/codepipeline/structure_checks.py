"""What a pipeline as a whole, and each of its stages, may look like."""

from collections import Counter

from emulation.services.codepipeline.action_checks import check_actions
from emulation.services.codepipeline.errors import (
    invalid_stage,
    invalid_structure,
    not_emulated,
)
from emulation.services.codepipeline.rules import check_conditions
from emulation.services.codepipeline.store import Members
from emulation.services.scope import Scope

MOST_STAGES = 50


def check(scope: Scope, pipeline: Members, operation: str) -> None:
    """Raise what AWS would of a declaration, or what nobody carries out in it.

    Raises:
        CommonServiceException: AWS refuses it.
        NotImplementedError: AWS would take it.
    """
    check_type(pipeline)
    check_stores(scope, pipeline)
    check_stages(pipeline)
    check_variables(pipeline)
    check_actions(scope, pipeline, operation)
    for stage in pipeline["stages"]:
        check_conditions(pipeline, stage, operation)
        if stage.get("blockers"):
            raise not_emulated(operation, "blockers of a stage")
    if pipeline.get("triggers"):
        # They name a source of CodeStarSourceConnection, and there is none.
        raise invalid_structure(
            "Triggers for connections must reference a CodeStarSourceConnection action."
        )


def check_type(pipeline: Members) -> None:
    """What only a pipeline of type V2 has."""
    if pipeline["pipelineType"] == "V2":
        return
    if pipeline["executionMode"] != "SUPERSEDED":
        raise invalid_structure("QUEUED or PARALLEL mode can only be used with V2 pipelines")
    if pipeline.get("variables"):
        raise invalid_structure("Pipeline variable can only be used with V2 pipelines")
    if pipeline.get("triggers"):
        raise invalid_structure("Triggers on tag can only be used with V2 pipelines")
    for stage in pipeline["stages"]:
        if any(stage.get(name) for name in ("beforeEntry", "onSuccess", "onFailure")):
            raise invalid_stage("Stage level conditions can only be used with V2 pipelines.")


def check_stores(scope: Scope, pipeline: Members) -> None:
    """One artifact store, or one a region."""
    one, several = pipeline.get("artifactStore"), pipeline.get("artifactStores")
    if bool(one) == bool(several):
        raise invalid_structure(
            "You must include either 'pipeline.artifactStore' or 'pipeline.artifactStores' in your "
            "pipeline, but you cannot use both."
        )
    if several and scope.region not in several:
        raise invalid_structure(
            "Your pipeline must have an artifact store, such as an artifact bucket, for each "
            "region where you have an action. The following region is missing in "
            f"'pipeline.artifactStores': {scope.region}."
        )


def check_stages(pipeline: Members) -> None:
    """How many, with which names, and where the sources are."""
    stages = pipeline["stages"]
    if len(stages) < 2:
        raise invalid_structure(
            f"Pipeline has only {len(stages)} stage(s). There should be a minimum of 2 stages in "
            "a pipeline"
        )
    if len(stages) > MOST_STAGES:
        raise invalid_structure(
            "Pipeline has too many stages. There can only be up to 50 stages in a pipeline"
        )
    for name, times in Counter(stage["name"] for stage in stages).items():
        if times > 1:
            raise invalid_stage(f"Stage name '{name}' is used more than once")
    for stage in stages:
        if not stage["actions"]:
            raise invalid_stage(f"Stage '{stage['name']}' should contain at least 1 action")
    check_sources(stages)


def check_sources(stages: list[Members]) -> None:
    """All sources are in the first stage, and nothing else is."""
    first, *others = [
        {action["actionTypeId"]["category"] for action in stage["actions"]} for stage in stages
    ]
    if first != {"Source"}:
        raise invalid_structure(
            "Pipeline should start with a stage that only contains source actions"
        )
    if any("Source" in categories for categories in others):
        raise invalid_structure(
            "Source actions can only be included in the first stage of the pipeline"
        )


def check_variables(pipeline: Members) -> None:
    """The pipeline's own variables."""
    for name, times in Counter(item["name"] for item in pipeline.get("variables", [])).items():
        if times > 1:
            raise invalid_structure(
                "Variable names must be unique. The following variable name is already in use: "
                f"{name}"
            )
