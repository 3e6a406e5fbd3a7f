"""CloudFormation's AWS::ApplicationAutoScaling types."""

from typing import Any, ClassVar

from botocore.exceptions import ClientError
from localstack.services.cloudformation.resource_provider import ProgressEvent, ResourceRequest

from emulation.services.resource_types import Model, ResourceType
from emulation.services.typed import typed

SERVICE = "application-autoscaling"
PLACE = ("ServiceNamespace", "ResourceId", "ScalableDimension")
BOUNDS = ("MinCapacity", "MaxCapacity", "RoleARN", "SuspendedState")


def is_gone(error: ClientError) -> bool:
    """Whether something is not there."""
    return str(error.response["Error"]["Code"]) == "ObjectNotFoundException"


class ScalableTargetResource(ResourceType):
    """AWS::ApplicationAutoScaling::ScalableTarget; `Ref` is `RESOURCE|DIMENSION|NAMESPACE`."""

    TYPE: ClassVar[str] = "AWS::ApplicationAutoScaling::ScalableTarget"
    IDENTIFIER: ClassVar[str] = "Id"

    def create(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """RegisterScalableTarget, and its scheduled actions."""
        model = dict(request.desired_state)
        self._put(request.aws_client_factory.application_autoscaling, {}, model)
        parts = (model["ResourceId"], model["ScalableDimension"], model["ServiceNamespace"])
        return self.done(model | {"Id": "|".join(parts)})

    def update(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """RegisterScalableTarget again."""
        before = request.previous_state or {}
        model = {**request.desired_state, "Id": before["Id"]}
        self._put(request.aws_client_factory.application_autoscaling, before, model)
        return self.done(model)

    def delete(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """DeregisterScalableTarget."""
        model = request.previous_state or request.desired_state
        try:
            request.aws_client_factory.application_autoscaling.deregister_scalable_target(
                **{name: model[name] for name in PLACE}
            )
        except ClientError as error:
            if not is_gone(error):
                raise
        return self.done(model)

    def _put(self, client: Any, before: Model, model: Model) -> None:
        place = {name: model[name] for name in PLACE}
        given = {name: model[name] for name in (*PLACE, *BOUNDS) if model.get(name) is not None}
        given = typed(SERVICE, "RegisterScalableTarget", given, self.TYPE)
        client.register_scalable_target(**given)
        wanted = {item["ScheduledActionName"]: item for item in model.get("ScheduledActions") or []}
        for item in before.get("ScheduledActions") or []:
            if item["ScheduledActionName"] not in wanted:
                name = item["ScheduledActionName"]
                client.delete_scheduled_action(**place, ScheduledActionName=name)
        for item in wanted.values():
            action = typed(SERVICE, "PutScheduledAction", {**place, **item}, self.TYPE)
            client.put_scheduled_action(**action)


class ScalingPolicyResource(ResourceType):
    """AWS::ApplicationAutoScaling::ScalingPolicy; `Ref` is its ARN."""

    TYPE: ClassVar[str] = "AWS::ApplicationAutoScaling::ScalingPolicy"
    IDENTIFIER: ClassVar[str] = "Arn"

    def create(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """PutScalingPolicy."""
        model = dict(request.desired_state)
        if model.get("ScalingTargetId"):
            resource, dimension, namespace = model["ScalingTargetId"].split("|")
            model |= dict(zip(PLACE, (namespace, resource, dimension), strict=True))
        return self._put(request, model)

    def update(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """PutScalingPolicy again."""
        before = request.previous_state or {}
        kept = {name: before[name] for name in (*PLACE, "Arn") if name in before}
        return self._put(request, {**kept, **request.desired_state})

    def _put(self, request: ResourceRequest[Model], model: Model) -> ProgressEvent[Model]:
        left = ("Arn", "ScalingTargetId")
        given = {name: value for name, value in model.items() if name not in left}
        given = typed(SERVICE, "PutScalingPolicy", given, self.TYPE)
        made = request.aws_client_factory.application_autoscaling.put_scaling_policy(**given)
        return self.done(model | {"Arn": made["PolicyARN"]})

    def delete(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """DeleteScalingPolicy."""
        model = request.previous_state or request.desired_state
        names = ("PolicyName", *PLACE)
        try:
            request.aws_client_factory.application_autoscaling.delete_scaling_policy(
                **{name: model[name] for name in names}
            )
        except ClientError as error:
            if not is_gone(error):
                raise
        return self.done(model)


# What replaces; LocalStack's change sets read it from here.
ScalableTargetResource.SCHEMA["createOnlyProperties"] = [f"/properties/{name}" for name in PLACE]
ScalingPolicyResource.SCHEMA["createOnlyProperties"] = [
    f"/properties/{name}" for name in (*PLACE, "PolicyName", "ScalingTargetId")
]
