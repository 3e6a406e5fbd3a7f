"""The images that a docker command sees: those that its build made, pulled or tagged.

As on the machine of one CodeBuild build they are a session's own, and gone with it; only layers,
which are named by what they hold, are there for the next build.
"""

import threading
from dataclasses import asdict, dataclass, field
from pathlib import Path

from emulation.compute.process_images.library import Document
from emulation.services import documents
from emulation.services.ecr.places import library

LOCK = threading.RLock()


@dataclass(slots=True)
class LocalImage:
    """One image of a session."""

    digest: str
    """Of its manifest."""
    identifier: str
    """Of its configuration, which docker calls the image's ID."""
    names: list[str] = field(default_factory=list)
    """`repository:tag`."""
    pushed: list[str] = field(default_factory=list)
    """`repository@digest`."""


class NoSuchImageError(LookupError):
    """The session has no such image; in docker's words."""


def full_name(name: str) -> str:
    """A name with its tag; names of Docker Hub without its host."""
    for host in ("docker.io/library/", "docker.io/"):
        name = name.removeprefix(host)
    last = name.rsplit("/", 1)[-1]
    return name if ":" in last or "@" in last else f"{name}:latest"


class LocalImages:
    """The images of one session."""

    def __init__(self, session: str) -> None:
        self._file = file_of(session)
        found = documents.read(self._file) or []
        self.images = [LocalImage(**one) for one in found]

    def add(self, digest: str, names: list[str]) -> LocalImage:
        """An image that is in the library, under names that it takes from others."""
        identifier = library().document(digest)["config"]["digest"]
        image = next((one for one in self.images if one.digest == digest), None)
        if image is None:
            image = LocalImage(digest, identifier)
            self.images.append(image)
        for name in map(full_name, names):
            for other in self.images:
                other.names = [one for one in other.names if one != name]
            image.names.append(name)
        self.save()
        return image

    def find(self, name: str) -> LocalImage:
        """An image by its name, its ID or the beginning of it.

        Raises:
            NoSuchImageError: there is none.
        """
        wanted, short = full_name(name), name.removeprefix("sha256:")
        for image in self.images:
            if wanted in image.names or name in image.pushed:
                return image
        for image in self.images:
            if len(short) >= 4 and image.identifier.removeprefix("sha256:").startswith(short):
                return image
        raise NoSuchImageError(f"No such image: {wanted}")

    def remove(self, name: str) -> list[Document]:
        """Take a name away, and the image with its last; what was done."""
        image = self.find(name)
        wanted = full_name(name)
        gone = [wanted] if wanted in image.names else list(image.names)
        image.names = [one for one in image.names if one not in gone]
        done = [{"Untagged": one} for one in gone]
        if not image.names:
            self.images.remove(image)
            done.append({"Deleted": image.identifier})
        self.save()
        return done

    def save(self) -> None:
        """Write them down."""
        documents.write(self._file, [asdict(image) for image in self.images])


def file_of(session: str) -> Path:
    """Where a session's images are written down."""
    return library().folder / "sessions" / f"{session}.json"


def forget(session: str) -> None:
    """A session has ended."""
    with LOCK:
        file_of(session).unlink(missing_ok=True)
