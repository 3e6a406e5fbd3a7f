"""ECR's CloudFormation type: repositories, updated in place."""

import json
from typing import Any, ClassVar

from botocore.exceptions import ClientError
from localstack.services.cloudformation.resource_provider import ProgressEvent, ResourceRequest

from emulation.services.resource_types import Model, ResourceType
from emulation.services.typed import typed

CREATED = {
    "RepositoryName": "repositoryName",
    "ImageTagMutability": "imageTagMutability",
    "EncryptionConfiguration": "encryptionConfiguration",
}
KNOWN = {
    *CREATED,
    "ImageTagMutabilityExclusionFilters",
    "ImageScanningConfiguration",
    "LifecyclePolicy",
    "RepositoryPolicyText",
    "Tags",
    "EmptyOnDelete",
    "Arn",
    "RepositoryUri",
}


class RepositoryResource(ResourceType):
    """AWS::ECR::Repository; `Ref` is its name."""

    TYPE: ClassVar[str] = "AWS::ECR::Repository"
    IDENTIFIER: ClassVar[str] = "RepositoryName"

    def create(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """CreateRepository, and what else the template says of it."""
        model = dict(request.desired_state)
        _check(model)
        model.setdefault("RepositoryName", self.default_name(request).lower())
        ecr = request.aws_client_factory.ecr
        members = {CREATED[name]: _camel(model[name]) for name in CREATED if name in model}
        members = typed("ecr", "CreateRepository", members | _changeable(model), self.TYPE)
        tags = [{"Key": t["Key"], "Value": str(t["Value"])} for t in model.get("Tags") or []]
        repository = ecr.create_repository(**members, tags=tags)["repository"]
        try:
            _set_policies(ecr, model, {})
        except ClientError as error:
            ecr.delete_repository(repositoryName=model["RepositoryName"])
            return self.failed(model, error.response["Error"]["Message"])
        return self.done(model | _attributes(repository))

    def update(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Everything but the name and the encryption."""
        before = request.previous_state or {}
        model = {**request.desired_state}
        _check(model)
        for name in ("RepositoryName", "Arn", "RepositoryUri"):
            if name in before:
                model.setdefault(name, before[name])
        ecr, name = request.aws_client_factory.ecr, model["RepositoryName"]
        members = typed("ecr", "CreateRepository", _changeable(model), self.TYPE)
        scanning = members.pop("imageScanningConfiguration")
        ecr.put_image_tag_mutability(repositoryName=name, **members)
        ecr.put_image_scanning_configuration(
            repositoryName=name, imageScanningConfiguration=scanning
        )
        _set_policies(ecr, model, before)
        _set_tags(ecr, model, before)
        return self.done(model)

    def delete(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """DeleteRepository; with its images only if the template says so."""
        model = request.desired_state
        force = str(model.get("EmptyOnDelete", False)).lower() == "true"
        try:
            request.aws_client_factory.ecr.delete_repository(
                repositoryName=model["RepositoryName"], force=force
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "RepositoryNotFoundException":
                return self.failed(model, error.response["Error"]["Message"])
        return self.done(model)

    def read(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """DescribeRepositories."""
        name = request.desired_state["RepositoryName"]
        ecr = request.aws_client_factory.ecr
        found = ecr.describe_repositories(repositoryNames=[name])["repositories"][0]
        shown = {"RepositoryName": name, "ImageTagMutability": found["imageTagMutability"]}
        return self.done(shown | _attributes(found))


def _check(model: Model) -> None:
    unknown = sorted(set(model) - KNOWN)
    if unknown:
        raise NotImplementedError(f"{unknown[0]} of AWS::ECR::Repository is not emulated")


def _attributes(repository: Model) -> Model:
    return {"Arn": repository["repositoryArn"], "RepositoryUri": repository["repositoryUri"]}


def _changeable(model: Model) -> Model:
    members = {
        "imageTagMutability": model.get("ImageTagMutability") or "MUTABLE",
        "imageScanningConfiguration": {"scanOnPush": False},
    }
    if "ImageScanningConfiguration" in model:
        members["imageScanningConfiguration"] = _camel(model["ImageScanningConfiguration"])
    if "ImageTagMutabilityExclusionFilters" in model:
        filters = [
            {"filterType": one["ImageTagMutabilityExclusionFilterType"],
             "filter": one["ImageTagMutabilityExclusionFilterValue"]}
            for one in model["ImageTagMutabilityExclusionFilters"]
        ]  # fmt: skip
        members["imageTagMutabilityExclusionFilters"] = filters
    return members


def _camel(value: Any) -> Any:
    if isinstance(value, dict):
        return {f"{name[:1].lower()}{name[1:]}": _camel(item) for name, item in value.items()}
    return value


def _set_policies(ecr: Any, model: Model, before: Model) -> None:
    name = model["RepositoryName"]
    lifecycle = (model.get("LifecyclePolicy") or {}).get("LifecyclePolicyText")
    if lifecycle:
        ecr.put_lifecycle_policy(repositoryName=name, lifecyclePolicyText=_text(lifecycle))
    elif before.get("LifecyclePolicy"):
        ecr.delete_lifecycle_policy(repositoryName=name)
    policy = model.get("RepositoryPolicyText")
    if policy:
        ecr.set_repository_policy(repositoryName=name, policyText=_text(policy))
    elif before.get("RepositoryPolicyText"):
        ecr.delete_repository_policy(repositoryName=name)


def _text(policy: Any) -> str:
    return policy if isinstance(policy, str) else json.dumps(policy)


def _set_tags(ecr: Any, model: Model, before: Model) -> None:
    wanted = {tag["Key"]: str(tag["Value"]) for tag in model.get("Tags") or []}
    gone = [tag["Key"] for tag in before.get("Tags") or [] if tag["Key"] not in wanted]
    if gone:
        ecr.untag_resource(resourceArn=model["Arn"], tagKeys=gone)
    if wanted:
        tags = [{"Key": key, "Value": value} for key, value in wanted.items()]
        ecr.tag_resource(resourceArn=model["Arn"], tags=tags)


# LocalStack's change sets read from here which properties replace.
RepositoryResource.SCHEMA["createOnlyProperties"] = [
    "/properties/RepositoryName",
    "/properties/EncryptionConfiguration",
]
