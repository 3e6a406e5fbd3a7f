"""Model package groups: the versions of one model, counted up, and who may use them."""

import json

from emulation.services.sagemaker import tags
from emulation.services.sagemaker.errors import (
    cannot_find_group,
    cannot_find_policy,
    group_does_not_exist,
    group_exists,
    group_not_empty,
    validation_exception,
)
from emulation.services.sagemaker.listing import list_page
from emulation.services.sagemaker.scope import Scope
from emulation.services.sagemaker.store import Members, ModelPackageGroup

NOUN = "model-package-group"
DESCRIPTION = "ModelPackageGroupDescription"


def create(scope: Scope, request: Members) -> Members:
    """An empty group."""
    name = request["ModelPackageGroupName"]
    arn = scope.arn(NOUN, name)
    if name in scope.store.model_package_groups:
        raise group_exists(arn)
    scope.store.model_package_groups[name] = ModelPackageGroup(name, arn, request)
    tags.set_tags(scope, arn, request.get("Tags", []))
    return {"ModelPackageGroupArn": arn}


def find(scope: Scope, name_or_arn: str) -> ModelPackageGroup:
    """A group by its name or ARN."""
    name = name_or_arn.rsplit("/", 1)[-1]
    group = scope.store.model_package_groups.get(name)
    if group is None:
        raise group_does_not_exist(scope.arn(NOUN, name))
    return group


def describe(scope: Scope, name: str) -> Members:
    """The group; who made it is known of Studio's users only."""
    return {**summary(find(scope, name)), "CreatedBy": {}}


def summary(group: ModelPackageGroup) -> Members:
    """One line of the list."""
    described = group.request.get(DESCRIPTION)
    return {
        "ModelPackageGroupName": group.name,
        "ModelPackageGroupArn": group.arn,
        "CreationTime": group.created,
        "ModelPackageGroupStatus": "Completed",
        **({DESCRIPTION: described} if described else {}),
    }


def list_groups(scope: Scope, request: Members) -> Members:
    """A page of summaries; nobody shares groups across accounts here."""
    groups = [summary(group) for group in scope.store.model_package_groups.values()]
    if request.get("CrossAccountFilterOption") == "CrossAccount":
        groups = []
    page, more = list_page(request, groups, "ModelPackageGroup", newest_first=False)
    return {"ModelPackageGroupSummaryList": page, **more}


def delete(scope: Scope, name: str) -> None:
    """Forget an empty group."""
    group = find(scope, name)
    if any(package.group == group.name for package in scope.store.model_packages.values()):
        raise group_not_empty(group.arn)
    del scope.store.model_package_groups[group.name]
    tags.forget(scope, group.arn)


def put_policy(scope: Scope, request: Members) -> Members:
    """Replace the group's policy."""
    group = find_for_policy(scope, request["ModelPackageGroupName"])
    try:
        json.loads(request["ResourcePolicy"])
    except ValueError as error:
        raise validation_exception(f"Invalid resource policy: {error}") from error
    group.policy = request["ResourcePolicy"]
    return {"ModelPackageGroupArn": group.arn}


def get_policy(scope: Scope, name: str) -> Members:
    """The group's policy."""
    group = find_for_policy(scope, name)
    if group.policy is None:
        raise cannot_find_policy(group.arn)
    return {"ResourcePolicy": group.policy}


def delete_policy(scope: Scope, name: str) -> None:
    """Remove the group's policy."""
    group = find_for_policy(scope, name)
    if group.policy is None:
        raise cannot_find_policy(group.arn)
    group.policy = None


def find_for_policy(scope: Scope, name: str) -> ModelPackageGroup:
    """A group; the operations on its policy have words of their own."""
    group = scope.store.model_package_groups.get(name)
    if group is None:
        raise cannot_find_group(scope.arn(NOUN, name))
    return group
