"""Build and test actions of CodeBuild: one build each, whose end is the action's."""

import json

from localstack.aws.api import ServiceException
from localstack.services.plugins import SERVICE_PLUGINS

from emulation.services.codebuild.builds import PipelineArtifact, start_for_pipeline
from emulation.services.codepipeline.store import Members
from emulation.services.codepipeline.tasks import CONFIGURATION, ActionError, Outcome, Task

URL = "https://console.aws.amazon.com/codebuild/home?region={region}#/builds/{build}/view/new"


class CodeBuildProvider:
    """Starts a build and follows it."""

    polls = True

    def start(self, task: Task) -> Outcome | None:
        """Start the build with the action's artifacts."""
        SERVICE_PLUGINS.require("codebuild")
        inputs = inputs_of(task)
        try:
            build = start_for_pipeline(
                task.scope,
                task.configuration["ProjectName"],
                initiator=f"codepipeline/{task.execution.pipeline}",
                inputs=[artifact(item) for item in inputs],
                outputs=[artifact(item) for item in task.run.outputs],
                environment=environment(task),
                source_version=revision_of(task, inputs[0]["name"]),
            )
        except ServiceException as error:
            raise ActionError(f"Error calling startBuild: {error.message}", error.code) from error
        except NotImplementedError as error:
            raise ActionError(f"Error calling startBuild: {error}") from error
        task.run.external_id = build
        task.run.external_url = URL.format(region=task.scope.region, build=build)
        return None

    def look(self, task: Task) -> Outcome | None:
        """Whether it has ended; what it exports are the action's variables."""
        found = task.client("codebuild").batch_get_builds(ids=[task.run.external_id])["builds"]
        if not found:
            return Outcome(error="The build was deleted")
        (build,) = found
        status = build["buildStatus"]
        if status == "IN_PROGRESS":
            return None
        exported = build.get("exportedEnvironmentVariables") or []
        task.run.variables = {item["name"]: item["value"] for item in exported}
        if status == "SUCCEEDED":
            return Outcome()
        return Outcome(error=f"Build terminated with state: {status}{reason(build)}")


def inputs_of(task: Task) -> list[Members]:
    """The input artifacts, the primary source first."""
    primary = task.configuration.get("PrimarySource")
    inputs = sorted(task.run.inputs, key=lambda item: item["name"] != primary)
    if not inputs:
        raise ActionError("The action has no input artifact", CONFIGURATION)
    return inputs


def artifact(item: Members) -> PipelineArtifact:
    """An artifact, as CodeBuild takes it."""
    place = item["s3location"]
    return PipelineArtifact(item["name"], place["bucket"], place["key"])


def revision_of(task: Task, name: str) -> str:
    """The revision of a source's artifact; what other actions make has none."""
    for item in task.execution.revisions:
        if item["name"] == name:
            return str(item["revisionId"])
    return ""


def environment(task: Task) -> list[Members]:
    """The action's variables.

    Raises:
        ActionError: they are not a list of variables.
    """
    given = task.configuration.get("EnvironmentVariables", "[]")
    try:
        found = json.loads(given)
        return [
            {
                "name": item["name"],
                "value": item["value"],
                "type": item.get("type", "PLAINTEXT"),
            }
            for item in found
        ]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ActionError(
            "EnvironmentVariables is not a JSON list of objects with name and value", CONFIGURATION
        ) from error


def reason(build: Members) -> str:
    """The phase that failed, and why."""
    for phase in build.get("phases") or []:
        if phase.get("phaseStatus") in {None, "SUCCEEDED"}:
            continue
        contexts = [item for item in phase.get("contexts") or [] if item.get("message")]
        if contexts:
            code, message = contexts[0].get("statusCode", ""), contexts[0]["message"]
            return f". Phase: {phase['phaseType']}, Code: {code}, Message: {message}"
    return ""
