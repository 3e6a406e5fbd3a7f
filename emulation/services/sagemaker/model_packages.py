"""Model packages: versions of a group, or models by themselves.

A package is complete when it is made: nothing is scanned or validated here. Its approval is a word
that somebody says, and an event that tells it; a model is made of an approved version only.
"""

from typing import Any

from emulation.services.sagemaker import model_package_groups, state_events, tags
from emulation.services.sagemaker.errors import (
    not_emulated,
    package_does_not_exist,
    package_exists,
    package_not_approved,
    validation_exception,
)
from emulation.services.sagemaker.listing import list_page
from emulation.services.sagemaker.scope import Scope
from emulation.services.sagemaker.store import Members, ModelPackage, now

OPERATION = "CreateModelPackage"
NOUN = "model-package"

KEPT = (
    "ModelPackageDescription",
    "ModelPackageRegistrationType",
    "InferenceSpecification",
    "SourceAlgorithmSpecification",
    "CertifyForMarketplace",
    "ModelApprovalStatus",
    "MetadataProperties",
    "ModelMetrics",
    "Domain",
    "Task",
    "SamplePayloadUrl",
    "CustomerMetadataProperties",
    "DriftCheckBaselines",
    "AdditionalInferenceSpecifications",
    "SkipModelValidation",
    "SourceUri",
    "SecurityConfig",
    "ModelCard",
    "ModelLifeCycle",
)
"""Members of the request that the description repeats."""

REPLACED = {
    "ModelApprovalStatus": "ModelApprovalStatus",
    "ApprovalDescription": "ApprovalDescription",
    "ModelPackageRegistrationType": "ModelPackageRegistrationType",
    "InferenceSpecification": "InferenceSpecification",
    "SourceUri": "sourceUri",
    "ModelCard": "ModelCard",
    "ModelLifeCycle": "ModelLifeCycle",
}
"""What an update replaces, and how the event names it."""

SUMMARY = (
    "ModelPackageName",
    "ModelPackageGroupName",
    "ModelPackageVersion",
    "ModelPackageArn",
    "ModelPackageDescription",
    "CreationTime",
    "ModelPackageStatus",
    "ModelApprovalStatus",
    "ModelLifeCycle",
    "ModelPackageRegistrationType",
)
BATCH_SUMMARY = (*SUMMARY[1:], "InferenceSpecification")

MODEL_MEMBERS = ("ContainerHostname", "Image", "ModelDataUrl", "ModelDataSource", "Environment")
"""What of a package's container a model's container is made of."""


def create(scope: Scope, request: Members) -> Members:
    """Register a model."""
    refuse(request)
    made = made_before(scope, request.get("ClientToken"))
    if made is not None:
        return {"ModelPackageArn": made.arn}
    members = {name: request[name] for name in KEPT if name in request}
    token = request.get("ClientToken")
    if "ModelPackageGroupName" in request:
        package = next_version(scope, request["ModelPackageGroupName"], members, token)
    else:
        name = request["ModelPackageName"]
        package = ModelPackage(name, scope.arn(NOUN, name), members, token=token)
        if package.arn in scope.store.model_packages:
            raise package_exists(package.arn)
    scope.store.model_packages[package.arn] = package
    tags.set_tags(scope, package.arn, request.get("Tags", []))
    announce(scope, package)
    return {"ModelPackageArn": package.arn}


def next_version(
    scope: Scope, group_name: str, members: Members, token: str | None
) -> ModelPackage:
    """The next version of a group; it waits for an approval unless it brings one."""
    group = model_package_groups.find(scope, group_name)
    group.versions += 1
    arn = scope.arn(NOUN, f"{group.name}/{group.versions}")
    members = {"ModelApprovalStatus": "PendingManualApproval", **members}
    return ModelPackage(group.name, arn, members, group.name, group.versions, token=token)


def made_before(scope: Scope, token: str | None) -> ModelPackage | None:
    """What the same request has made."""
    packages = scope.store.model_packages.values()
    return next((item for item in packages if token is not None and item.token == token), None)


def refuse(request: Members) -> None:
    """What AWS refuses, and what nobody computes here."""
    versioned = "ModelPackageGroupName" in request
    if versioned and "ModelPackageName" in request:
        raise validation_exception(
            "Both ModelPackageName and ModelPackageGroupName are provided in the input. Cannot"
            " determine which one to use."
        )
    if not versioned and "ModelPackageName" not in request:
        raise validation_exception("Missing ARN.")
    if versioned and request.get("Tags"):
        raise validation_exception("Tags cannot be specified for a versioned model package.")
    if not versioned:
        refuse_unversioned(request)
    if request.get("ValidationSpecification") and request.get("SkipModelValidation") != "All":
        raise not_emulated(OPERATION, "ValidationSpecification")


def refuse_unversioned(request: Members) -> None:
    """What only versions may have."""
    containers = request.get("InferenceSpecification", {}).get("Containers", [])
    if any(container.get("Environment") for container in containers):
        raise validation_exception(
            "1 validation errors detected:Environment variable map cannot be specified when using"
            " non-versioned ModelPackages"
        )
    if not {"InferenceSpecification", "SourceAlgorithmSpecification"} & set(request):
        raise validation_exception(
            "Either InferenceSpecification or SourceAlgorithmSpecification must be specified."
        )


def find(scope: Scope, name_or_arn: str) -> ModelPackage:
    """A package by its ARN, its name, or `GROUP/VERSION`."""
    arn = name_or_arn if name_or_arn.startswith("arn:") else scope.arn(NOUN, name_or_arn)
    package = scope.store.model_packages.get(arn)
    if package is None:
        raise package_does_not_exist(arn)
    return package


def describe(scope: Scope, name: str) -> Members:
    """The whole package; members that were not given are absent."""
    return described(find(scope, name))


def described(package: ModelPackage) -> Members:
    """A package as the API has it."""
    optional = {
        "ModelPackageGroupName": package.group,
        "ModelPackageVersion": package.version,
        "LastModifiedTime": package.modified,
    }
    return {
        "ModelPackageName": package.name,
        "ModelPackageArn": package.arn,
        "CreationTime": package.created,
        "ModelPackageStatus": "Completed",
        "ModelPackageStatusDetails": {"ValidationStatuses": [], "ImageScanStatuses": []},
        "CertifyForMarketplace": False,
        **package.members,
        **{member: value for member, value in optional.items() if value is not None},
    }


def batch_describe(scope: Scope, request: Members) -> Members:
    """Several packages; those that are not there are errors of their own."""
    found, errors = {}, {}
    for arn in request["ModelPackageArnList"]:
        package = scope.store.model_packages.get(arn)
        if package is None:
            error = package_does_not_exist(arn)
            errors[arn] = {"ErrorCode": error.code, "ErrorResponse": error.message}
        else:
            found[arn] = part(described(package), BATCH_SUMMARY)
    failed = {"BatchDescribeModelPackageErrorMap": errors} if errors else {}
    return {"ModelPackageSummaries": found, **failed}


def part(members: Members, names: tuple[str, ...]) -> Members:
    """Some of the members."""
    return {name: members[name] for name in names if name in members}


def list_packages(scope: Scope, request: Members) -> Members:
    """A page of summaries: a group's versions, or what is in no group."""
    kind = request.get("ModelPackageType", "Unversioned")
    packages = list(scope.store.model_packages.values())
    if "ModelPackageGroupName" in request:
        group = model_package_groups.find(scope, request["ModelPackageGroupName"])
        packages = [package for package in packages if package.group == group.name]
    elif kind != "Both":
        packages = [item for item in packages if (item.version is None) == (kind == "Unversioned")]
    approval = request.get("ModelApprovalStatus")
    summaries = [
        part(described(package), SUMMARY)
        for package in packages
        if approval in {None, package.members.get("ModelApprovalStatus")}
    ]
    page, more = list_page(request, summaries, "ModelPackage", newest_first=False)
    return {"ModelPackageSummaryList": [without_name(item) for item in page], **more}


def without_name(item: Members) -> Members:
    """A version has no name of its own in lists."""
    versioned = "ModelPackageVersion" in item
    return {k: v for k, v in item.items() if not versioned or k != "ModelPackageName"}


def update(scope: Scope, request: Members) -> Members:
    """Approve, reject, annotate; the event tells what was changed."""
    package = find(scope, request["ModelPackageArn"])
    added = request.get("AdditionalInferenceSpecificationsToAdd", [])
    specifications = package.members.get("AdditionalInferenceSpecifications", [])
    refuse_same_names(specifications, added)
    members = dict(package.members)
    members |= {name: request[name] for name in REPLACED if name in request}
    fields = [told for name, told in REPLACED.items() if name in request]
    if added:
        members["AdditionalInferenceSpecifications"] = [*specifications, *added]
        fields.append("AdditionalInferenceSpecifications")
    removed = request.get("CustomerMetadataPropertiesToRemove", [])
    if removed or "CustomerMetadataProperties" in request:
        properties = package.members.get("CustomerMetadataProperties", {})
        properties = {**properties, **request.get("CustomerMetadataProperties", {})}
        left = {name: value for name, value in properties.items() if name not in removed}
        put_or_drop(members, "CustomerMetadataProperties", left)
        fields.append("CustomerMetadataProperties")
    package.members, package.modified = members, now()
    announce(scope, package, fields)
    return {"ModelPackageArn": package.arn}


def refuse_same_names(before: list[Members], added: list[Members]) -> None:
    """Additional specifications are told apart by their names."""
    taken = {item["Name"] for item in before}
    for item in added:
        if item["Name"] in taken:
            raise validation_exception(
                f"AdditionalInferenceSpecification {item['Name']} already exists."
            )


def put_or_drop(members: Members, name: str, value: Any) -> None:
    """A member that is empty is absent."""
    members.pop(name, None)
    if value:
        members[name] = value


def delete(scope: Scope, name: str) -> None:
    """Forget a package; its number is not given again."""
    package = find(scope, name)
    del scope.store.model_packages[package.arn]
    tags.forget(scope, package.arn)


def announce(scope: Scope, package: ModelPackage, fields: list[str] | None = None) -> None:
    """Tell EventBridge of a new package, or of what was changed."""
    changed = {"UpdatedModelPackageFields": fields} if fields else {}
    detail = {**described(package), **changed}
    state_events.put(scope, "SageMaker Model Package State Change", package.arn, detail)


def container(scope: Scope, name: str, specification: str | None) -> Members:
    """What a model is made of: the image and the data of an approved package."""
    package = find(scope, name)
    approval = package.members.get("ModelApprovalStatus", "Approved")
    if approval != "Approved":
        raise package_not_approved(package.arn, approval)
    containers = chosen(package, specification).get("Containers", [])
    if len(containers) != 1:
        raise not_emulated("CreateModel", f"a model package of {len(containers)} containers")
    if "AdditionalS3DataSource" in containers[0]:
        raise not_emulated("CreateModel", "AdditionalS3DataSource of a model package")
    return part(containers[0], MODEL_MEMBERS)


def chosen(package: ModelPackage, name: str | None) -> Members:
    """The package's inference specification, or the additional one of that name."""
    if name is None:
        specification: Members = package.members.get("InferenceSpecification", {})
        return specification
    for item in package.members.get("AdditionalInferenceSpecifications", []):
        if item["Name"] == name:
            return dict(item)
    raise validation_exception(f"ModelPackage {package.arn} has no inference specification {name}.")
