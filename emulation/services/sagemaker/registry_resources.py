"""The model registry's CloudFormation types. A group's policy and a version's approval change in
place; what a version is made of never does.
"""

import json
from typing import Any

from botocore.exceptions import ClientError
from localstack.services.cloudformation.resource_provider import ProgressEvent, ResourceRequest

from emulation.services.resource_types import Model, ResourceType
from emulation.services.sagemaker.resources import attributes, is_missing, only, retag
from emulation.services.typed import typed

POLICY = "ModelPackageGroupPolicy"


class ModelPackageGroupResource(ResourceType):
    """AWS::SageMaker::ModelPackageGroup."""

    TYPE = "AWS::SageMaker::ModelPackageGroup"
    IDENTIFIER = "ModelPackageGroupArn"
    MEMBERS = ("ModelPackageGroupName", "ModelPackageGroupDescription", "Tags")
    ATTRIBUTES = ("CreationTime", "ModelPackageGroupStatus")

    def create(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Create it; `Ref` is its ARN."""
        model = dict(request.desired_state)
        client = request.aws_client_factory.sagemaker
        answer = client.create_model_package_group(**only(model, self.MEMBERS))
        set_policy(client, model)
        found = client.describe_model_package_group(
            ModelPackageGroupName=model["ModelPackageGroupName"]
        )
        model[self.IDENTIFIER] = answer[self.IDENTIFIER]
        return self.done(model | attributes(found, self.ATTRIBUTES))

    def update(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Its policy and its tags."""
        previous = request.previous_state or {}
        model = {**only(previous, (self.IDENTIFIER, *self.ATTRIBUTES)), **request.desired_state}
        client = request.aws_client_factory.sagemaker
        if model.get(POLICY):
            set_policy(client, model)
        elif previous.get(POLICY):
            client.delete_model_package_group_policy(
                ModelPackageGroupName=model["ModelPackageGroupName"]
            )
        old = {tag["Key"] for tag in previous.get("Tags") or []}
        retag(request, model[self.IDENTIFIER], old, model.get("Tags") or [])
        return self.done(model)

    def delete(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Delete it, which an empty group allows; one that is gone already is no failure."""
        name = request.desired_state["ModelPackageGroupName"]
        try:
            request.aws_client_factory.sagemaker.delete_model_package_group(
                ModelPackageGroupName=name
            )
        except ClientError as error:
            if not is_missing(error):
                raise
        return self.done(request.desired_state)


ModelPackageGroupResource.SCHEMA["createOnlyProperties"] = [
    "/properties/ModelPackageGroupName",
    "/properties/ModelPackageGroupDescription",
]


def set_policy(client: Any, model: Model) -> None:
    """A template's policy is a document, the API's a text."""
    policy = model.get(POLICY)
    if policy:
        text = policy if isinstance(policy, str) else json.dumps(policy)
        client.put_model_package_group_policy(
            ModelPackageGroupName=model["ModelPackageGroupName"], ResourcePolicy=text
        )


class ModelPackageResource(ResourceType):
    """AWS::SageMaker::ModelPackage."""

    TYPE = "AWS::SageMaker::ModelPackage"
    IDENTIFIER = "ModelPackageArn"
    CREATE_ONLY = (
        "ModelPackageName",
        "ModelPackageGroupName",
        "ModelPackageDescription",
        "InferenceSpecification",
        "ValidationSpecification",
        "SourceAlgorithmSpecification",
        "MetadataProperties",
        "ModelMetrics",
        "ClientToken",
        "DriftCheckBaselines",
        "Domain",
        "Task",
        "SamplePayloadUrl",
        "SecurityConfig",
        "SkipModelValidation",
        "CertifyForMarketplace",
        "AdditionalInferenceSpecifications",
    )
    CHANGED = ("ModelApprovalStatus", "ApprovalDescription", "SourceUri", "ModelCard")
    ADDED = "AdditionalInferenceSpecificationsToAdd"
    METADATA = "CustomerMetadataProperties"
    ATTRIBUTES = ("CreationTime", "LastModifiedTime", "ModelPackageStatus")

    def create(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Create it; `Ref` is its ARN."""
        model = dict(request.desired_state)
        client = request.aws_client_factory.sagemaker
        later = only(model, ("ApprovalDescription", self.ADDED))
        now = {name: value for name, value in model.items() if name not in later}
        given = typed("sagemaker", "CreateModelPackage", now, self.TYPE)
        model[self.IDENTIFIER] = client.create_model_package(**given)[self.IDENTIFIER]
        if later:
            self._update(client, {self.IDENTIFIER: model[self.IDENTIFIER], **later})
        return self.done(model | self._attributes(client, model))

    def update(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Approval, annotations, tags."""
        previous = request.previous_state or {}
        model = {self.IDENTIFIER: previous[self.IDENTIFIER], **request.desired_state}
        client = request.aws_client_factory.sagemaker
        changes = self._changes(previous, model)
        if changes:
            self._update(client, {self.IDENTIFIER: model[self.IDENTIFIER], **changes})
        old = {tag["Key"] for tag in previous.get("Tags") or []}
        retag(request, model[self.IDENTIFIER], old, model.get("Tags") or [])
        return self.done(model | self._attributes(client, model))

    def _changes(self, before: Model, model: Model) -> Model:
        changes = {
            name: model[name]
            for name in self.CHANGED
            if model.get(name) is not None and model[name] != before.get(name)
        }
        old, new = before.get(self.METADATA) or {}, model.get(self.METADATA) or {}
        if new and new != old:
            changes[self.METADATA] = new
        if gone := sorted(set(old) - set(new)):
            changes[f"{self.METADATA}ToRemove"] = gone
        known = {item["Name"] for item in before.get(self.ADDED) or []}
        if added := [item for item in model.get(self.ADDED) or [] if item["Name"] not in known]:
            changes[self.ADDED] = added
        return changes

    def _update(self, client: Any, members: Model) -> None:
        given = typed("sagemaker", "UpdateModelPackage", members, self.TYPE)
        client.update_model_package(**given)

    def _attributes(self, client: Any, model: Model) -> Model:
        found = client.describe_model_package(ModelPackageName=model[self.IDENTIFIER])
        return attributes(found, self.ATTRIBUTES)

    def delete(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Delete it; one that is gone already is no failure."""
        arn = request.desired_state[self.IDENTIFIER]
        try:
            request.aws_client_factory.sagemaker.delete_model_package(ModelPackageName=arn)
        except ClientError as error:
            if not is_missing(error):
                raise
        return self.done(request.desired_state)


ModelPackageResource.SCHEMA["createOnlyProperties"] = [
    f"/properties/{name}" for name in ModelPackageResource.CREATE_ONLY
]
