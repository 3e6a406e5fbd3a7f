"""Blobs by the registry's HTTP API: uploads at once or in pieces, mounts, downloads with ranges."""

import re
from collections.abc import Iterator
from pathlib import Path

from localstack.aws.api import CommonServiceException
from localstack.http import Request, Response

from emulation.compute.process_images.blobs import DIGEST, PIECE, pieces
from emulation.services.ecr.layers import digest_of_upload, keep_upload
from emulation.services.ecr.registry_words import VERSION, Asked, RegistryError, empty_answer
from emulation.services.ecr.store import LOCK, Repository, blobs, find

RANGE = re.compile(r"(?:bytes=)?(\d+)-(\d*)")


def begin(asked: Asked, repository: Repository) -> Response:
    """A new upload, a whole one, or a layer of another repository."""
    request = asked.request
    if request.method != "POST":
        raise _unsupported()
    mounted = request.args.get("mount")
    if mounted and _mount(asked, repository, mounted):
        return _created(asked, mounted)
    upload = repository.begin_upload()
    digest = request.args.get("digest")
    if digest is None or mounted:
        return _progress(asked, repository, upload, 202)
    _append(request, repository.upload_file(upload))
    return _finish(asked, repository, upload, digest)


def _mount(asked: Asked, repository: Repository, digest: str) -> bool:
    """Take a layer of another repository; of which the client need not say."""
    origin = asked.request.args.get("from")
    try:
        other = find(asked.scope, origin) if origin else repository
    except CommonServiceException:
        return False
    with LOCK:
        if not other.see_layer(digest):
            return False
        repository.add_layer(digest)
    return True


def answer_upload(asked: Asked, repository: Repository) -> Response:
    """An upload that was begun."""
    upload = asked.parts["upload"]
    if not repository.has_upload(upload):
        raise RegistryError("BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry", 404)
    file = repository.upload_file(upload)
    match asked.request.method:
        case "PATCH":
            _check_range(asked, file)
            _append(asked.request, file)
            return _progress(asked, repository, upload, 202)
        case "PUT":
            _check_range(asked, file)
            _append(asked.request, file)
            return _finish(asked, repository, upload, asked.request.args.get("digest", ""))
        case "GET":
            return _progress(asked, repository, upload, 204)
        case "DELETE":
            file.unlink(missing_ok=True)
            return empty_answer(204, {})
    raise _unsupported()


def _check_range(asked: Asked, file: Path) -> None:
    """A piece begins where the one before ended."""
    found = RANGE.fullmatch(asked.request.headers.get("Content-Range", ""))
    if found is not None and int(found[1]) != file.stat().st_size:
        raise RegistryError(
            "BLOB_UPLOAD_INVALID",
            f"the upload has {file.stat().st_size} bytes, a piece cannot begin at {found[1]}",
            416,
        )


def _append(request: Request, file: Path) -> None:
    with file.open("ab") as opened:
        while piece := request.stream.read(PIECE):
            opened.write(piece)


def _progress(asked: Asked, repository: Repository, upload: str, status: int) -> Response:
    size = repository.upload_file(upload).stat().st_size
    headers = {
        "Location": f"/v2/{asked.name}/blobs/uploads/{upload}",
        "Range": f"0-{max(0, size - 1)}",
        "Docker-Upload-UUID": upload,
    }
    return empty_answer(status, headers)


def _finish(asked: Asked, repository: Repository, upload: str, digest: str) -> Response:
    file = repository.upload_file(upload)
    if DIGEST.fullmatch(digest) is None or digest_of_upload(repository, upload) != digest:
        file.unlink(missing_ok=True)
        raise RegistryError("DIGEST_INVALID", "provided digest did not match uploaded content", 400)
    keep_upload(repository, upload, digest)
    return _created(asked, digest)


def _created(asked: Asked, digest: str) -> Response:
    location = f"/v2/{asked.name}/blobs/{digest}"
    return empty_answer(201, {"Location": location, "Docker-Content-Digest": digest})


def answer(asked: Asked, repository: Repository) -> Response:
    """A blob."""
    digest = asked.parts["digest"]
    if DIGEST.fullmatch(digest) is None:
        raise RegistryError("DIGEST_INVALID", f"invalid digest {digest}", 400)
    with LOCK:
        if not repository.see_layer(digest):
            raise RegistryError("BLOB_UNKNOWN", "blob unknown to registry", 404)
    match asked.request.method:
        case "GET" | "HEAD":
            return blob_answer(asked.request, digest)
        case "DELETE":
            return _delete(repository, digest)
    raise _unsupported()


def _delete(repository: Repository, digest: str) -> Response:
    with LOCK:
        if any(digest in image.needs for image in repository.images.values()):
            raise RegistryError("DENIED", f"an image needs {digest}", 405)
        del repository.layers[digest]
        repository.save()
    return empty_answer(202, {})


def blob_answer(request: Request, digest: str) -> Response:
    """What a blob holds, or the part that is asked for."""
    file, size = blobs().path(digest), blobs().size(digest)
    first, last, status = 0, size - 1, 200
    asked = RANGE.fullmatch(request.headers.get("Range", ""))
    headers = {
        **VERSION,
        "Docker-Content-Digest": digest,
        "ETag": f'"{digest}"',
        "Accept-Ranges": "bytes",
        "Content-Type": "application/octet-stream",
    }
    if asked is not None:
        first, last = int(asked[1]), min(int(asked[2] or last), last)
        if first > last:
            raise RegistryError("SIZE_INVALID", "no such range", 416)
        headers["Content-Range"], status = f"bytes {first}-{last}/{size}", 206
    headers["Content-Length"] = str(last - first + 1)
    body = () if request.method == "HEAD" else _part(file, first, last)
    return Response(body, status, headers)


def _part(path: Path, first: int, last: int) -> Iterator[bytes]:
    left = last - first + 1
    with path.open("rb") as file:
        file.seek(first)
        for piece in pieces(file):
            yield piece[:left]
            left -= len(piece)
            if left <= 0:
                return


def _unsupported() -> RegistryError:
    return RegistryError("UNSUPPORTED", "The operation is unsupported.", 405)
