"""What the actions of a pipeline may look like: types, artifacts, configuration, variables."""

from collections import Counter
from collections.abc import Iterator

from emulation.services.codepipeline import variables
from emulation.services.codepipeline.action_types import OTHERS, TYPES, ActionType, key_of
from emulation.services.codepipeline.errors import invalid_action, not_emulated
from emulation.services.codepipeline.store import Members
from emulation.services.scope import Scope

LONGEST_VALUE = 50_000
FILE = "{0}::{1}"


def check_actions(scope: Scope, pipeline: Members, operation: str) -> None:
    """Raise what is wrong with one, or what nobody carries out."""
    for stage in pipeline["stages"]:
        names = Counter(action["name"] for action in stage["actions"])
        for name, times in names.items():
            if times > 1:
                raise invalid_action(
                    f"Action name '{name}' is used more than once in stage '{stage['name']}'"
                )
    for _, action in every(pipeline):
        kind = check_kind(scope, action, operation)
        check_place(scope, pipeline, action, operation)
        check_counts(action, kind)
        check_configuration(action, kind, operation)
    check_artifacts(pipeline)
    check_namespaces(pipeline)
    check_references(pipeline)


def every(pipeline: Members) -> Iterator[tuple[Members, Members]]:
    """Each stage's actions in the order in which they run, with their stage."""
    for stage in pipeline["stages"]:
        for action in sorted(stage["actions"], key=lambda action: action["runOrder"]):
            yield stage, action


def check_kind(scope: Scope, action: Members, operation: str) -> ActionType:
    """Its type must exist, and be carried out."""
    named = action["actionTypeId"]
    key = key_of(action)
    if named["owner"] == "AWS" and key in TYPES and named["version"] == "1":
        return TYPES[key]
    if (named["owner"] == "AWS" and key in OTHERS) or named["owner"] == "ThirdParty":
        raise not_emulated(operation, f"{key[0]} actions of {key[1]} ({action['name']})")
    region = scope.region.upper().replace("-", "_")
    raise invalid_action(
        f"ActionType (Category: '{key[0]}', Provider: '{key[1]}', Owner: '{named['owner']}', "
        f"Version: '{named['version']}') in action '{action['name']}' is not available in region "
        f"{region}"
    )


def check_place(scope: Scope, pipeline: Members, action: Members, operation: str) -> None:
    """Where it runs, and for how long."""
    region = action.get("region", scope.region)
    if region != scope.region:
        if "artifactStores" not in pipeline:
            raise invalid_action(
                "Your pipeline contains actions in more than one region. Use "
                "'pipeline.artifactStores' instead of 'pipeline.artifactStore' to declare an "
                "artifact store, such as an artifact bucket, for each region where you have an "
                "action."
            )
        raise not_emulated(operation, f"an action in another region ({action['name']})")
    for member in ("commands", "outputVariables", "environmentVariables"):
        if action.get(member):
            raise invalid_action(
                f"Action {action['name']} cannot have the field {member}: it is for compute actions"
            )
    if action.get("timeoutInMinutes") and key_of(action) != ("Approval", "Manual"):
        raise invalid_action(
            f"Action {action['name']} cannot have the field timeoutInMinutes: it is for manual "
            "approval actions"
        )


def check_counts(action: Members, kind: ActionType) -> None:
    """How many artifacts it takes and makes."""
    for noun, member, bounds in (
        ("input", "inputArtifacts", kind.inputs),
        ("output", "outputArtifacts", kind.outputs),
    ):
        count = len(action[member])
        if count < bounds[0]:
            wrong = f"less than the minimum count ({bounds[0]})"
        elif count > bounds[1]:
            wrong = f"more than the maximum count ({bounds[1]})"
        else:
            continue
        raise invalid_action(
            f"Action {action['name']} declares {count} {noun} artifacts which is {wrong}"
        )


def check_configuration(action: Members, kind: ActionType, operation: str) -> None:
    """Its keys, and what of their values nobody carries out."""
    given, name = action["configuration"], action["name"]
    for key in kind.required:
        if key not in given:
            raise invalid_action(
                f"Action configuration for action '{name}' is missing required configuration "
                f"'{key}'"
            )
    for key in given:
        if key not in kind.required + kind.optional:
            raise invalid_action(
                f"Action configuration for action '{name}' contains unknown configuration '{key}'"
            )
    if given.get("BatchEnabled", "false").lower() == "true":
        raise not_emulated(operation, f"BatchEnabled of the action {name}")
    if action["actionTypeId"]["provider"] == "CodeBuild":
        check_primary(action)


def check_primary(action: Members) -> None:
    """Of several inputs one is where the build happens."""
    primary = action["configuration"].get("PrimarySource")
    inputs = [item["name"] for item in action["inputArtifacts"]]
    if len(inputs) > 1 and not primary:
        raise invalid_action(
            f"Action configuration for action '{action['name']}' is missing required configuration "
            "'PrimarySource'"
        )
    if primary and "#{" not in primary and primary not in inputs:
        raise invalid_action(
            f"Primary source '{primary}' of action '{action['name']}' is not one of its input "
            "artifacts"
        )


def check_artifacts(pipeline: Members) -> None:
    """What an action takes must have been made before, and under a name of its own."""
    made: dict[str, tuple[str, int]] = {}
    for stage, action in every(pipeline):
        here = (stage["name"], action["runOrder"])
        for item in action["inputArtifacts"]:
            if made.get(item["name"], here) == here:
                raise invalid_action(
                    f"Input Artifact Bundle {item['name']} in action {action['name']} is not "
                    "declared as Output Artifact Bundle in any of the preceding actions"
                )
        for item in action["outputArtifacts"]:
            if item["name"] in made:
                raise invalid_action(
                    "Output Artifact Bundle name must be unique within the pipeline. "
                    f"{item['name']} has been used more than once."
                )
            made[item["name"]] = here


def check_namespaces(pipeline: Members) -> None:
    """Each is one action's."""
    seen: set[str] = set()
    for stage, action in every(pipeline):
        namespace = action.get("namespace")
        if namespace and (namespace in seen or namespace in variables.OWN):
            raise invalid_action(
                "Namespaces must be unique across the pipeline definition. The following occur "
                f"more than once in the pipeline. StageName=[{stage['name']}], "
                f"ActionName=[{action['name']}], Namespace=[{namespace}]"
            )
        seen.update([namespace] if namespace else [])


BAD_REFERENCE = (
    "Valid format for a pipeline execution variable reference is a namespace and a key separated "
    "by a period (.). The following pipeline execution variables are "
)


def check_references(pipeline: Members) -> None:
    """Variables are referred to after they are set, by names that exist."""
    known = set(variables.OWN)
    own = {item["name"] for item in pipeline.get("variables", [])}
    order = [(stage["name"], action["runOrder"], action) for stage, action in every(pipeline)]
    for stage, run_order, action in order:
        before = known | {
            earlier.get("namespace")
            for place, number, earlier in order
            if place != stage or number < run_order
        }
        place = f"StageName=[{stage}], ActionName=[{action['name']}]"
        for reference in references_of(action):
            namespace, _, name = reference.partition(".")
            if not variables.FORMAT.fullmatch(reference):
                raise invalid_action(
                    f"{BAD_REFERENCE}in an invalid format. {place}, "
                    f"ActionVariableReferenced=[{reference}]"
                )
            if namespace not in before:
                raise invalid_action(
                    f"{BAD_REFERENCE}referencing a namespace that does not exist. {place}, "
                    f"ActionNamespaceReferenced=[{namespace}]"
                )
            if namespace == "variables" and name not in own:
                raise invalid_action(
                    f"{BAD_REFERENCE}referencing a pipeline variable that does not exist. {place}, "
                    f"PipelineVariableReferenced=[{name}]"
                )


def references_of(action: Members) -> Iterator[str]:
    """The variables that its configuration refers to."""
    for value in action["configuration"].values():
        yield from variables.references(value)
