"""Images of a repository: put, read, described, deleted."""

import json
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from emulation.compute.process_images.blobs import digest_of
from emulation.compute.process_images.library import (
    DOCKER_INDEX,
    DOCKER_MANIFEST,
    INDEX,
    INDEXES,
    MANIFEST,
)
from emulation.services.ecr import lifecycle
from emulation.services.ecr.errors import (
    digest_differs,
    image_exists,
    image_not_found,
    images_not_found,
    invalid_at,
    invalid_parameter,
    layers_not_found,
    tag_is_immutable,
)
from emulation.services.ecr.repositories import invalid_token, is_immutable
from emulation.services.ecr.store import (
    LOCK,
    PULL_TIME_SECONDS,
    Members,
    Repository,
    StoredImage,
    blobs,
    find,
    forget_image,
    sweep,
)
from emulation.services.paging import CAMEL_NAMES, page
from emulation.services.scope import Scope
from emulation.services.service_events import put_event

MEDIA_TYPES = (MANIFEST, INDEX, DOCKER_MANIFEST, DOCKER_INDEX)

NEITHER = "Invalid request parameters: both tag and digest cannot be null"


def asked(scope: Scope, request: Members) -> Repository:
    """The repository that a request names."""
    return find(scope, request["repositoryName"], request.get("registryId"))


def put(scope: Scope, request: Members) -> Members:
    """PutImage."""
    repository = asked(scope, request)
    text = request["imageManifest"]
    kind = request.get("imageManifestMediaType")
    tag, given = request.get("imageTag"), request.get("imageDigest")
    image = put_manifest(repository, text.encode(), kind, tag, given, again=False)
    identifier = {"imageDigest": image.digest} | ({"imageTag": tag} if tag else {})
    return {"image": _answer(repository, image, identifier)}


def put_manifest(
    repository: Repository,
    content: bytes,
    media_type: str | None,
    tag: str | None,
    digest: str | None,
    *,
    again: bool,
) -> StoredImage:
    """Keep an image. `again`: that it is there, with its tag, is no error.

    Raises:
        CommonServiceException: it is no manifest, needs what is not there, or the tag is taken for
            good.
    """
    document = _parsed(content)
    found = digest_of(content)
    if digest and digest != found:
        raise digest_differs(digest, found)
    with LOCK:
        image = repository.images.get(found) or _new(found, document, media_type, content)
        known = found in repository.images
        if known and not again and (tag is None or tag in image.tags):
            raise image_exists(found, tag, repository.name, repository.account)
        _check_needs(repository, image)
        _move_tag(repository, image, tag)
        blobs().add(content)
        repository.images[found] = image
        repository.save()
    _tell(repository, "PUSH", found, tag)
    lifecycle.WORKER.changed(repository)
    return image


def _parsed(content: bytes) -> Members:
    try:
        document = json.loads(content)
    except ValueError as error:
        raise invalid_at("ImageManifest", "Invalid JSON syntax") from error
    if not isinstance(document, dict) or document.get("schemaVersion") != 2:
        raise invalid_at("ImageManifest", "Image manifest schema version is not supported")
    return document


def _new(digest: str, document: Members, given: str | None, content: bytes) -> StoredImage:
    media_type = document.get("mediaType") or given or MANIFEST
    if media_type not in MEDIA_TYPES or (given and given != media_type):
        raise invalid_at("ImageManifestMediaType", f"Unsupported media type {given or media_type}")
    try:
        lists = [one["digest"] for one in document["manifests"]] if media_type in INDEXES else []
        parts = [] if lists or media_type in INDEXES else [document["config"], *document["layers"]]
        size = sum(part["size"] for part in parts)
        needs = [part["digest"] for part in parts if not part.get("urls")]
    except (KeyError, TypeError) as error:
        raise invalid_at("ImageManifest", "Invalid image manifest") from error
    return StoredImage(
        digest=digest,
        media_type=media_type,
        size=size or len(content),
        pushed=time.time(),
        artifact_type=_artifact_type(document),
        subject=(document.get("subject") or {}).get("digest", ""),
        needs=list(dict.fromkeys(needs)),
        lists=lists,
    )


def _artifact_type(document: Members) -> str:
    config: Members = document.get("config") or {}
    return document.get("artifactType") or config.get("mediaType") or ""


def _check_needs(repository: Repository, image: StoredImage) -> None:
    lacking = [digest for digest in image.needs if not repository.see_layer(digest)]
    if lacking:
        raise layers_not_found(lacking, repository.name, repository.account)
    unknown = [digest for digest in image.lists if digest not in repository.images]
    if unknown:
        raise images_not_found(unknown, repository.name, repository.account)


def _move_tag(repository: Repository, image: StoredImage, tag: str | None) -> None:
    before = repository.tagged(tag) if tag else None
    if tag is None or before is image:
        return
    if before is not None:
        if is_immutable(repository, tag):
            raise tag_is_immutable(tag, repository.name)
        before.tags.remove(tag)
    image.tags.append(tag)


def _tell(repository: Repository, action: str, digest: str, tag: str | None) -> None:
    """EventBridge, as ECR tells of a push or a deletion."""
    detail = {
        "result": "SUCCESS",
        "repository-name": repository.name,
        "image-digest": digest,
        "action-type": action,
        **({"image-tag": tag} if tag else {}),
    }
    place = (repository.account, repository.region)
    put_event(*place, "aws.ecr", "ECR Image Action", detail)


def find_image(repository: Repository, identifier: Members) -> StoredImage | None:
    """The image that a digest, a tag or both name."""
    digest, tag = identifier.get("imageDigest"), identifier.get("imageTag")
    image = repository.images.get(digest) if digest else repository.tagged(tag or "")
    return None if image is None or (tag and tag not in image.tags) else image


def batch_get(scope: Scope, request: Members) -> Members:
    """BatchGetImage."""
    repository = asked(scope, request)
    images, failures = [], []
    for identifier in request["imageIds"]:
        image = find_image(repository, identifier)
        if image is None:
            failures.append(_failure(identifier))
            continue
        note_pull(repository, image)
        shown = {"imageDigest": image.digest}
        if identifier.get("imageTag"):
            shown["imageTag"] = identifier["imageTag"]
        images.append(_answer(repository, image, shown))
    return {"images": images, "failures": failures}


def note_pull(repository: Repository, image: StoredImage) -> None:
    """Remember when it was pulled, as exactly as ECR does."""
    now = time.time()
    with LOCK:
        old = image.pulled is None or now - image.pulled > PULL_TIME_SECONDS
        if old and image.digest in repository.images:
            image.pulled = now
            repository.save()


def _failure(identifier: Members) -> Members:
    if not identifier.get("imageDigest") and not identifier.get("imageTag"):
        reason = "Invalid request parameters: both tag and digest cannot be null"
        return {
            "imageId": identifier,
            "failureCode": "MissingDigestAndTag",
            "failureReason": reason,
        }
    return {
        "imageId": identifier,
        "failureCode": "ImageNotFound",
        "failureReason": "Requested image not found",
    }


def _answer(repository: Repository, image: StoredImage, identifier: Members) -> Members:
    return {
        "registryId": repository.account,
        "repositoryName": repository.name,
        "imageId": identifier,
        "imageManifest": blobs().read(image.digest).decode(),
        "imageManifestMediaType": image.media_type,
    }


def batch_delete(scope: Scope, request: Members) -> Members:
    """BatchDeleteImage: a tag alone is taken off its image, which goes with its last one."""
    repository = asked(scope, request)
    deleted: list[Members] = []
    failures: list[Members] = []
    with LOCK:
        for identifier in request["imageIds"]:
            image = find_image(repository, identifier)
            if image is None:
                failures.append(_failure(identifier))
            elif (holders := _holders(repository, image)) and not _keeps(image, identifier):
                failures.append(_held(identifier, holders))
            else:
                deleted += _delete(repository, image, identifier)
        sweep(repository)
    return {"imageIds": deleted, "failures": failures}


def _holders(repository: Repository, image: StoredImage) -> list[str]:
    return [one.digest for one in repository.images.values() if image.digest in one.lists]


def _keeps(image: StoredImage, identifier: Members) -> bool:
    """Whether only a tag goes."""
    return not identifier.get("imageDigest") and len(image.tags) > 1


def _held(identifier: Members, holders: Iterable[str]) -> Members:
    return {
        "imageId": identifier,
        "failureCode": "ImageReferencedByManifestList",
        "failureReason": f"Requested image referenced by manifest list: [{', '.join(holders)}]",
    }


def _delete(repository: Repository, image: StoredImage, identifier: Members) -> list[Members]:
    tag = identifier.get("imageTag", "")
    if _keeps(image, identifier):
        image.tags.remove(tag)
        return [{"imageDigest": image.digest, "imageTag": tag}]
    delete_image(repository, image)
    tags: list[Any] = image.tags or [None]
    return [{"imageDigest": image.digest} | ({"imageTag": one} if one else {}) for one in tags]


def delete_image(repository: Repository, image: StoredImage) -> None:
    """Forget an image; the caller saves, which `sweep` does."""
    forget_image(repository, image.digest)
    tags: list[Any] = image.tags or [None]
    for tag in tags:
        _tell(repository, "DELETE", image.digest, tag)


def list_images(scope: Scope, request: Members) -> Members:
    """ListImages: one identifier a tag, one without for an image that has none."""
    repository = asked(scope, request)
    found: list[Members] = []
    for image in _in_order(repository, request):
        tags: list[Any] = image.tags or [None]
        found += [{"imageDigest": image.digest} | ({"imageTag": t} if t else {}) for t in tags]
    items, token = page(request, found, invalid_token(), names=CAMEL_NAMES)
    return {"imageIds": items, **token}


def _in_order(repository: Repository, request: Members) -> list[StoredImage]:
    wanted = request.get("filter", {}).get("tagStatus", "ANY")
    with LOCK:
        return [
            image
            for image in repository.images.values()
            if wanted == "ANY" or (wanted == "TAGGED") == bool(image.tags)
        ]


def describe_images(scope: Scope, request: Members) -> Members:
    """DescribeImages."""
    repository = asked(scope, request)
    identifiers = request.get("imageIds")
    if not identifiers:
        images = _in_order(repository, request)
        items, token = page(request, images, invalid_token(), names=CAMEL_NAMES)
        return {"imageDetails": [describe(repository, one) for one in items], **token}
    found = []
    for identifier in identifiers:
        if not identifier:
            raise invalid_parameter(
                "Invalid request parameters: both tag and digest cannot be null"
            )
        image = find_image(repository, identifier)
        if image is None:
            raise image_not_found(identifier, repository.name, repository.account)
        found.append(describe(repository, image))
    return {"imageDetails": found}


def describe(repository: Repository, image: StoredImage) -> Members:
    """An image as the API has it."""
    members = {
        "registryId": repository.account,
        "repositoryName": repository.name,
        "imageDigest": image.digest,
        "imageTags": list(image.tags),
        "imageSizeInBytes": image.size,
        "imagePushedAt": datetime.fromtimestamp(image.pushed, UTC),
        "imageManifestMediaType": image.media_type,
        "artifactMediaType": image.artifact_type,
        "subjectManifestDigest": image.subject,
        "imageStatus": "ACTIVE",
    }
    if image.pulled:
        members["lastRecordedPullTime"] = datetime.fromtimestamp(image.pulled, UTC)
    return {name: value for name, value in members.items() if value}
