"""The API is replaced, broken, stopped and killed: nobody who asks at the load balancer notices the
first two, and everybody is answered again after the others.
"""

import io
import zipfile

import httpx
import pytest

from tests.e2e import cloud
from tests.e2e.conftest import running
from tests.e2e.front_door import FLIGHT, FrontDoor
from tests.e2e.laptop import Laptop
from tests.e2e.offered import offered
from tests.waiting import wait_until

DAYS = 10
MUCH, LITTLE = 200, 20
"""Requests a second."""
PROJECT = f"{cloud.NAME}-api-image"
STACK = f"{cloud.NAME}-api"
TRIGGERED = "ECS Deployment Circuit Breaker was triggered"


@pytest.fixture(scope="module")
def front(tmp_path_factory):
    """The API of a laptop that these tests may change."""
    for laptop in running(Laptop(tmp_path_factory.mktemp("front"))):
        laptop.tell(DAYS)
        service = Service(laptop)
        service.keep_count()
        yield service


class Service(FrontDoor):
    """The API as ECS has it."""

    def __init__(self, laptop: Laptop) -> None:
        super().__init__(laptop)
        self.place = {"cluster": self.told["ApiClusterName"]}

    def keep_count(self) -> None:
        """So many requests would bring more tasks; here they are counted."""
        self.laptop.aws("application-autoscaling").register_scalable_target(
            ServiceNamespace="ecs",
            ScalableDimension="ecs:service:DesiredCount",
            ResourceId=f"service/{self.place['cluster']}/{self.told['ApiServiceName']}",
            SuspendedState={
                "DynamicScalingInSuspended": True,
                "DynamicScalingOutSuspended": True,
                "ScheduledScalingSuspended": True,
            },
        )

    def described(self) -> dict:
        services = [self.told["ApiServiceName"]]
        return self.laptop.aws("ecs").describe_services(services=services, **self.place)[
            "services"
        ][0]

    def update(self, **change) -> str:
        """Begin a deployment; its id."""
        made = self.laptop.aws("ecs").update_service(
            service=self.told["ApiServiceName"], **self.place, **change
        )
        return made["service"]["deployments"][0]["id"]

    def tasks(self) -> set[str]:
        """What is to run."""
        return set(
            self.laptop.aws("ecs").list_tasks(
                serviceName=self.told["ApiServiceName"], desiredStatus="RUNNING", **self.place
            )["taskArns"]
        )

    def deployment(self, identifier: str) -> dict:
        """A deployment that may be one of the past: then there is nothing of it."""
        found = {item["id"]: item for item in self.described()["deployments"]}
        return found.get(identifier, {})

    def steady(self) -> dict:
        """The service when one deployment is there and has all its tasks."""

        def there():
            found = self.described()
            (primary, *others) = found["deployments"]
            full = found["runningCount"] == found["desiredCount"] and not found["pendingCount"]
            return found if not others and primary["rolloutState"] == "COMPLETED" and full else None

        return wait_until("a steady API", there, 300)

    def healthy(self) -> bool:
        """Whether every target that the load balancer knows takes requests."""
        targets = self.laptop.aws("elbv2").describe_target_health(
            TargetGroupArn=self.told["ApiTargetGroupArn"]
        )["TargetHealthDescriptions"]
        states = [target["TargetHealth"]["State"] for target in targets]
        return states == ["healthy"] * self.described()["desiredCount"]

    def events(self) -> dict[str, str]:
        """What the service says, the first first and without its name, by the events' ids."""
        found = reversed(self.described()["events"])
        return {event["id"]: event["message"].partition(") ")[2] for event in found}

    def defined(self, **change) -> str:
        """A revision of the task, its container changed."""
        ecs = self.laptop.aws("ecs")
        now = ecs.describe_task_definition(taskDefinition=self.described()["taskDefinition"])
        (container,) = now["taskDefinition"]["containerDefinitions"]
        kept = (
            "family",
            "networkMode",
            "requiresCompatibilities",
            "cpu",
            "memory",
            "executionRoleArn",
            "taskRoleArn",
        )
        made = ecs.register_task_definition(
            containerDefinitions=[container | change],
            **{name: now["taskDefinition"][name] for name in kept},
        )
        return made["taskDefinition"]["taskDefinitionArn"]


def broken_source(front: Service) -> str:
    """The API's sources with a line that ends the program; where they are."""
    s3 = front.laptop.aws("s3")
    project = front.laptop.aws("codebuild").batch_get_projects(names=[PROJECT])["projects"][0]
    bucket, _, key = project["source"]["location"].partition("/")
    told = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(cloud.body(front.laptop, bucket, key))) as good,
        zipfile.ZipFile(told, "w") as bad,
    ):
        for item in good.infolist():
            text = good.read(item)
            if item.filename == "api/app.py":
                text += b'\nraise SystemExit("The API does not start today.")\n'
            bad.writestr(item, text)
    s3.put_object(Bucket=bucket, Key="bundles/api-broken.zip", Body=told.getvalue())
    return f"{bucket}/bundles/api-broken.zip"


@pytest.fixture(scope="module")
def broken_image(front):
    """An image that is built and pushed without a complaint."""
    codebuild = front.laptop.aws("codebuild")
    build = codebuild.start_build(
        projectName=PROJECT,
        sourceLocationOverride=broken_source(front),
        environmentVariablesOverride=[{"name": "IMAGE_TAG", "value": "broken"}],
    )["build"]["id"]

    def ended():
        found = codebuild.batch_get_builds(ids=[build])["builds"][0]
        return found if found["buildStatus"] != "IN_PROGRESS" else None

    assert wait_until("the broken image", ended, 300)["buildStatus"] == "SUCCEEDED"
    return f"{front.told['ApiRepositoryUri']}:broken"


def stack_events(front: Service) -> dict[str, dict]:
    """What the stack has told, by the events' ids."""
    client = front.laptop.aws("cloudformation")
    told = client.get_paginator("describe_stack_events").paginate(StackName=STACK)
    return {event["EventId"]: event for page in told for event in page["StackEvents"]}


def answers(front: Service) -> bool:
    """Whether the whole way answers."""
    try:
        return front.post(FLIGHT, front.key).status_code == 200
    except httpx.TransportError:
        return False


@pytest.mark.parametrize("way", ["same definition", "new revision"])
def test_a_rolling_deployment_loses_no_request(front, way):
    front.steady()
    old = front.tasks()
    with offered(front.laptop.api, MUCH) as load:
        wait_until("a first second of answers", lambda: len(load.answers) > 200)
        if way == "same definition":
            identifier = front.update(forceNewDeployment=True)
        else:
            identifier = front.update(taskDefinition=front.defined(stopTimeout=31))
        wait_until(
            "the deployment",
            lambda: front.deployment(identifier).get("rolloutState") == "COMPLETED",
            300,
        )
        found = front.steady()
    assert found["deployments"][0]["id"] == identifier
    assert not front.tasks() & old
    assert len(front.tasks()) == found["desiredCount"] == len(old)
    load.assert_none_lost()


@pytest.mark.parametrize("what", ["ends at once", "is not well"])
def test_a_broken_revision_is_taken_back_and_nobody_notices(front, broken_image, what):
    before = front.steady()
    old, good = front.tasks(), before["taskDefinition"]
    said = front.events()
    if what == "ends at once":
        broken = front.defined(image=broken_image)
    else:
        check = {"command": ["CMD", "false"], "interval": 5, "retries": 1, "startPeriod": 0}
        broken = front.defined(healthCheck=check)
    with offered(front.laptop.api, LITTLE) as load:
        identifier = front.update(taskDefinition=broken)
        failed = wait_until(
            "the circuit breaker",
            lambda: (
                (found := front.deployment(identifier)).get("rolloutState") == "FAILED" and found
            ),
            300,
        )
        after = front.steady()
    assert failed["rolloutStateReason"] == "ECS deployment circuit breaker: tasks failed to start."
    assert failed["failedTasks"] >= 3
    assert (after["taskDefinition"], front.tasks()) == (good, old)
    load.assert_none_lost()
    told = [text for id_, text in front.events().items() if id_ not in said]
    primary = after["deployments"][0]["id"]
    assert f"(deployment {identifier}) deployment failed: tasks failed to start." in told
    assert f"rolling back to deployment {primary}." in told
    assert told[-1] == "has reached a steady state."


def test_a_stack_with_a_broken_image_is_as_it_was(front, broken_image):
    cloudformation = front.laptop.aws("cloudformation")
    before = front.steady()
    old = front.tasks()
    (stack,) = cloudformation.describe_stacks(StackName=STACK)["Stacks"]
    known = stack_events(front)
    parameters = [
        {"ParameterKey": item["ParameterKey"], "UsePreviousValue": True}
        if item["ParameterKey"] != "ApiImageUri"
        else {"ParameterKey": "ApiImageUri", "ParameterValue": broken_image}
        for item in stack["Parameters"]
    ]
    with offered(front.laptop.api, LITTLE) as load:
        cloudformation.update_stack(
            StackName=STACK,
            UsePreviousTemplate=True,
            Parameters=parameters,
            Capabilities=["CAPABILITY_IAM"],
        )

        def ended():
            (found,) = cloudformation.describe_stacks(StackName=STACK)["Stacks"]
            return found if not found["StackStatus"].endswith("IN_PROGRESS") else None

        found = wait_until("the stack", ended, 600)
        after = front.steady()
    assert found["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    (failure,) = [
        event
        for id_, event in stack_events(front).items()
        if id_ not in known
        and event["ResourceStatus"].endswith("FAILED")
        and event["LogicalResourceId"] != STACK
    ]
    assert failure["LogicalResourceId"] == "Service"
    assert TRIGGERED in failure["ResourceStatusReason"]
    assert found["Parameters"] == stack["Parameters"]
    assert (after["taskDefinition"], front.tasks()) == (before["taskDefinition"], old)
    load.assert_none_lost()


@pytest.mark.parametrize("way", ["down", "kill -9"])
def test_after_a_stop_the_api_answers_again(front, way):
    front.steady()
    old = front.tasks()
    assert answers(front)
    if way == "down":
        front.laptop.down()
    else:
        front.laptop.kill_emulator()
    front.laptop.up()
    wait_until("an answer", lambda: answers(front), 300)
    found = front.steady()
    wait_until("healthy targets", front.healthy)
    assert len(front.tasks() - old) == found["desiredCount"]
    assert "unchanged" in front.laptop.tell(DAYS)
