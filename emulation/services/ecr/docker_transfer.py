"""docker push and docker pull: between a session's images and the repositories of this ECR."""

import json
from collections.abc import Callable, Iterator

from localstack.aws.api import CommonServiceException
from localstack.http import Response

from emulation.compute.process_images import bases
from emulation.compute.process_images.image import ImageError
from emulation.compute.process_images.library import Document
from emulation.services.ecr.docker_login import LoginError, Logins, login_for
from emulation.services.ecr.images import put_manifest
from emulation.services.ecr.local_images import LOCK, LocalImages, full_name
from emulation.services.ecr.places import library
from emulation.services.ecr.pulling import Reference, fetch, read_uri
from emulation.services.ecr.registry_words import refusal
from emulation.services.ecr.store import LOCK as STORE_LOCK
from emulation.services.ecr.store import blobs, find
from emulation.services.scope import Scope


def lines(work: Callable[[], Iterator[Document]]) -> Response:
    """An answer that is told as it comes; a failure is its last line."""

    def told() -> Iterator[bytes]:
        try:
            for document in work():
                yield _line(document)
        except (ImageError, LoginError) as error:
            yield _line(failure(str(error)))
        except CommonServiceException as error:
            found = refusal(error)
            yield _line(failure(f"{found.code.lower().replace('_', ' ')}: {found}"))

    return Response(told(), 200, {"Content-Type": "application/json"})


def _line(document: Document) -> bytes:
    return json.dumps(document).encode() + b"\n"


def failure(message: str) -> Document:
    """How an engine tells of a failure."""
    return {"errorDetail": {"message": message}, "error": message}


def meant(name: str, logins: Logins) -> Reference:
    """What a name means in this ECR, for who is logged in.

    Raises:
        ImageError: it is another registry's.
        LoginError: nobody is logged in.
    """
    host = name.split("/")[0]
    if read_uri(name, Scope("", "")) is None:
        raise ImageError(f"{name}: only this ECR is a registry here, docker.io and others are not")
    login = login_for(host, logins)
    reference = read_uri(name, Scope(login.account, login.region))
    assert reference is not None
    return reference


def push_image(session: str, name: str, logins: Logins) -> Response:
    """docker push."""
    image = LocalImages(session).find(name)
    wanted = full_name(name)

    def work() -> Iterator[Document]:
        reference = meant(wanted, logins)
        yield {"status": f"The push refers to repository [{wanted.rsplit(':', 1)[0]}]"}
        repository = find(reference.scope, reference.name)
        manifest = library().document(image.digest)
        for part in [*manifest["layers"], manifest["config"]]:
            digest = part["digest"]
            with STORE_LOCK:
                known = repository.see_layer(digest)
                if not known:
                    blobs().share_from(library().blobs, digest)
                    repository.add_layer(digest)
            if part is not manifest["config"]:
                status = "Layer already exists" if known else "Pushed"
                yield {"status": status, "id": digest.removeprefix("sha256:")[:12]}
        content = library().blobs.read(image.digest)
        put_manifest(repository, content, None, reference.tag, None, again=True)
        _note_push(session, name, f"{wanted.rsplit(':', 1)[0]}@{image.digest}")
        size = len(content)
        yield {"status": f"{reference.tag}: digest: {image.digest} size: {size}"}
        yield {
            "progressDetail": {},
            "aux": {"Tag": reference.tag, "Digest": image.digest, "Size": size},
        }

    return lines(work)


def _note_push(session: str, name: str, pushed: str) -> None:
    with LOCK:
        images = LocalImages(session)
        image = images.find(name)
        if pushed not in image.pushed:
            image.pushed.append(pushed)
        images.save()


def pull_image(session: str, name: str, logins: Logins) -> Response:
    """docker pull."""

    def work() -> Iterator[Document]:
        wanted = full_name(name)
        label = wanted.rsplit(":", 1)[-1]
        yield {"status": f"Pulling from {wanted.split('/', 1)[-1].rsplit(':', 1)[0]}", "id": label}
        digest = resolved(wanted, logins)
        with LOCK:
            images = LocalImages(session)
            images.add(digest, [] if "@" in wanted else [wanted])
        yield {"status": f"Digest: {digest}"}
        yield {"status": f"Status: Downloaded newer image for {wanted}"}

    return lines(work)


def resolved(name: str, logins: Logins) -> str:
    """The digest of an image of this ECR, once it is in the library.

    Raises:
        ImageError: there is none; a known base is refused too, for it has no layers to be pulled.
    """
    if read_uri(name, Scope("", "")) is None:
        base = bases.find(name)
        raise ImageError(f"{name} is known as a base: FROM it; {base.name} is not pulled")
    return fetch(meant(name, logins), name)
