"""ECR's wire: each operation checks the request against the API's model and hands it on."""

import copy
import re
from collections.abc import Callable
from typing import Any

from localstack.aws.api import RequestContext
from localstack.services.plugins import ServiceLifecycleHook

from emulation.services import validation
from emulation.services.ecr import images, layers, lifecycle, repositories, store, tokens
from emulation.services.ecr.errors import invalid_at, invalid_parameter
from emulation.services.ecr.store import Members
from emulation.services.operations import named
from emulation.services.scope import Scope

Operation = Callable[[Any, RequestContext, Members], Members]
NAME = r"(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*"


def operation(name: str, work: Callable[[Scope, Members], Members]) -> Operation:
    """An operation: the request is valid before `work` sees it."""

    def call(_self: Any, context: RequestContext, request: Members) -> Members:
        check_shape(context, request)
        return work(Scope.of(context), copy.copy(dict(request)))

    decorated: Operation = named(name, call)
    return decorated


def check_shape(context: RequestContext, request: Members) -> None:
    """The constraints that the API's model declares.

    Raises:
        CommonServiceException: InvalidParameterException.
    """
    assert context.operation is not None
    name = request.get("repositoryName")
    if name is not None and not (re.fullmatch(NAME, name) and 2 <= len(name) <= 256):
        raise invalid_at("repositoryName", f"must satisfy regular expression '{NAME}'")
    validation.check(context.operation, request, invalid_parameter)


class EcrProvider(ServiceLifecycleHook):
    """The operations that compute; all others are refused by name: scanning, replication,
    pull-through caches, templates, signing, the registry's own policy, storage classes.
    """

    service = "ecr"

    create_repository = operation("CreateRepository", repositories.create)
    describe_repositories = operation("DescribeRepositories", repositories.describe_repositories)
    delete_repository = operation("DeleteRepository", repositories.delete)
    put_image_tag_mutability = operation("PutImageTagMutability", repositories.put_mutability)
    put_image_scanning_configuration = operation(
        "PutImageScanningConfiguration", repositories.put_scanning
    )
    set_repository_policy = operation("SetRepositoryPolicy", repositories.set_policy)
    get_repository_policy = operation("GetRepositoryPolicy", repositories.get_policy)
    delete_repository_policy = operation("DeleteRepositoryPolicy", repositories.delete_policy)
    tag_resource = operation("TagResource", repositories.tag)
    untag_resource = operation("UntagResource", repositories.untag)
    list_tags_for_resource = operation("ListTagsForResource", repositories.list_tags)

    put_lifecycle_policy = operation("PutLifecyclePolicy", lifecycle.put)
    get_lifecycle_policy = operation("GetLifecyclePolicy", lifecycle.get)
    delete_lifecycle_policy = operation("DeleteLifecyclePolicy", lifecycle.delete)
    start_lifecycle_policy_preview = operation(
        "StartLifecyclePolicyPreview", lifecycle.start_preview
    )
    get_lifecycle_policy_preview = operation("GetLifecyclePolicyPreview", lifecycle.get_preview)

    put_image = operation("PutImage", images.put)
    batch_get_image = operation("BatchGetImage", images.batch_get)
    batch_delete_image = operation("BatchDeleteImage", images.batch_delete)
    list_images = operation("ListImages", images.list_images)
    describe_images = operation("DescribeImages", images.describe_images)

    get_authorization_token = operation("GetAuthorizationToken", tokens.get_token)
    batch_check_layer_availability = operation(
        "BatchCheckLayerAvailability", layers.check_availability
    )
    initiate_layer_upload = operation("InitiateLayerUpload", layers.initiate)
    upload_layer_part = operation("UploadLayerPart", layers.upload_part)
    complete_layer_upload = operation("CompleteLayerUpload", layers.complete)
    get_download_url_for_layer = operation("GetDownloadUrlForLayer", layers.download_url)

    def on_before_start(self) -> None:
        """What a killed emulator left behind goes; what has grown old meanwhile expires."""
        store.sweep_all()
        lifecycle.WORKER.start()
