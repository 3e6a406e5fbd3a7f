"""SageMaker's CloudFormation types. Models and configurations never change: a change replaces them,
and CloudFormation makes the new one before it deletes the old. An endpoint is updated in place.
"""

from datetime import datetime
from typing import Any, ClassVar

from botocore.exceptions import ClientError
from localstack.services.cloudformation.resource_provider import ProgressEvent, ResourceRequest

from emulation.services.resource_types import Model, ResourceType
from emulation.services.typed import typed

# A configuration names its model: it is replaced because the model is.


def only(model: Model, members: tuple[str, ...]) -> Model:
    """The members that the API takes."""
    return {member: model[member] for member in members if model.get(member) is not None}


def is_missing(error: ClientError) -> bool:
    """Whether the API says that there is no such thing."""
    message = error.response["Error"]["Message"]
    return "Could not find" in message or "does not exist" in message


class Immutable(ResourceType):
    """A resource of which every member but its tags asks for a replacement."""

    NOUN: ClassVar[str]
    """As in the operations' names: Create`NOUN`, Describe`NOUN`, Delete`NOUN`."""
    MEMBERS: ClassVar[tuple[str, ...]]
    NAME: ClassVar[str] = ""
    """The member that has its name; `NOUN`Name where it says nothing else."""
    ATTRIBUTES: ClassVar[tuple[str, ...]] = ()
    """What the description tells besides: properties that nobody writes."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        # LocalStack's change sets read from here which properties replace.
        if hasattr(cls, "MEMBERS"):
            cls.NAME = cls.NAME or f"{cls.NOUN}Name"
            cls.SCHEMA["createOnlyProperties"] = [
                f"/properties/{name}" for name in cls.MEMBERS if name != "Tags"
            ]

    def create(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Create it; `Ref` is its ARN."""
        model = dict(request.desired_state)
        model.setdefault(self.NAME, self.default_name(request))
        given = typed("sagemaker", f"Create{self.NOUN}", only(model, self.MEMBERS), self.TYPE)
        answer = self._call(request, "create", given)
        model[self.IDENTIFIER] = answer[self.IDENTIFIER]
        return self.done(model | self._attributes(request, model))

    def update(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Only tags can differ here: they are given anew."""
        model = {**(request.previous_state or {}), **request.desired_state}
        tags = model.get("Tags") or []
        old = {tag["Key"] for tag in (request.previous_state or {}).get("Tags") or []}
        retag(request, model[self.IDENTIFIER], old, tags)
        return self.done(model)

    def delete(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Delete it; one that is gone already is no failure."""
        try:
            self._call(request, "delete", {self.NAME: request.desired_state[self.NAME]})
        except ClientError as error:
            if not is_missing(error):
                raise
        return self.done(request.desired_state)

    def _attributes(self, request: ResourceRequest[Model], model: Model) -> Model:
        if not self.ATTRIBUTES:
            return {}
        found = self._call(request, "describe", {self.NAME: model[self.NAME]})
        return attributes(found, self.ATTRIBUTES)

    def _call(self, request: ResourceRequest[Model], verb: str, members: Model) -> Any:
        client = request.aws_client_factory.sagemaker
        snake = "".join(f"_{c.lower()}" if c.isupper() else c for c in self.NOUN)
        return getattr(client, f"{verb}{snake}")(**members)


def attributes(found: Model, names: tuple[str, ...]) -> Model:
    """Members of a description as attributes: times are texts."""
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in only(found, names).items()
    }


def retag(request: ResourceRequest[Model], arn: str, old: set[str], tags: list[Model]) -> None:
    """Make a resource's tags those of the template."""
    client = request.aws_client_factory.sagemaker
    gone = sorted(old - {tag["Key"] for tag in tags})
    if gone:
        client.delete_tags(ResourceArn=arn, TagKeys=gone)
    if tags:
        client.add_tags(ResourceArn=arn, Tags=tags)


class ModelResource(Immutable):
    """AWS::SageMaker::Model."""

    TYPE = "AWS::SageMaker::Model"
    IDENTIFIER = "ModelArn"
    NOUN = "Model"
    MEMBERS = (
        "ModelName",
        "PrimaryContainer",
        "Containers",
        "InferenceExecutionConfig",
        "ExecutionRoleArn",
        "VpcConfig",
        "EnableNetworkIsolation",
        "Tags",
    )


class EndpointConfigResource(Immutable):
    """AWS::SageMaker::EndpointConfig."""

    TYPE = "AWS::SageMaker::EndpointConfig"
    IDENTIFIER = "EndpointConfigArn"
    NOUN = "EndpointConfig"
    MEMBERS = (
        "EndpointConfigName",
        "ProductionVariants",
        "ShadowProductionVariants",
        "DataCaptureConfig",
        "AsyncInferenceConfig",
        "ExplainerConfig",
        "MetricsConfig",
        "KmsKeyId",
        "ExecutionRoleArn",
        "VpcConfig",
        "EnableNetworkIsolation",
        "Tags",
    )


class EndpointResource(ResourceType):
    """AWS::SageMaker::Endpoint."""

    TYPE = "AWS::SageMaker::Endpoint"
    IDENTIFIER = "EndpointArn"
    CREATE_MEMBERS = ("EndpointName", "EndpointConfigName", "DeploymentConfig", "Tags")
    UPDATE_MEMBERS = (
        "EndpointName",
        "EndpointConfigName",
        "DeploymentConfig",
        "RetainAllVariantProperties",
        "ExcludeRetainedVariantProperties",
        "RetainDeploymentConfig",
    )

    def create(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Create it and wait until its servers answer. `Ref` is its ARN."""
        model = dict(request.desired_state)
        if "created" not in request.custom_context:
            model.setdefault("EndpointName", self.default_name(request))
            client = request.aws_client_factory.sagemaker
            answer = client.create_endpoint(**given("CreateEndpoint", model, self.CREATE_MEMBERS))
            model[self.IDENTIFIER] = answer["EndpointArn"]
            return self.in_progress(model, created=True)
        found = describe(request, model["EndpointName"])
        if found["EndpointStatus"] == "Creating":
            return self.in_progress(model)
        if found["EndpointStatus"] == "InService":
            return self.done(model)
        return self.failed(model, found.get("FailureReason", found["EndpointStatus"]))

    def update(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Move it to another configuration; when that fails, the old one goes on serving."""
        previous = request.previous_state or {}
        model = {
            **{name: previous[name] for name in ("EndpointName", self.IDENTIFIER)},
            **request.desired_state,
        }
        if "updating" not in request.custom_context:
            old = {tag["Key"] for tag in previous.get("Tags") or []}
            retag(request, model[self.IDENTIFIER], old, model.get("Tags") or [])
            if model["EndpointConfigName"] == previous["EndpointConfigName"]:
                return self.done(model)
            client = request.aws_client_factory.sagemaker
            client.update_endpoint(**given("UpdateEndpoint", model, self.UPDATE_MEMBERS))
            return self.in_progress(model, updating=True)
        found = describe(request, model["EndpointName"])
        if found["EndpointStatus"] in MOVING:
            return self.in_progress(model)
        if found["EndpointConfigName"] == model["EndpointConfigName"]:
            return self.done(model)
        # No model: the rollback would delete an endpoint whose identifier it finds there.
        return self.failed({}, found.get("FailureReason", found["EndpointStatus"]))

    def delete(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Delete it and wait until it is gone; one that is gone already is no failure."""
        model = request.desired_state
        try:
            if "deleting" not in request.custom_context:
                client = request.aws_client_factory.sagemaker
                client.delete_endpoint(EndpointName=model["EndpointName"])
            describe(request, model["EndpointName"])
        except ClientError as error:
            if is_missing(error):
                return self.done(model)
            if "in-progress endpoint" in error.response["Error"]["Message"]:
                return self.in_progress(model)
            raise
        return self.in_progress(model, deleting=True)


MOVING = frozenset({"Updating", "RollingBack", "SystemUpdating"})


def given(operation: str, model: Model, members: tuple[str, ...]) -> Any:
    """What an operation takes of a template, with the API's types."""
    return typed("sagemaker", operation, only(model, members), EndpointResource.TYPE)


def describe(request: ResourceRequest[Model], name: str) -> Any:
    """The endpoint as it is now."""
    return request.aws_client_factory.sagemaker.describe_endpoint(EndpointName=name)


EndpointResource.SCHEMA["createOnlyProperties"] = ["/properties/EndpointName"]
