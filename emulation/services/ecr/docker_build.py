"""docker build: the context of a request becomes an image of its session, told line by line.

The build runs in a thread of its own. When the client goes away, it is cancelled: whatever it runs
is killed.
"""

import json
import queue
import tarfile
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from localstack.http import Request, Response

from emulation.compute.process_images.builder import Builder
from emulation.compute.process_images.context import prune, unpack
from emulation.compute.process_images.image import ImageError
from emulation.compute.process_images.library import Document
from emulation.compute.process_images.plan import Order
from emulation.compute.process_images.trees import remove_tree
from emulation.compute.processes import SUPERVISOR
from emulation.front.bodies import ON_LEAVE
from emulation.services.ecr.docker_login import LoginError, Logins, logins_of
from emulation.services.ecr.docker_transfer import failure, resolved
from emulation.services.ecr.local_images import (
    LOCK,
    LocalImages,
    NoSuchImageError,
    full_name,
)
from emulation.services.ecr.places import library, workplace

REFUSED = (
    "memory", "memswap", "cpushares", "cpusetcpus", "cpuperiod", "cpuquota", "shmsize",
    "squash", "extrahosts", "outputs",
)  # fmt: skip
"""Options of a build that ask for what nobody does here, unless they say nothing."""
NOTHING = ("", "0", "[]", "{}", "false", "null")
NETWORKS = ("", "default", "host", "bridge")


class Build:
    """One build that somebody follows."""

    def __init__(self, session: str, request: Request) -> None:
        self._session = session
        self._arguments = dict(request.args)
        self._names = request.args.getlist("t")
        self._logins: Logins = logins_of(request)
        self._context = library().folder / "contexts" / uuid.uuid4().hex
        self._lines: queue.SimpleQueue[Document | None] = queue.SimpleQueue()
        self._quiet = self._arguments.get("q", "") not in NOTHING
        self._builder = Builder(library(), workplace(), SUPERVISOR, self._resolve, self._say)
        self._unpack(request)

    def _unpack(self, request: Request) -> None:
        self._context.mkdir(parents=True)
        unpack(request.stream, self._context)

    def follow(self) -> Iterator[bytes]:
        """What it tells, until its end."""
        threading.Thread(target=self._work, name="docker-build", daemon=True).start()
        while (line := self._lines.get()) is not None:
            yield json.dumps(line).encode() + b"\n"

    def cancel(self) -> None:
        """Nobody follows any more."""
        self._builder.cancel()

    def _say(self, text: str) -> None:
        if not self._quiet:
            self._lines.put({"stream": text})

    def _work(self) -> None:
        end: Document = failure("the emulator failed: see its log")
        try:
            end = self._built()
        except (ImageError, LoginError, OSError) as error:
            end = failure(str(error))
        finally:
            remove_tree(self._context)
            self._lines.put(end)
            self._lines.put(None)

    def _built(self) -> Document:
        digest = self._builder.build(self._order())
        with LOCK:
            image = LocalImages(self._session).add(digest, self._names)
        self._lines.put({"aux": {"ID": image.identifier}})
        if self._quiet:
            return {"stream": f"{image.identifier}\n"}
        self._say(f"Successfully built {image.identifier.removeprefix('sha256:')[:12]}\n")
        tagged = [f"Successfully tagged {full_name(name)}\n" for name in self._names]
        return {"stream": "".join(tagged)}

    def _order(self) -> Order:
        asked = self._arguments
        for name in REFUSED:
            if asked.get(name, "") not in NOTHING:
                raise ImageError(f"docker build with {name} is not emulated")
        if asked.get("networkmode", "") not in NETWORKS:
            raise ImageError(f"docker build --network {asked['networkmode']} is not emulated")
        name = asked.get("dockerfile") or "Dockerfile"
        file = self._file(name)
        text = file.read_text(errors="replace")
        prune(self._context, name)
        return Order(
            dockerfile=text,
            context=self._context,
            arguments=_texts(asked.get("buildargs")),
            labels=_texts(asked.get("labels")),
            target=asked.get("target", ""),
            platform=asked.get("platform", ""),
            use_cache=asked.get("nocache", "") in NOTHING,
        )

    def _file(self, name: str) -> Path:
        file = (self._context / name).resolve()
        if not file.is_relative_to(self._context.resolve()) or not file.is_file():
            raise ImageError(f"Cannot locate specified Dockerfile: {name}")
        return file

    def _resolve(self, name: str) -> str:
        """An image that this session has, or this ECR."""
        try:
            return LocalImages(self._session).find(name).digest
        except NoSuchImageError:
            return resolved(name, self._logins)


def _texts(document: str | None) -> dict[str, str]:
    """A JSON object of texts; what is null was not given."""
    found: dict[str, Any] = json.loads(document or "{}") or {}
    return {name: str(value) for name, value in found.items() if value is not None}


def build(session: str, request: Request) -> Response:
    """Begin a build and tell of it."""
    try:
        begun = Build(session, request)
    except (tarfile.TarError, EOFError, OSError) as error:
        message = json.dumps({"message": f"the build's context cannot be read: {error}"})
        return Response(message, 400, {"Content-Type": "application/json"})
    request.environ.get(ON_LEAVE, []).append(begun.cancel)
    return Response(begun.follow(), 200, {"Content-Type": "application/json"})
