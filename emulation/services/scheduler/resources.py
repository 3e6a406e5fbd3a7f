"""The CloudFormation type AWS::Scheduler::Schedule; LocalStack's own cannot change one."""

from localstack.services.cloudformation.resource_provider import ProgressEvent, ResourceRequest

from emulation.services.resource_types import Model, ResourceType
from emulation.services.typed import typed


class ScheduleResource(ResourceType):
    """A schedule; everything but its name and group changes in place."""

    TYPE = "AWS::Scheduler::Schedule"
    IDENTIFIER = "Name"

    def create(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Make the schedule."""
        model = request.desired_state
        model.setdefault("Name", self.default_name(request))
        given = typed("scheduler", "CreateSchedule", model, self.TYPE)
        answer = request.aws_client_factory.scheduler.create_schedule(**given)
        return self.done(model | {"Arn": answer["ScheduleArn"]})

    def update(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Say all of it again."""
        kept = {name: request.previous_state[name] for name in ("Name", "Arn")}
        model = {**request.desired_state, **kept}
        given = {name: value for name, value in model.items() if name != "Arn"}
        request.aws_client_factory.scheduler.update_schedule(
            **typed("scheduler", "UpdateSchedule", given, self.TYPE)
        )
        return self.done(model)

    def delete(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Delete the schedule."""
        model = request.previous_state or request.desired_state
        place = {name: model[name] for name in ("Name", "GroupName") if model.get(name)}
        request.aws_client_factory.scheduler.delete_schedule(**place)
        return self.done(model)


ScheduleResource.SCHEMA["createOnlyProperties"] = ["/properties/Name", "/properties/GroupName"]
