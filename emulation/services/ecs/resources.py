"""ECS's CloudFormation types: clusters, task definitions, and services, which are complete in a
steady state and fail with their circuit breaker.
"""

from functools import cache
from typing import Any, ClassVar

from botocore.exceptions import ClientError
from localstack.aws.spec import load_service
from localstack.services.cloudformation.resource_provider import ProgressEvent, ResourceRequest

from emulation.services.resource_types import Model, ResourceType
from emulation.services.typed import typed

TRIGGERED = "Error occurred during operation 'ECS Deployment Circuit Breaker was triggered'."
ALARMED = "Error occurred during operation 'ECS Deployment Alarm was triggered'."
GONE = {"ClusterNotFoundException", "ServiceNotFoundException", "ServiceNotActiveException"}
RENAMED = {"ClusterSettings": "settings", "PlacementStrategies": "placementStrategy"}
DEFINITION = (
    "ContainerDefinitions",
    "Cpu",
    "EnableFaultInjection",
    "EphemeralStorage",
    "ExecutionRoleArn",
    "Family",
    "InferenceAccelerators",
    "IpcMode",
    "Memory",
    "NetworkMode",
    "PidMode",
    "PlacementConstraints",
    "ProxyConfiguration",
    "RequiresCompatibilities",
    "RuntimePlatform",
    "TaskRoleArn",
    "Volumes",
)


def members(operation: str, model: Model, resource_type: str) -> Model:
    """A template's properties as an operation takes them: its names, its types."""
    named = {RENAMED.get(name, name): value for name, value in model.items()}
    found: Model = typed(
        "ecs", operation, spelled(_input(operation), named), resource_type=resource_type
    )
    return found


@cache
def _input(operation: str) -> Any:
    return load_service("ecs").operation_model(operation).input_shape


def spelled(shape: Any, value: Any) -> Any:
    """`EFSVolumeConfiguration` is `efsVolumeConfiguration`; the keys of a map are what they are."""
    if shape.type_name == "structure" and isinstance(value, dict):
        known = {name.lower(): name for name in shape.members}
        found = {}
        for name, item in value.items():
            own = known.get(name.lower(), name)
            inner = shape.members.get(own)
            found[own] = item if inner is None else spelled(inner, item)
        return found
    if shape.type_name == "list" and isinstance(value, list):
        return [spelled(shape.member, item) for item in value]
    return value


def tags_changed(client: Any, arn: str, before: Model, model: Model) -> None:
    """The tags of a resource as the template has them."""
    old = {tag["Key"] for tag in before.get("Tags") or []}
    new = {tag["Key"]: tag.get("Value", "") for tag in model.get("Tags") or []}
    if gone := sorted(old - {*new}):
        client.untag_resource(resourceArn=arn, tagKeys=gone)
    if new:
        tags = [{"key": key, "value": value} for key, value in new.items()]
        client.tag_resource(resourceArn=arn, tags=tags)


class ClusterResource(ResourceType):
    """AWS::ECS::Cluster; `Ref` is its name."""

    TYPE: ClassVar[str] = "AWS::ECS::Cluster"
    IDENTIFIER: ClassVar[str] = "ClusterName"

    def create(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """CreateCluster."""
        model = dict(request.desired_state)
        model.setdefault("ClusterName", self.default_name(request))
        client = request.aws_client_factory.ecs
        created = client.create_cluster(**members("CreateCluster", model, self.TYPE))["cluster"]
        return self.done(model | {"Arn": created["clusterArn"]})

    def update(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """UpdateCluster and PutClusterCapacityProviders."""
        before = request.previous_state or {}
        kept = {name: before[name] for name in ("ClusterName", "Arn") if name in before}
        model = {**request.desired_state, **kept}
        client = request.aws_client_factory.ecs
        given = members("CreateCluster", {k: v for k, v in model.items() if k != "Arn"}, self.TYPE)
        client.update_cluster(
            cluster=model["ClusterName"],
            settings=given.get("settings") or [],
            configuration=given.get("configuration") or {},
        )
        client.put_cluster_capacity_providers(
            cluster=model["ClusterName"],
            capacityProviders=given.get("capacityProviders") or [],
            defaultCapacityProviderStrategy=given.get("defaultCapacityProviderStrategy") or [],
        )
        tags_changed(client, model["Arn"], before, model)
        return self.done(model)

    def delete(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """DeleteCluster; one that is gone is gone."""
        model = request.previous_state or request.desired_state
        if name := model.get("ClusterName"):
            _unless_gone(request.aws_client_factory.ecs.delete_cluster, cluster=name)
        return self.done(model)


class TaskDefinitionResource(ResourceType):
    """AWS::ECS::TaskDefinition; `Ref` is its ARN. Another definition is another resource."""

    TYPE: ClassVar[str] = "AWS::ECS::TaskDefinition"
    IDENTIFIER: ClassVar[str] = "TaskDefinitionArn"

    def create(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """RegisterTaskDefinition."""
        model = dict(request.desired_state)
        model.setdefault("Family", self.default_name(request))
        given = members("RegisterTaskDefinition", model, self.TYPE)
        given.setdefault("containerDefinitions", [])
        client = request.aws_client_factory.ecs
        made = client.register_task_definition(**given)["taskDefinition"]
        return self.done(model | {"TaskDefinitionArn": made["taskDefinitionArn"]})

    def update(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Only tags change."""
        before = request.previous_state or {}
        kept = {name: before[name] for name in ("Family", "TaskDefinitionArn") if name in before}
        model = {**request.desired_state, **kept}
        arn = model["TaskDefinitionArn"]
        tags_changed(request.aws_client_factory.ecs, arn, before, model)
        return self.done(model)

    def delete(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """DeregisterTaskDefinition."""
        model = request.previous_state or request.desired_state
        if arn := model.get("TaskDefinitionArn"):
            request.aws_client_factory.ecs.deregister_task_definition(taskDefinition=arn)
        return self.done(model)


TaskDefinitionResource.SCHEMA["createOnlyProperties"] = [
    f"/properties/{name}" for name in DEFINITION
]


class ServiceResource(ResourceType):
    """AWS::ECS::Service; `Ref` is its ARN."""

    TYPE: ClassVar[str] = "AWS::ECS::Service"
    IDENTIFIER: ClassVar[str] = "ServiceArn"

    def create(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """CreateService, and wait for its steady state."""
        model = dict(request.desired_state)
        client = request.aws_client_factory.ecs
        if "deployment" not in request.custom_context:
            model.setdefault("ServiceName", self.default_name(request))
            given = self._given("CreateService", model)
            given.setdefault("desiredCount", 1)
            made = client.create_service(**given)["service"]
            model |= {"ServiceArn": made["serviceArn"], "Name": made["serviceName"]}
            return self.in_progress(model, deployment=made["deployments"][0]["id"])
        return self._look(request, model)

    def update(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """UpdateService, and wait for its steady state."""
        before = request.previous_state or {}
        names = ("ServiceName", "ServiceArn", "Name")
        model = {**request.desired_state, **{n: before[n] for n in names if n in before}}
        client = request.aws_client_factory.ecs
        if "deployment" in request.custom_context:
            return self._look(request, model)
        given = self._given("UpdateService", model)
        given["forceNewDeployment"] = model.get("ForceNewDeployment") != before.get(
            "ForceNewDeployment"
        )
        made = client.update_service(service=model["ServiceName"], **given)["service"]
        tags_changed(client, model["ServiceArn"], before, model)
        return self.in_progress(model, deployment=made["deployments"][0]["id"])

    def delete(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """DeleteService with its tasks, and wait until they are gone."""
        model = request.previous_state or request.desired_state
        if not model.get("ServiceArn"):
            return self.done(model)
        client = request.aws_client_factory.ecs
        place = {"cluster": model.get("Cluster") or "default"}
        if "deleting" not in request.custom_context:
            _unless_gone(client.delete_service, service=model["ServiceName"], force=True, **place)
            return self.in_progress(model, deleting=True)
        found = described(client, model)
        if found is None or found["status"] == "INACTIVE":
            return self.done(model)
        return self.in_progress(model, deleting=True)

    def _look(self, request: ResourceRequest[Model], model: Model) -> ProgressEvent[Model]:
        deployment = request.custom_context["deployment"]
        found = described(request.aws_client_factory.ecs, model)
        if found is None or found["status"] != "ACTIVE":
            return self.failed(model, f"The service {model['ServiceName']} is gone")
        if failure := why_failed(found, deployment):
            return self.failed(model, failure)
        primary = found["deployments"][0]
        steady = primary["rolloutState"] == "COMPLETED"
        if steady and found["runningCount"] == found["desiredCount"]:
            return self.done(model)
        return self.in_progress(model, deployment=deployment)

    def _given(self, operation: str, model: Model) -> Model:
        """The properties as the API has them."""
        left_out = {"ServiceArn", "Name", "ForceNewDeployment"}
        if operation == "UpdateService":
            left_out |= {"ServiceName", "Tags", "LaunchType", "SchedulingStrategy", "Role"}
        given = {name: value for name, value in model.items() if name not in left_out}
        return members(operation, given, self.TYPE)


ServiceResource.SCHEMA["createOnlyProperties"] = [
    f"/properties/{name}"
    for name in ("Cluster", "LaunchType", "Role", "SchedulingStrategy", "ServiceName")
]


def described(client: Any, model: Model) -> Model | None:
    """The service as it is now."""
    try:
        answer = client.describe_services(
            cluster=model.get("Cluster") or "default", services=[model["ServiceName"]]
        )
    except ClientError as error:
        if error.response["Error"]["Code"] in GONE:
            return None
        raise
    found: list[Model] = answer["services"]
    return found[0] if found else None


def why_failed(service: Model, identifier: str) -> str | None:
    """Why a deployment has failed; None as long as it did not."""
    for deployment in service["deployments"]:
        if deployment["id"] == identifier and deployment["rolloutState"] != "FAILED":
            return None
        if deployment["id"] == identifier:
            alarm = "deployment alarm" in deployment["rolloutStateReason"]
            return ALARMED if alarm else TRIGGERED
    return TRIGGERED


def _unless_gone(call: Any, **arguments: Any) -> None:
    """Delete what may be gone already."""
    try:
        call(**arguments)
    except ClientError as error:
        if error.response["Error"]["Code"] not in GONE:
            raise
