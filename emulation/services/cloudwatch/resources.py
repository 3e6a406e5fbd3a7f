"""The CloudFormation types of CloudWatch: alarms and dashboards, changed in place."""

from typing import Any, ClassVar

from localstack.services.cloudformation.resource_provider import ProgressEvent, ResourceRequest

from emulation.services.resource_types import Model, ResourceType
from emulation.services.typed import typed


class AlarmLike(ResourceType):
    """An alarm: everything but its name changes in place."""

    OPERATION: ClassVar[str]
    METHOD: ClassVar[str]

    def create(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Put the alarm."""
        model = request.desired_state
        model.setdefault(self.IDENTIFIER, self.default_name(request))
        return self.done(self._put(request, model, model.get("Tags") or []))

    def update(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Put another in its place; its tags change by their own operations."""
        before = request.previous_state or {}
        model = {**request.desired_state, "AlarmName": before["AlarmName"]}
        model = self._put(request, model, [])
        change_tags(request.aws_client_factory.cloudwatch, before, model)
        return self.done(model)

    def delete(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Delete it."""
        model = request.previous_state or request.desired_state
        client = request.aws_client_factory.cloudwatch
        client.delete_alarms(AlarmNames=[model["AlarmName"]])
        return self.done(model)

    def _put(self, request: ResourceRequest[Model], model: Model, tags: list[Model]) -> Model:
        own = {"Arn", "Id", "Tags"}
        given = {name: value for name, value in model.items() if name not in own}
        members = typed("cloudwatch", self.OPERATION, given, self.TYPE)
        more = {"Tags": tags} if tags else {}
        client = request.aws_client_factory.cloudwatch
        getattr(client, self.METHOD)(**members, **more)
        return {**model, "Arn": arn_of(client, model["AlarmName"])}


class AlarmResource(AlarmLike):
    """A metric alarm."""

    TYPE = "AWS::CloudWatch::Alarm"
    IDENTIFIER = "AlarmName"
    OPERATION = "PutMetricAlarm"
    METHOD = "put_metric_alarm"


class CompositeAlarmResource(AlarmLike):
    """A composite alarm."""

    TYPE = "AWS::CloudWatch::CompositeAlarm"
    IDENTIFIER = "AlarmName"
    OPERATION = "PutCompositeAlarm"
    METHOD = "put_composite_alarm"


class DashboardResource(ResourceType):
    """A dashboard: its body changes in place."""

    TYPE = "AWS::CloudWatch::Dashboard"
    IDENTIFIER = "DashboardName"

    def create(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Put it."""
        model = request.desired_state
        model.setdefault(self.IDENTIFIER, self.default_name(request))
        return self.done(self._put(request, model))

    def update(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Put another body in its place."""
        before = request.previous_state or {}
        name = {self.IDENTIFIER: before[self.IDENTIFIER]}
        return self.done(self._put(request, {**request.desired_state, **name}))

    def delete(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Delete it."""
        model = request.previous_state or request.desired_state
        request.aws_client_factory.cloudwatch.delete_dashboards(
            DashboardNames=[model[self.IDENTIFIER]]
        )
        return self.done(model)

    def _put(self, request: ResourceRequest[Model], model: Model) -> Model:
        given = typed("cloudwatch", "PutDashboard", model, self.TYPE)
        request.aws_client_factory.cloudwatch.put_dashboard(**given)
        return model


for kind in (AlarmResource, CompositeAlarmResource):
    kind.SCHEMA["createOnlyProperties"] = ["/properties/AlarmName"]
DashboardResource.SCHEMA["createOnlyProperties"] = ["/properties/DashboardName"]


def arn_of(client: Any, name: str) -> str:
    """The ARN of an alarm that has just been put."""
    types = ["MetricAlarm", "CompositeAlarm"]
    answer = client.describe_alarms(AlarmNames=[name], AlarmTypes=types)
    (alarm,) = answer["MetricAlarms"] + answer["CompositeAlarms"]
    return str(alarm["AlarmArn"])


def change_tags(client: Any, before: Model, after: Model) -> None:
    """Bring an alarm's tags from what the template had to what it has."""
    kept = {tag["Key"] for tag in after.get("Tags") or []}
    gone = {tag["Key"] for tag in before.get("Tags") or []} - kept
    if gone:
        client.untag_resource(ResourceARN=after["Arn"], TagKeys=sorted(gone))
    if kept:
        client.tag_resource(ResourceARN=after["Arn"], Tags=after["Tags"])
