"""What a CloudFormation action gives to its stack: a template, parameters, tags, capabilities.

Parameters come from the template configuration, a file of an artifact; overrides win, and may take
values from artifacts with `Fn::GetParam` and `Fn::GetArtifactAtt`.
"""

import json
from typing import Any

from emulation.services.codepipeline import artifacts
from emulation.services.codepipeline.store import Members
from emulation.services.codepipeline.tasks import CONFIGURATION, ActionError, Task

LARGEST_BODY = 51_200
"""In bytes; a larger template is read from S3."""
ATTRIBUTES = {"BucketName": "bucket", "ObjectKey": "key"}


def stack_input(task: Task) -> Members:
    """Members that CreateStack, UpdateStack and CreateChangeSet have in common.

    Raises:
        ActionError: something is missing, or not as it should be.
        ArtifactError: a file cannot be read.
    """
    given = task.configuration
    if "TemplatePath" not in given:
        raise ActionError(
            f"TemplatePath is required for ActionMode {given['ActionMode']}", CONFIGURATION
        )
    configured = template_configuration(task)
    found = template(task, task.text(given["TemplatePath"]))
    values = {**configured.get("Parameters", {}), **overrides(task)}
    if values:
        found["Parameters"] = [
            {"ParameterKey": name, "ParameterValue": value} for name, value in values.items()
        ]
    if tags := configured.get("Tags"):
        found["Tags"] = [{"Key": key, "Value": value} for key, value in tags.items()]
    if capabilities := given.get("Capabilities"):
        found["Capabilities"] = [item.strip() for item in capabilities.split(",")]
    if role := given.get("RoleArn"):
        found["RoleARN"] = role
    return found


def template(task: Task, text: str) -> Members:
    """The template itself, or where it is put for CloudFormation to read."""
    content = text.encode()
    if len(content) <= LARGEST_BODY:
        return {"TemplateBody": text}
    place = artifacts.new_location(task.declaration, task.scope.region, "CFTemplate")
    task.client("s3").put_object(
        Bucket=place["bucket"], Key=place["key"], Body=content, **task.options()
    )
    host = f"{place['bucket']}.s3.{task.scope.region}.amazonaws.com"
    return {"TemplateURL": f"https://{host}/{place['key']}"}


def template_configuration(task: Task) -> Members:
    """The template configuration's file.

    Raises:
        ActionError: it is not what it should be.
    """
    reference = task.configuration.get("TemplateConfiguration")
    if not reference:
        return {}
    found = json_object(task.text(reference), f"The template configuration {reference}")
    if unknown := found.keys() - {"Parameters", "Tags", "StackPolicy"}:
        raise ActionError(
            f"The template configuration {reference} has unknown members: "
            f"{', '.join(sorted(unknown))}",
            CONFIGURATION,
        )
    if "StackPolicy" in found:
        raise ActionError("StackPolicy in a template configuration is not emulated", CONFIGURATION)
    for member in ("Parameters", "Tags"):
        values = found.get(member, {})
        if not isinstance(values, dict):
            raise ActionError(
                f"{member} of the template configuration {reference} is not a JSON object",
                CONFIGURATION,
            )
        found[member] = {name: text(value) for name, value in values.items()}
    return found


def json_object(content: str, what: str) -> Members:
    """An object of JSON.

    Raises:
        ActionError: it is none.
    """
    try:
        found = json.loads(content)
    except ValueError as error:
        raise ActionError(f"{what} is not valid JSON: {error}", CONFIGURATION) from error
    if not isinstance(found, dict):
        raise ActionError(f"{what} is not a JSON object", CONFIGURATION)
    return found


def overrides(task: Task) -> dict[str, str]:
    """The parameters that the action sets itself."""
    given = task.configuration.get("ParameterOverrides")
    if not given:
        return {}
    found = json_object(given, "ParameterOverrides")
    return {name: text(computed(task, value)) for name, value in found.items()}


def computed(task: Task, value: Any) -> Any:
    """A value, or what a function takes from an artifact.

    Raises:
        ActionError: the function, or what it names, does not exist.
    """
    if not isinstance(value, dict):
        return value
    match value:
        case {"Fn::GetParam": [str(artifact), str(file), str(key)]}:
            found = json_object(task.text(f"{artifact}::{file}"), f"The file {file}")
            if key not in found:
                raise ActionError(f"The file {file} has no member {key}", CONFIGURATION)
            return found[key]
        case {"Fn::GetArtifactAtt": [str(artifact), str(attribute)]}:
            return attribute_of(task, artifact, attribute)
    raise ActionError(
        f"ParameterOverrides holds an unknown function: {json.dumps(value)}", CONFIGURATION
    )


def attribute_of(task: Task, artifact: str, attribute: str) -> str:
    """Where an artifact is."""
    place = task.input(artifact)
    if attribute == "URL":
        return f"https://s3.{task.scope.region}.amazonaws.com/{place['bucket']}/{place['key']}"
    if attribute not in ATTRIBUTES:
        raise ActionError(f"Artifacts have no attribute {attribute}", CONFIGURATION)
    return str(place[ATTRIBUTES[attribute]])


def text(value: Any) -> str:
    """A parameter's value; lists are joined with commas."""
    if isinstance(value, list):
        return ",".join(text(item) for item in value)
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)
