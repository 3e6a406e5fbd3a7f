"""Manifests by the registry's HTTP API, by tag and by digest; lists of tags and of referrers."""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from localstack.http import Request, Response

from emulation.compute.process_images.blobs import DIGEST
from emulation.compute.process_images.library import INDEX
from emulation.services.ecr.images import (
    delete_image,
    find_image,
    note_pull,
    put_manifest,
)
from emulation.services.ecr.registry_words import (
    VERSION,
    Asked,
    RegistryError,
    empty_answer,
    json_answer,
)
from emulation.services.ecr.store import (
    LOCK,
    Members,
    Repository,
    StoredImage,
    blobs,
    sweep,
)

MOST = 4 * 1024 * 1024
"""Bytes of a manifest, as most registries take."""


def answer(asked: Asked, repository: Repository) -> Response:
    """A manifest."""
    match asked.request.method:
        case "GET" | "HEAD":
            return _get(asked, repository)
        case "PUT":
            return _put(asked, repository)
        case "DELETE":
            return _delete(asked, repository)
    raise RegistryError("UNSUPPORTED", "The operation is unsupported.", 405)


def identifier(reference: str) -> Members:
    """What a reference names an image by."""
    return {"imageDigest" if ":" in reference else "imageTag": reference}


def _found(asked: Asked, repository: Repository) -> StoredImage:
    image = find_image(repository, identifier(asked.parts["reference"]))
    if image is None:
        raise RegistryError("MANIFEST_UNKNOWN", "Requested image not found", 404)
    return image


def _get(asked: Asked, repository: Repository) -> Response:
    image = _found(asked, repository)
    content = blobs().read(image.digest)
    headers = {
        **VERSION,
        "Content-Type": image.media_type,
        "Content-Length": str(len(content)),
        "Docker-Content-Digest": image.digest,
        "ETag": f'"{image.digest}"',
    }
    if asked.request.method == "HEAD":
        return Response((), 200, headers)
    note_pull(repository, image)
    return Response(content, 200, headers)


def _put(asked: Asked, repository: Repository) -> Response:
    reference = asked.parts["reference"]
    content = asked.request.stream.read(MOST + 1)
    if len(content) > MOST:
        raise RegistryError("MANIFEST_INVALID", "manifest is too large", 413)
    by_digest = ":" in reference
    if by_digest and DIGEST.fullmatch(reference) is None:
        raise RegistryError("DIGEST_INVALID", f"invalid digest {reference}", 400)
    kind = asked.request.headers.get("Content-Type", "").partition(";")[0] or None
    image = put_manifest(
        repository,
        content,
        None if kind == "application/json" else kind,
        None if by_digest else reference,
        reference if by_digest else None,
        again=True,
    )
    location = f"/v2/{asked.name}/manifests/{image.digest}"
    told = {"Location": location, "Docker-Content-Digest": image.digest}
    return empty_answer(201, told | ({"OCI-Subject": image.subject} if image.subject else {}))


def _delete(asked: Asked, repository: Repository) -> Response:
    """By tag, the tag goes; by digest, the image."""
    reference = asked.parts["reference"]
    with LOCK:
        image = _found(asked, repository)
        holders = [one for one in repository.images.values() if image.digest in one.lists]
        if ":" not in reference:
            image.tags.remove(reference)
        elif holders:
            raise RegistryError("DENIED", "Requested image referenced by manifest list", 405)
        else:
            delete_image(repository, image)
        sweep(repository)
    return empty_answer(202, {})


def list_tags(asked: Asked, repository: Repository) -> Response:
    """All tags in their order, a page at a time if asked for."""
    tags = sorted(tag for image in repository.images.values() for tag in image.tags)
    path = f"/v2/{asked.name}/tags/list"
    return paged(asked.request, path, "tags", tags, {"name": asked.name})


def paged(
    request: Request, path: str, member: str, items: Sequence[str], others: Mapping[str, Any]
) -> Response:
    """The items that follow `last`, `n` of them, and where there are more."""
    last, count = request.args.get("last", ""), request.args.get("n", "")
    if count and not count.isdigit():
        raise RegistryError("PAGINATION_NUMBER_INVALID", "invalid number of results", 400)
    left = [item for item in items if item > last]
    shown = left[: int(count)] if count else left
    headers = {}
    if len(shown) < len(left) and shown:
        query = urlencode({"last": shown[-1], "n": count})
        headers["Link"] = f'<{path}?{query}>; rel="next"'
    return json_answer({**others, member: shown}, 200, headers)


def list_referrers(asked: Asked, repository: Repository) -> Response:
    """The images that say something of another one."""
    digest, kind = asked.parts["digest"], asked.request.args.get("artifactType")
    if DIGEST.fullmatch(digest) is None:
        raise RegistryError("DIGEST_INVALID", f"invalid digest {digest}", 400)
    found = [
        _descriptor(image)
        for image in repository.images.values()
        if image.subject == digest and kind in {None, image.artifact_type}
    ]
    headers = {"Content-Type": INDEX} | ({"OCI-Filters-Applied": "artifactType"} if kind else {})
    return json_answer({"schemaVersion": 2, "mediaType": INDEX, "manifests": found}, 200, headers)


def _descriptor(image: StoredImage) -> Members:
    document = json.loads(blobs().read(image.digest))
    shown: Members = {
        "mediaType": image.media_type,
        "digest": image.digest,
        "size": blobs().size(image.digest),
        "artifactType": image.artifact_type,
    }
    notes = document.get("annotations")
    return shown | ({"annotations": notes} if notes else {})
