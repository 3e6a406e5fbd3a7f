"""EMR Serverless's CloudFormation type: its properties are the API's members, spelled with a
capital.
"""

from typing import Any, ClassVar

from botocore.exceptions import ClientError
from localstack.services.cloudformation.resource_provider import ProgressEvent, ResourceRequest

from emulation.services.emr_serverless.application_states import RUNNING
from emulation.services.resource_types import Model, ResourceType
from emulation.services.typed import typed

READ_ONLY = ("ApplicationId", "Arn")
PAIRS = {
    "InitialCapacity": "initialCapacity",
    "WorkerTypeSpecifications": "workerTypeSpecifications",
}
"""Maps of the API that a template writes as lists of keys and values."""


def members(model: Model) -> Model:
    """A template's properties as the API takes them."""
    given = {name: value for name, value in model.items() if name not in READ_ONLY}
    tags = given.pop("Tags", None)
    found: Model = {}
    for name, value in given.items():
        found[_lower(name)] = (
            {pair["Key"]: _camel(pair["Value"]) for pair in value}
            if name in PAIRS
            else _camel(value)
        )
    if tags:
        found["tags"] = {tag["Key"]: tag["Value"] for tag in tags}
    return found


def _camel(value: Any) -> Any:
    if isinstance(value, dict):
        # The keys of `Properties` are names of properties, not members.
        return {
            _lower(name): item if name == "Properties" else _camel(item)
            for name, item in value.items()
        }
    return [_camel(item) for item in value] if isinstance(value, list) else value


def _lower(name: str) -> str:
    return name[:1].lower() + name[1:]


class ApplicationResource(ResourceType):
    """AWS::EMRServerless::Application; `Ref` is its id."""

    TYPE: ClassVar[str] = "AWS::EMRServerless::Application"
    IDENTIFIER: ClassVar[str] = "ApplicationId"

    def create(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """CreateApplication."""
        model = dict(request.desired_state)
        given = typed("emr-serverless", "CreateApplication", members(model), self.TYPE)
        made = request.aws_client_factory.emr_serverless.create_application(**given)
        return self.done(model | {"ApplicationId": made["applicationId"], "Arn": made["arn"]})

    def update(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """UpdateApplication, of an application that is stopped for it; then its tags."""
        before = request.previous_state or {}
        model = {**{name: before.get(name) for name in READ_ONLY}, **request.desired_state}
        client = request.aws_client_factory.emr_serverless
        given = members(model)
        tags = given.pop("tags", {})
        if _differs(before, model):
            self._stop(request, model["ApplicationId"])
            changes = {name: value for name, value in given.items() if name not in CREATE_ONLY}
            changes["applicationId"] = model["ApplicationId"]
            client.update_application(
                **typed("emr-serverless", "UpdateApplication", changes, self.TYPE)
            )
        gone = sorted(set(members(before).get("tags", {})) - set(tags))
        if gone:
            client.untag_resource(resourceArn=model["Arn"], tagKeys=gone)
        if tags:
            client.tag_resource(resourceArn=model["Arn"], tags=tags)
        return self.done(model)

    def delete(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """DeleteApplication, of an application that is stopped for it."""
        model = request.desired_state
        try:
            self._stop(request, model["ApplicationId"])
            request.aws_client_factory.emr_serverless.delete_application(
                applicationId=model["ApplicationId"]
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceNotFoundException":
                return self.failed(model, error.response["Error"]["Message"])
        return self.done(model)

    @staticmethod
    def _stop(request: ResourceRequest[Model], identifier: str) -> None:
        client = request.aws_client_factory.emr_serverless
        found = client.get_application(applicationId=identifier)["application"]
        if found["state"] in RUNNING:
            client.stop_application(applicationId=identifier)


CREATE_ONLY = ("name", "type")


def _differs(before: Model, after: Model) -> bool:
    ignored = (*READ_ONLY, "Tags")
    old = {name: value for name, value in before.items() if name not in ignored}
    return old != {name: value for name, value in after.items() if name not in ignored}


# LocalStack's change sets read from here which properties replace.
ApplicationResource.SCHEMA["createOnlyProperties"] = ["/properties/Name", "/properties/Type"]
