"""The CloudFormation type AWS::Events::Rule. LocalStack's own has no update, leaves the role out,
makes lists of a pattern's plain values, and looks for a rule to delete on the default bus only.
"""

import json
from typing import Any

from botocore.exceptions import ClientError
from localstack.aws.api import CommonServiceException
from localstack.services.cloudformation.resource_provider import ProgressEvent, ResourceRequest

from emulation.services.events import errors
from emulation.services.resource_types import Model, ResourceType
from emulation.services.typed import typed

OF_RULE = (
    "Name",
    "EventBusName",
    "EventPattern",
    "ScheduleExpression",
    "State",
    "Description",
    "RoleArn",
)


class RuleResource(ResourceType):
    """A rule with its targets; everything but its name and bus changes in place."""

    TYPE = "AWS::Events::Rule"
    IDENTIFIER = "Id"

    def create(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Make the rule, then its targets."""
        model = request.desired_state
        events = request.aws_client_factory.events
        model.setdefault("Name", self.default_name(request))
        bus = model.get("EventBusName")
        model["Id"] = f"{bus}|{model['Name']}" if bus else model["Name"]
        self._put(events, model, {})
        return self.done(model)

    def update(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Change what differs."""
        before = request.previous_state
        kept = {name: before[name] for name in ("Name", "Id", "Arn")}
        model = {**request.desired_state, **kept}
        self._put(request.aws_client_factory.events, model, before)
        return self.done(model)

    def delete(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Delete the targets, then the rule."""
        model = request.desired_state or request.previous_state
        events = request.aws_client_factory.events
        place = placed(model)
        found = events.list_targets_by_rule(**place)["Targets"]
        if found:
            events.remove_targets(**place, Ids=[target["Id"] for target in found], Force=True)
        events.delete_rule(Name=place.pop("Rule"), **place)
        return self.done(model)

    def _put(self, events: Any, model: Model, before: Model) -> None:
        given = {name: model[name] for name in OF_RULE if model.get(name) is not None}
        if not isinstance(given.get("EventPattern", ""), str):
            given["EventPattern"] = json.dumps(given["EventPattern"])
        tags = [] if before else model.get("Tags") or []
        model["Arn"] = events.put_rule(**given, Tags=tags)["RuleArn"]
        try:
            self._put_targets(events, model, before)
        except (ClientError, CommonServiceException):
            if not before:
                # Nobody deletes what could not be created.
                events.delete_rule(**{"Name": model["Name"], **bus_of(model)})
            raise
        if before:
            retag(events, model, before)

    def _put_targets(self, events: Any, model: Model, before: Model) -> None:
        wanted = model.get("Targets") or []
        gone = {target["Id"] for target in before.get("Targets") or []}
        gone -= {target["Id"] for target in wanted}
        if gone:
            events.remove_targets(**placed(model), Ids=sorted(gone))
        if wanted:
            given = typed("events", "PutTargets", {"Targets": wanted}, self.TYPE)
            answer = events.put_targets(**placed(model), **given)
            for failed in answer["FailedEntries"]:
                raise errors.validation(failed["ErrorMessage"])


RuleResource.SCHEMA["createOnlyProperties"] = ["/properties/Name", "/properties/EventBusName"]


def bus_of(model: Model) -> Model:
    """The rule's bus as a request's member."""
    return {"EventBusName": model["EventBusName"]} if model.get("EventBusName") else {}


def placed(model: Model) -> Model:
    """Where the rule's targets are."""
    return {"Rule": model["Name"], **bus_of(model)}


def retag(events: Any, model: Model, before: Model) -> None:
    """Bring the tags where the template wants them."""
    old, new = ({tag["Key"]: tag["Value"] for tag in m.get("Tags") or []} for m in (before, model))
    if gone := sorted(old.keys() - new.keys()):
        events.untag_resource(ResourceARN=model["Arn"], TagKeys=gone)
    if new != old and new:
        tags = [{"Key": name, "Value": value} for name, value in new.items()]
        events.tag_resource(ResourceARN=model["Arn"], Tags=tags)
