"""What ECR keeps, on disk before it is answered: a document a repository, and blobs by digest.

A blob is kept once for all repositories; a repository knows which of them are its own, and nobody
gets a layer from a repository that it was not uploaded to. A layer that no image needs is removed
an hour after it was last asked for: a push in progress asks for layers before its image is there.
"""

import shutil
import threading
import time
import uuid
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from emulation.compute.once import once
from emulation.compute.process_images.blobs import Blobs
from emulation.services import documents
from emulation.services.ecr.errors import repository_not_found
from emulation.services.scope import Scope
from emulation.settings import settings

LOCK = threading.RLock()
GRACE_SECONDS = 3600.0
PULL_TIME_SECONDS = 86400.0
"""How exactly ECR tells when an image was last pulled."""

Members = dict[str, Any]


@dataclass(slots=True)
class StoredImage:
    """One image of a repository, or a list of images."""

    digest: str
    media_type: str
    size: int
    pushed: float
    tags: list[str] = field(default_factory=list)
    artifact_type: str = ""
    subject: str = ""
    """The image that it says something of."""
    pulled: float | None = None
    needs: list[str] = field(default_factory=list)
    """Digests of its configuration and layers."""
    lists: list[str] = field(default_factory=list)
    """Digests of the images that a list of images names."""


@dataclass(slots=True)
class Repository:
    """One repository."""

    account: str
    region: str
    partition: str
    name: str
    created: float
    members: Members
    """As the API has them: mutability, scanning, encryption."""
    tags: Members = field(default_factory=dict)
    policy: str = ""
    lifecycle: str = ""
    lifecycle_evaluated: float | None = None
    images: dict[str, StoredImage] = field(default_factory=dict)
    """By digest."""
    layers: dict[str, float] = field(default_factory=dict)
    """When each was last uploaded or asked for, by digest."""

    @property
    def scope(self) -> Scope:
        """Whose it is."""
        return Scope(self.account, self.region, self.partition)

    @property
    def arn(self) -> str:
        """Its ARN."""
        return self.scope.arn("ecr", f"repository/{self.name}")

    @property
    def folder(self) -> Path:
        """Where its document and its uploads are."""
        return root() / "registries" / self.account / self.region / self.name.replace("/", "%")

    def save(self) -> None:
        """Write it down."""
        documents.write(self.folder / "repository.json", asdict(self))

    def tagged(self, tag: str) -> StoredImage | None:
        """The image that has a tag."""
        return next((image for image in self.images.values() if tag in image.tags), None)

    def upload_file(self, upload: str) -> Path:
        """Where an upload lies; that it is one is not checked."""
        return self.folder / "uploads" / upload

    def begin_upload(self) -> str:
        """A new upload, empty."""
        upload = str(uuid.uuid4())
        file = self.upload_file(upload)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
        return upload

    def has_upload(self, upload: str) -> bool:
        """Whether there is one."""
        return (
            "/" not in upload
            and upload not in {"", ".", ".."}
            and (self.upload_file(upload).is_file())
        )

    def see_layer(self, digest: str) -> bool:
        """Whether it has a layer; who asks may need it."""
        if digest not in self.layers or not blobs().has(digest):
            return False
        self.layers[digest] = time.time()
        return True

    def add_layer(self, digest: str) -> None:
        """A blob that is there is one of its layers now."""
        with LOCK:
            self.layers[digest] = time.time()
            self.save()


def root() -> Path:
    """The folder of it all."""
    return settings().folder("ecr")


@once
def blobs() -> Blobs:
    """Manifests, configurations, layers."""
    return Blobs(root() / "blobs")


@once
def repositories() -> dict[tuple[str, str, str], Repository]:
    """All repositories by account, region and name."""
    files = sorted((root() / "registries").glob("*/*/*/repository.json"))
    found = [_read(documents.read(file)) for file in files]
    return {(one.account, one.region, one.name): one for one in found}


def _read(document: Members) -> Repository:
    images = {digest: StoredImage(**members) for digest, members in document.pop("images").items()}
    return Repository(**document, images=images)


def find(scope: Scope, name: str, registry: str | None = None) -> Repository:
    """A repository of an account, which may be another's.

    Raises:
        CommonServiceException: RepositoryNotFoundException.
    """
    account = registry or scope.account
    found = repositories().get((account, scope.region, name))
    if found is None:
        raise repository_not_found(name, account)
    return found


def of(scope: Scope, registry: str | None = None) -> list[Repository]:
    """The repositories of an account in a region, by name."""
    place = (registry or scope.account, scope.region)
    with LOCK:
        found = [one for one in repositories().values() if (one.account, one.region) == place]
    return sorted(found, key=lambda one: one.name)


def remove(repository: Repository) -> None:
    """Forget a repository with all that only it has."""
    with LOCK:
        del repositories()[(repository.account, repository.region, repository.name)]
        (repository.folder / "repository.json").unlink()
        shutil.rmtree(repository.folder, ignore_errors=True)
        _remove_unneeded({*repository.images, *repository.layers})


def forget_image(repository: Repository, digest: str) -> None:
    """Take an image out of a repository; its manifest goes with the last that has it."""
    del repository.images[digest]
    _remove_unneeded({digest})


def sweep(repository: Repository) -> None:
    """Remove what no image of the repository needs any more, and say so in its document."""
    with LOCK:
        needed = {digest for image in repository.images.values() for digest in image.needs}
        before = time.time() - GRACE_SECONDS
        old = {
            digest
            for digest, seen in repository.layers.items()
            if digest not in needed and seen < before
        }
        for digest in old:
            del repository.layers[digest]
        repository.save()
        _remove_unneeded(old)


def sweep_all() -> None:
    """The same for all, and for blobs that a killed emulator left without a repository."""
    with LOCK:
        for repository in list(repositories().values()):
            sweep(repository)
        _remove_unneeded(set(blobs().all()))


def _remove_unneeded(digests: set[str]) -> None:
    """Blobs of which no repository knows."""
    needed = {digest for one in repositories().values() for digest in (*one.images, *one.layers)}
    for digest in digests - needed:
        blobs().remove(digest)
