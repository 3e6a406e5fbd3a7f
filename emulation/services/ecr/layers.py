"""Layers by the API: uploads in parts, and addresses that they are downloaded from.

Standard clients take the registry's HTTP API instead (`registry.py`); the layers are the same.
"""

import hashlib

from emulation.compute.process_images.blobs import pieces
from emulation.services.ecr.errors import (
    empty_upload,
    invalid_layer,
    invalid_part,
    layer_exists,
    layers_inaccessible,
    upload_not_found,
)
from emulation.services.ecr.images import asked
from emulation.services.ecr.store import LOCK, Members, Repository, blobs
from emulation.services.ecr.tokens import sign_download
from emulation.services.scope import Scope
from emulation.settings import settings

PART_SIZE = 20 * 1024 * 1024
LAYER_TYPE = "application/vnd.docker.image.rootfs.diff.tar.gzip"


def check_availability(scope: Scope, request: Members) -> Members:
    """BatchCheckLayerAvailability."""
    repository = asked(scope, request)
    layers, failures = [], []
    for digest in request["layerDigests"]:
        if digest.startswith("sha256:"):
            layers.append(_availability(repository, digest))
        else:
            failures.append(
                {
                    "layerDigest": digest,
                    "failureCode": "InvalidLayerDigest",
                    "failureReason": "Invalid request parameters: layer digest is not valid",
                }
            )
    return {"layers": layers, "failures": failures}


def _availability(repository: Repository, digest: str) -> Members:
    with LOCK:
        if not repository.see_layer(digest):
            return {"layerDigest": digest, "layerAvailability": "UNAVAILABLE"}
    return {
        "layerDigest": digest,
        "layerAvailability": "AVAILABLE",
        "layerSize": blobs().size(digest),
        "mediaType": LAYER_TYPE,
    }


def initiate(scope: Scope, request: Members) -> Members:
    """InitiateLayerUpload."""
    return {"uploadId": asked(scope, request).begin_upload(), "partSize": PART_SIZE}


def upload_part(scope: Scope, request: Members) -> Members:
    """UploadLayerPart; parts follow each other."""
    repository = _with_upload(scope, request)
    upload, content = request["uploadId"], request["layerPartBlob"]
    first, last = request["partFirstByte"], request["partLastByte"]
    file = repository.upload_file(upload)
    size = file.stat().st_size
    if first != size or last - first + 1 != len(content):
        raise invalid_part(upload, repository.name, repository.account, size - 1)
    with file.open("ab") as opened:
        opened.write(content)
    return {
        "registryId": repository.account,
        "repositoryName": repository.name,
        "uploadId": upload,
        "lastByteReceived": last,
    }


def _with_upload(scope: Scope, request: Members) -> Repository:
    repository = asked(scope, request)
    if not repository.has_upload(request["uploadId"]):
        raise upload_not_found(request["uploadId"], repository.name, repository.account)
    return repository


def complete(scope: Scope, request: Members) -> Members:
    """CompleteLayerUpload."""
    repository = _with_upload(scope, request)
    upload = request["uploadId"]
    if not repository.upload_file(upload).stat().st_size:
        raise empty_upload(upload, repository.name, repository.account)
    digest = digest_of_upload(repository, upload)
    if digest not in request["layerDigests"]:
        raise invalid_layer(
            f"Layer digest '{request['layerDigests'][0]}' does not match the digest of the upload"
            f" '{digest}'"
        )
    with LOCK:
        if repository.see_layer(digest):
            repository.upload_file(upload).unlink(missing_ok=True)
            raise layer_exists(digest, repository.name, repository.account)
        keep_upload(repository, upload, digest)
    return {
        "registryId": repository.account,
        "repositoryName": repository.name,
        "uploadId": upload,
        "layerDigest": digest,
    }


def digest_of_upload(repository: Repository, upload: str) -> str:
    """What was uploaded so far."""
    found = hashlib.sha256()
    with repository.upload_file(upload).open("rb") as file:
        for piece in pieces(file):
            found.update(piece)
    return f"sha256:{found.hexdigest()}"


def keep_upload(repository: Repository, upload: str, digest: str) -> None:
    """An upload that is whole becomes a layer."""
    with LOCK:
        blobs().adopt(repository.upload_file(upload), digest)
        repository.add_layer(digest)


def download_url(scope: Scope, request: Members) -> Members:
    """GetDownloadUrlForLayer: an address that works for an hour."""
    repository = asked(scope, request)
    digest = request["layerDigest"]
    with LOCK:
        if not repository.see_layer(digest):
            raise layers_inaccessible(digest, repository.name, repository.account)
    address = f"{settings().endpoint_url}/_terrarium/ecr/layers/{digest}"
    return {"downloadUrl": f"{address}?{sign_download(digest)}", "layerDigest": digest}
