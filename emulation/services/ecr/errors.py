"""ECR's errors, in its words; the registry's HTTP API tells them in the words of OCI.

ServiceException
  CommonServiceException
    InvalidParameterException                what a name, a value or a state does not allow
    *NotFoundException                       a repository, image, policy, layer or upload
    *AlreadyExistsException                  a repository, image, tag or layer
    RepositoryNotEmptyException              it is to be deleted and has images
"""

from collections.abc import Mapping, Sequence
from typing import Any

from localstack.aws.api import CommonServiceException


def _error(code: str, message: str) -> CommonServiceException:
    return CommonServiceException(code, message, 400, sender_fault=True)


def invalid_parameter(message: str) -> CommonServiceException:
    """The request is refused for what it says."""
    return _error("InvalidParameterException", message)


def invalid_at(member: str, constraint: str) -> CommonServiceException:
    """A member does not satisfy a constraint."""
    return invalid_parameter(
        f"Invalid parameter at '{member}' failed to satisfy constraint: '{constraint}'"
    )


def repository_not_found(name: str, registry: str) -> CommonServiceException:
    """There is no such repository."""
    return _error(
        "RepositoryNotFoundException",
        f"The repository with name '{name}' does not exist in the registry with id '{registry}'",
    )


def repository_exists(name: str, registry: str) -> CommonServiceException:
    """The name is taken."""
    return _error(
        "RepositoryAlreadyExistsException",
        f"The repository with name '{name}' already exists in the registry with id '{registry}'",
    )


def repository_not_empty(name: str, registry: str) -> CommonServiceException:
    """It has images and nobody said `force`."""
    return _error(
        "RepositoryNotEmptyException",
        f"The repository with name '{name}' in registry with id '{registry}' cannot be deleted"
        " because it still contains images",
    )


def missing(kind: str, what: str, name: str, registry: str) -> CommonServiceException:
    """A policy, or a preview of one, that a repository does not have."""
    return _error(
        f"{kind}NotFoundException",
        f"{what} does not exist for the repository with name '{name}' in the registry with id"
        f" '{registry}'",
    )


def image_not_found(
    identifier: Mapping[str, Any], name: str, registry: str
) -> CommonServiceException:
    """There is no such image."""
    digest = identifier.get("imageDigest") or "null"
    tag = identifier.get("imageTag") or "null"
    return _error(
        "ImageNotFoundException",
        f"The image with imageId {{imageDigest:'{digest}', imageTag:'{tag}'}} does not exist"
        f" within the repository with name '{name}' in the registry with id '{registry}'",
    )


def image_exists(digest: str, tag: str | None, name: str, registry: str) -> CommonServiceException:
    """The image is there, and has the tag."""
    what = f"Image with digest '{digest}'" + (f" and tag '{tag}'" if tag else "")
    return _error(
        "ImageAlreadyExistsException",
        f"{what} already exists in the repository with name '{name}' in registry with id"
        f" '{registry}'",
    )


def tag_is_immutable(tag: str, name: str) -> CommonServiceException:
    """The tag names another image, for good."""
    return _error(
        "ImageTagAlreadyExistsException",
        f"The image tag '{tag}' already exists in the '{name}' repository and cannot be"
        " overwritten because the tag is immutable.",
    )


def layers_not_found(digests: Sequence[str], name: str, registry: str) -> CommonServiceException:
    """An image names layers that were not uploaded."""
    return _error(
        "LayersNotFoundException",
        f"Layers with digests '[{', '.join(digests)}]' required for pushing image into repository"
        f" with name '{name}' in the registry with id '{registry}' do not exist",
    )


def images_not_found(digests: Sequence[str], name: str, registry: str) -> CommonServiceException:
    """A list of images names images that were not pushed."""
    return _error(
        "ReferencedImagesNotFoundException",
        f"Images with digests '[{', '.join(digests)}]' required for pushing image into repository"
        f" with name '{name}' in the registry with id '{registry}' do not exist",
    )


def digest_differs(given: str, found: str) -> CommonServiceException:
    """The manifest is not the one that was meant."""
    return _error(
        "ImageDigestDoesNotMatchException",
        f"Provided digest '{given}' does not match the digest of the image manifest '{found}'",
    )


def upload_not_found(upload: str, name: str, registry: str) -> CommonServiceException:
    """There is no such upload."""
    return _error(
        "UploadNotFoundException",
        f"Upload with id '{upload}' does not exist in the repository with name '{name}' in the"
        f" registry with id '{registry}'",
    )


def layer_exists(digest: str, name: str, registry: str) -> CommonServiceException:
    """The layer is there."""
    return _error(
        "LayerAlreadyExistsException",
        f"Layer with digest '{digest}' already exists in the repository with name '{name}' in the"
        f" registry with id '{registry}'",
    )


def layers_inaccessible(digest: str, name: str, registry: str) -> CommonServiceException:
    """The layer was not uploaded to the repository."""
    return _error(
        "LayersNotFoundException",
        f"Layer with digest '{digest}' does not exist in the repository with name '{name}' in the"
        f" registry with id '{registry}'",
    )


def invalid_layer(message: str) -> CommonServiceException:
    """What was uploaded is not the layer that was meant."""
    return _error("InvalidLayerException", message)


def invalid_part(upload: str, name: str, registry: str, last: int) -> CommonServiceException:
    """A part that does not follow what was uploaded before."""
    error = _error(
        "InvalidLayerPartException",
        f"Layer part is not valid, first byte must follow {last} for upload '{upload}'",
    )
    error.registryId = registry
    error.repositoryName = name
    error.uploadId = upload
    error.lastValidByteReceived = last
    return error


def empty_upload(upload: str, name: str, registry: str) -> CommonServiceException:
    """Nothing was uploaded."""
    return _error(
        "EmptyUploadException",
        f"Upload with id '{upload}' in the repository with name '{name}' in the registry with id"
        f" '{registry}' has no parts",
    )


def not_emulated(operation: str, what: str) -> NotImplementedError:
    """A part of an operation that nobody computes here: refused, never accepted and ignored."""
    return NotImplementedError(f"ecr.{operation} with {what} is not emulated")
