"""The CloudFormation types of CloudWatch Logs. LocalStack's own group leaves retention and tags
out, its subscription filter its name and role, and neither can change.
"""

from contextlib import suppress
from typing import Any, ClassVar

from botocore.exceptions import ClientError
from localstack.services.cloudformation.resource_provider import ProgressEvent, ResourceRequest

from emulation.services.resource_types import Model, ResourceType
from emulation.services.typed import typed


class LogGroupResource(ResourceType):
    """A group; everything but its name changes in place."""

    TYPE = "AWS::Logs::LogGroup"
    IDENTIFIER = "LogGroupName"
    KNOWN = frozenset(
        {"LogGroupName", "RetentionInDays", "Tags", "KmsKeyId", "LogGroupClass", "Arn"}
    )

    def create(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Make the group, then say how long it keeps events."""
        model = request.desired_state
        self._refuse(model)
        name = model.setdefault("LogGroupName", self.default_name(request))
        logs = request.aws_client_factory.logs
        given = {
            "tags": tags_of(model),
            "kmsKeyId": model.get("KmsKeyId"),
            "logGroupClass": model.get("LogGroupClass"),
        }
        logs.create_log_group(
            logGroupName=name,
            **{member: value for member, value in given.items() if value},
        )
        try:
            self._retain(logs, model)
        except ClientError:
            # Nobody deletes what could not be created.
            logs.delete_log_group(logGroupName=name)
            raise
        place = f"logs:{request.region_name}:{request.account_id}:log-group:{name}"
        return self.done(model | {"Arn": f"arn:aws:{place}:*"})

    def update(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Change retention and tags."""
        before = request.previous_state
        model = {**request.desired_state, **{n: before[n] for n in ("LogGroupName", "Arn")}}
        self._refuse(model)
        for name in ("KmsKeyId", "LogGroupClass"):
            if model.get(name) != before.get(name):
                raise NotImplementedError(f"A change of {name} of {self.TYPE} is not emulated")
        logs = request.aws_client_factory.logs
        self._retain(logs, model)
        place = {"logGroupName": model["LogGroupName"]}
        if gone := sorted(tags_of(before).keys() - tags_of(model).keys()):
            logs.untag_log_group(**place, tags=gone)
        if tags := tags_of(model):
            logs.tag_log_group(**place, tags=tags)
        return self.done(model)

    def delete(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Delete the group with its events."""
        model = request.previous_state or request.desired_state
        request.aws_client_factory.logs.delete_log_group(logGroupName=model["LogGroupName"])
        return self.done(model)

    def _refuse(self, model: Model) -> None:
        for name in model.keys() - self.KNOWN:
            raise NotImplementedError(f"{name} of {self.TYPE} is not emulated")

    def _retain(self, logs: Any, model: Model) -> None:
        place = {"logGroupName": model["LogGroupName"]}
        if days := model.get("RetentionInDays"):
            logs.put_retention_policy(**place, retentionInDays=int(days))
        else:
            logs.delete_retention_policy(**place)


LogGroupResource.SCHEMA["createOnlyProperties"] = ["/properties/LogGroupName"]


def tags_of(model: Model) -> dict[str, str]:
    """The tags by name."""
    return {tag["Key"]: str(tag["Value"]) for tag in model.get("Tags") or []}


class FilterResource(ResourceType):
    """A filter of a group: what is put again is changed."""

    NOUN: ClassVar[str]
    FIXED = ("LogGroupName", "FilterName")

    def create(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Put it."""
        model = request.desired_state
        model.setdefault("FilterName", self.default_name(request))
        return self._put(request, model)

    def update(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Put it again."""
        kept = {name: request.previous_state[name] for name in self.FIXED}
        return self._put(request, {**request.desired_state, **kept})

    def delete(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Delete it; with its group it is gone already."""
        model = request.previous_state or request.desired_state
        logs = request.aws_client_factory.logs
        with suppress(logs.exceptions.ResourceNotFoundException):
            getattr(logs, f"delete_{self.NOUN}_filter")(
                logGroupName=model["LogGroupName"], filterName=model["FilterName"]
            )
        return self.done(model)

    def _put(self, request: ResourceRequest[Model], model: Model) -> ProgressEvent[Model]:
        operation = f"Put{self.NOUN.capitalize()}Filter"
        given = typed("logs", operation, self._members(model), self.TYPE)
        getattr(request.aws_client_factory.logs, f"put_{self.NOUN}_filter")(**given)
        return self.done(model)

    def _members(self, model: Model) -> Model:
        """The properties as the API spells them."""
        return {name[0].lower() + name[1:]: value for name, value in model.items()}


class SubscriptionFilterResource(FilterResource):
    """A subscription filter."""

    TYPE = "AWS::Logs::SubscriptionFilter"
    IDENTIFIER = "FilterName"
    NOUN = "subscription"


class MetricFilterResource(FilterResource):
    """A metric filter."""

    TYPE = "AWS::Logs::MetricFilter"
    IDENTIFIER = "FilterName"
    NOUN = "metric"

    def _members(self, model: Model) -> Model:
        members = super()._members(model)
        members["metricTransformations"] = [
            self._transformation(given) for given in model["MetricTransformations"]
        ]
        return members

    def _transformation(self, given: Model) -> Model:
        spelled = {name[0].lower() + name[1:]: value for name, value in given.items()}
        if dimensions := spelled.get("dimensions"):
            spelled["dimensions"] = {item["Key"]: item["Value"] for item in dimensions}
        return spelled


for _filter in (SubscriptionFilterResource, MetricFilterResource):
    _filter.SCHEMA["createOnlyProperties"] = [
        "/properties/LogGroupName",
        "/properties/FilterName",
    ]


class QueryDefinitionResource(ResourceType):
    """A query that is kept."""

    TYPE = "AWS::Logs::QueryDefinition"
    IDENTIFIER = "QueryDefinitionId"

    def create(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Keep it."""
        return self._put(request, request.desired_state)

    def update(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Change it."""
        identifier = request.previous_state["QueryDefinitionId"]
        return self._put(request, {**request.desired_state, "QueryDefinitionId": identifier})

    def delete(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Forget it."""
        model = request.previous_state or request.desired_state
        request.aws_client_factory.logs.delete_query_definition(
            queryDefinitionId=model["QueryDefinitionId"]
        )
        return self.done(model)

    def _put(self, request: ResourceRequest[Model], model: Model) -> ProgressEvent[Model]:
        members = {name[0].lower() + name[1:]: value for name, value in model.items()}
        given = typed("logs", "PutQueryDefinition", members, self.TYPE)
        answer = request.aws_client_factory.logs.put_query_definition(**given)
        return self.done(model | {"QueryDefinitionId": answer["queryDefinitionId"]})
