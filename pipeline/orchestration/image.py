"""The API's image: built by CodeBuild when the repository does not hold it.

Its tag is the hash of the sources, so an unchanged API is the same image in an unchanged task.
"""

from typing import Any

from botocore.exceptions import ClientError

from pipeline import aws
from pipeline.deploy import bundle
from pipeline.errors import JobFailedError, LateError
from pipeline.orchestration.logs import log_tail
from pipeline.orchestration.run import Run, Show
from pipeline.polling import polls

SOURCE, IMAGE = "ApiSourceKey", "ApiImageUri"
"""The parameters that take the sources' key and the image."""


def build_image(run: Run, show: Show) -> str:
    """Build and push the image, unless it is there."""
    tag = image_tag()
    digest = pushed(run, tag)
    if not digest:
        _build(run, tag, show)
        digest = pushed(run, tag)
    know_image(run)
    return f"{run.output('ApiRepositoryName')}:{tag}, {digest[:19]}"


def know_image(run: Run) -> None:
    """Tell the deployer which image the sources are, or are to become; it has to be built before
    it is used.
    """
    if repository := run.deployer.known.get("ApiRepositoryUri"):
        run.deployer.known[IMAGE] = f"{repository}:{image_tag()}"


def image_tag() -> str:
    """The hash of the API's sources."""
    return bundle.build(SOURCE).digest


def pushed(run: Run, tag: str) -> str:
    """The digest of the image with this tag; empty when there is none."""
    try:
        found = aws.client("ecr").describe_images(
            repositoryName=run.output("ApiRepositoryName"), imageIds=[{"imageTag": tag}]
        )["imageDetails"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "ImageNotFoundException":
            raise
        return ""
    return str(found[0]["imageDigest"])


def _build(run: Run, tag: str, show: Show) -> None:
    """Wait for a build.

    Raises:
        JobFailedError: with the command that failed and the end of its log.
        LateError: it is not through in time.
    """
    build = aws.client("codebuild").start_build(
        projectName=run.output("ApiImageProject"),
        environmentVariablesOverride=[{"name": "IMAGE_TAG", "value": tag, "type": "PLAINTEXT"}],
    )["build"]
    for _ in polls(run.settings.stage_seconds):
        found = aws.client("codebuild").batch_get_builds(ids=[build["id"]])["builds"][0]
        if found["buildStatus"] == "SUCCEEDED":
            return
        if found["buildStatus"] != "IN_PROGRESS":
            raise _failure(found)
        show.say(found["currentPhase"].lower().replace("_", " "))
    raise LateError(f"Build {build['id']} is not through after {run.settings.stage_seconds} s.")


def _failure(build: dict[str, Any]) -> JobFailedError:
    reasons = [
        context["message"]
        for phase in build["phases"]
        if phase.get("phaseStatus") not in {None, "SUCCEEDED"}
        for context in phase.get("contexts", ())
    ]
    sentence = f"Build {build['id']} ended {build['buildStatus']}: {'; '.join(reasons)}"
    logs = build["logs"]
    return JobFailedError(sentence, log_tail=log_tail(logs["groupName"], logs["streamName"]))
