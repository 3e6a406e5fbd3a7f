"""The deploy action of ECS: images of an artifact become a new revision, the service follows.

The file, `imagedefinitions.json` unless it is named, is a list of containers' names and images. The
action ends when the service's deployment is complete, fails when that fails.
"""

import json
import time

from botocore.exceptions import ClientError

from emulation.services.codepipeline.store import Members
from emulation.services.codepipeline.tasks import CONFIGURATION, ActionError, Outcome, Task

FILE = "imagedefinitions.json"
URL = (
    "https://console.aws.amazon.com/ecs/v2/clusters/{cluster}/services/{service}/health"
    "?region={region}"
)
LONGEST_MINUTES = 60
TOLD_ONLY = {
    "taskDefinitionArn",
    "revision",
    "status",
    "requiresAttributes",
    "compatibilities",
    "registeredAt",
    "registeredBy",
    "deregisteredAt",
}
"""What a task definition is told with and not registered with."""


class EcsDeployProvider:
    """Deploys to a service and follows its deployment."""

    polls = True

    def start(self, task: Task) -> Outcome | None:
        """Register the revision and update the service."""
        cluster, name = task.configuration["ClusterName"], task.configuration["ServiceName"]
        images = images_of(task)
        client = task.client("ecs")
        try:
            service = described(task)
            answer = client.describe_task_definition(
                taskDefinition=service["taskDefinition"], include=["TAGS"]
            )
            revision = client.register_task_definition(**with_images(answer, images))
            arn = revision["taskDefinition"]["taskDefinitionArn"]
            updated = client.update_service(cluster=cluster, service=name, taskDefinition=arn)
        except ClientError as error:
            told = error.response["Error"]
            raise ActionError(told["Message"], told["Code"]) from error
        deployment = updated["service"]["deployments"][0]["id"]
        task.run.external_id = deployment
        task.run.external_url = URL.format(cluster=cluster, service=name, region=task.scope.region)
        task.keep(deployment=deployment)
        return None

    def look(self, task: Task) -> Outcome | None:
        """Whether the deployment has ended."""
        wanted = task.run.work["deployment"]
        service = described(task)
        found = next((one for one in service["deployments"] if one["id"] == wanted), None)
        if found is None:
            return Outcome(error=f"The deployment {wanted} was replaced or rolled back.")
        if found["rolloutState"] == "FAILED":
            return Outcome(error=f"Deployment failed: {found['rolloutStateReason']}")
        alone = len(service["deployments"]) == 1
        if found["rolloutState"] == "COMPLETED" and alone:
            return Outcome("Deployment completed")
        if time.time() - task.run.started > 60 * minutes(task):
            return Outcome(error=f"The deployment did not complete within {minutes(task)} minutes.")
        return None


def minutes(task: Task) -> int:
    """How long a deployment may take.

    Raises:
        ActionError: that is no number of minutes.
    """
    given = task.configuration.get("DeploymentTimeout") or str(LONGEST_MINUTES)
    if not given.isdigit() or not 1 <= int(given) <= LONGEST_MINUTES:
        raise ActionError(
            f"DeploymentTimeout must be from 1 to {LONGEST_MINUTES} minutes", CONFIGURATION
        )
    return int(given)


def images_of(task: Task) -> dict[str, str]:
    """The images by their containers.

    Raises:
        ActionError: the file is no list of them.
    """
    minutes(task)
    name = task.configuration.get("FileName") or FILE
    text = task.text(f"{task.run.inputs[0]['name']}::{name}")
    try:
        found = {item["name"]: item["imageUri"] for item in json.loads(text)}
    except (ValueError, KeyError, TypeError) as error:
        raise ActionError(
            f"Exception while trying to read the image artifact file {name}: it is not a JSON list "
            "of objects with name and imageUri",
            CONFIGURATION,
        ) from error
    if not found:
        raise ActionError(f"The image artifact file {name} names no container", CONFIGURATION)
    return found


def described(task: Task) -> Members:
    """The service.

    Raises:
        ActionError: it is not there.
    """
    cluster, name = task.configuration["ClusterName"], task.configuration["ServiceName"]
    try:
        answer = task.client("ecs").describe_services(cluster=cluster, services=[name])
    except ClientError as error:
        told = error.response["Error"]
        raise ActionError(told["Message"], told["Code"]) from error
    found = [service for service in answer["services"] if service["status"] == "ACTIVE"]
    if not found:
        raise ActionError(f"The Amazon ECS service '{name}' does not exist.", CONFIGURATION)
    return dict(found[0])


def with_images(answer: Members, images: dict[str, str]) -> Members:
    """A task definition to be registered, with other images.

    Raises:
        ActionError: it has no such container.
    """
    definition = {k: v for k, v in answer["taskDefinition"].items() if k not in TOLD_ONLY}
    containers = {item["name"]: item for item in definition["containerDefinitions"]}
    for name, image in images.items():
        if name not in containers:
            raise ActionError(
                f"The Amazon ECS task definition does not contain a container with the name {name}",
                CONFIGURATION,
            )
        containers[name]["image"] = image
    if answer.get("tags"):
        definition["tags"] = answer["tags"]
    return definition
