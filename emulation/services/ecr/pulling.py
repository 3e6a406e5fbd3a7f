"""Images for the runners: what an image URI means here, unpacked and ready to run.

    image = pull("000000000000.dkr.ecr.us-east-1.localhost:4566/api:1", account, region)

A URI names a repository of this ECR - as `ACCOUNT.dkr.ecr.REGION.amazonaws.com/NAME`, as
`ACCOUNT.dkr.ecr.REGION.localhost:PORT/NAME`, or as `localhost:PORT/NAME`, which is the caller's
own - or a known public base.
"""

import json
import re
from dataclasses import dataclass

from localstack.aws.api import CommonServiceException

from emulation.compute.process_images import bases
from emulation.compute.process_images.image import ImageError, ProcessImage
from emulation.compute.process_images.library import INDEXES, architecture
from emulation.services.ecr.images import find_image, note_pull
from emulation.services.ecr.places import library
from emulation.services.ecr.store import LOCK, Repository, StoredImage, blobs, find
from emulation.services.scope import Scope

REGISTRY = re.compile(
    r"(\d{12})\.dkr[.-]ecr\.([a-z0-9-]+)\.(?:amazonaws\.com(?:\.cn)?|localhost(?::\d+)?)"
)
LOCAL = re.compile(r"(?:localhost|127\.0\.0\.1)(?::\d+)?")
REFERENCE = re.compile(r"(?P<name>[^@:]+)(?::(?P<tag>[\w][\w.-]*))?(?:@(?P<digest>sha256:\w+))?")


class ImageNotFound(ImageError):
    """There is no such image, or it cannot run here; in the words of ECS."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"CannotPullContainerError: {reason}")


@dataclass(frozen=True, slots=True)
class Reference:
    """What a URI names in this ECR."""

    scope: Scope
    name: str
    tag: str
    digest: str

    @property
    def identifier(self) -> dict[str, str]:
        """As the API names an image."""
        return {"imageDigest": self.digest} if self.digest else {"imageTag": self.tag}


def read_uri(uri: str, scope: Scope) -> Reference | None:
    """What a URI names here; None when it is another registry's. `scope` is the caller's."""
    host, _, path = uri.partition("/")
    registry = REGISTRY.fullmatch(host)
    found = REFERENCE.fullmatch(path)
    if (registry is None and LOCAL.fullmatch(host) is None) or found is None:
        return None
    if registry is None:
        inner = read_uri(path, scope) if REGISTRY.match(path) else None
        if inner is not None:
            return inner
    owner = Scope(registry[1], registry[2]) if registry else scope
    return Reference(owner, found["name"], found["tag"] or "latest", found["digest"] or "")


def pull(image_uri: str, account: str, region: str) -> ProcessImage:
    """An image, unpacked; a second pull of the same is quick. `account` and `region` are the
    caller's.

    Raises:
        ImageNotFound: there is none, or it cannot run on this machine.
    """
    reference = read_uri(image_uri, Scope(account, region))
    try:
        if reference is None:
            return _pull_base(image_uri)
        return library().image(fetch(reference, image_uri))
    except ImageNotFound:
        raise
    except ImageError as error:
        raise ImageNotFound(f"{image_uri}: {error}") from error


def _pull_base(uri: str) -> ProcessImage:
    base = bases.find(uri)
    root = library().folder / "empty"
    root.mkdir(exist_ok=True)
    return ProcessImage(uri, root, base.config, library().base_files(base))


def fetch(reference: Reference, uri: str) -> str:
    """The digest of an image, once its blobs are in the library.

    Raises:
        ImageNotFound: there is none for this machine.
    """
    with LOCK:
        try:
            repository = find(reference.scope, reference.name)
        except CommonServiceException as error:
            raise ImageNotFound(
                f"pull image manifest has been retried 1 time(s): failed to resolve ref {uri}:"
                f" {error.message}"
            ) from error
        image = find_image(repository, reference.identifier)
        if image is None:
            raise ImageNotFound(
                f"pull image manifest has been retried 1 time(s): failed to resolve ref {uri}:"
                f" {uri}: not found"
            )
        chosen = _for_this_machine(repository, image)
        for digest in (chosen.digest, *chosen.needs):
            library().blobs.share_from(blobs(), digest)
    note_pull(repository, image)
    return chosen.digest


def _for_this_machine(repository: Repository, image: StoredImage) -> StoredImage:
    """Of a list of images the one that runs here."""
    if image.media_type not in INDEXES:
        return image
    wanted = ("linux", architecture())
    for item in json.loads(blobs().read(image.digest))["manifests"]:
        platform = item.get("platform") or {}
        if (platform.get("os"), platform.get("architecture")) == wanted:
            return repository.images[item["digest"]]
    raise ImageNotFound(
        f"image Manifest does not contain descriptor matching platform '{'/'.join(wanted)}'"
    )
