"""The Docker Engine's HTTP API, as far as images go: what a `docker` command in a build reaches.

`DOCKER_HOST=tcp://HOST:PORT/_terrarium/docker/SESSION`. Builds, tags, pushes, pulls, lists; there
are no containers, for images run as processes, in ECS: whatever asks for one is refused by name.
The paths and words are those of Docker's documentation of the API, version 1.47.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from localstack.http import Request, Response

from emulation.compute.process_images.library import Document, architecture
from emulation.services.ecr.docker_build import build
from emulation.services.ecr.docker_login import LoginError, check_login, logins_of
from emulation.services.ecr.docker_transfer import pull_image, push_image
from emulation.services.ecr.local_images import LOCK, LocalImage, LocalImages, NoSuchImageError
from emulation.services.ecr.places import library

API = "1.47"
VERSIONED = re.compile(r"v1\.\d+/(.*)")
SESSION = re.compile(r"[\w.-]{1,100}")
NAME = r"(?P<name>.+?)"


class EngineError(Exception):
    """A refusal, with its status."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Call:
    """A request of a docker command."""

    request: Request
    session: str
    name: str = ""

    @property
    def images(self) -> LocalImages:
        """The images of its session, as they are now."""
        return LocalImages(self.session)


def answer(request: Request, session: str, rest: str, **_: Any) -> Response:
    """Answer one request."""
    found = VERSIONED.fullmatch(rest)
    path = found[1] if found else rest
    try:
        if SESSION.fullmatch(session) is None:
            raise EngineError("no such session", 404)
        return _answer(request, session, path)
    except EngineError as error:
        return _json({"message": str(error)}, error.status)
    except NoSuchImageError as error:
        return _json({"message": str(error)}, 404)
    except LoginError as error:
        return _json({"message": str(error)}, 401)


def _answer(request: Request, session: str, path: str) -> Response:
    for method, pattern, work in ROUTES:
        found = re.fullmatch(pattern, path)
        if found is not None and request.method in method.split():
            return work(Call(request, session, found.groupdict().get("name", "")))
    raise EngineError(
        f"docker {request.method} /{path} is not emulated: images are built here, and run as"
        " tasks of ECS",
        501,
    )


def _json(document: Any, status: int = 200) -> Response:
    headers = {
        "Content-Type": "application/json",
        "Api-Version": API,
        "Ostype": "linux",
        "Builder-Version": "1",
        "Docker-Experimental": "false",
        "Server": "Terrarium",
    }
    return Response(json.dumps(document), status, headers)


def ping(_: Call) -> Response:
    """Whether there is an engine: the headers say which."""
    found = _json("")
    found.set_data(b"OK")
    found.headers["Content-Type"] = "text/plain; charset=utf-8"
    return found


def version(_: Call) -> Response:
    """What this is."""
    return _json(
        {
            "Platform": {"Name": "Terrarium process images"},
            "Version": "27.0.0",
            "ApiVersion": API,
            "MinAPIVersion": "1.24",
            "Os": "linux",
            "Arch": architecture(),
            "Components": [],
        }
    )


def info(call: Call) -> Response:
    """The same, at length."""
    return _json(
        {
            "Images": len(call.images.images),
            "Containers": 0,
            "ServerVersion": "27.0.0",
            "OperatingSystem": "Terrarium process images",
            "OSType": "linux",
            "Architecture": architecture(),
            "IndexServerAddress": "https://index.docker.io/v1/",
        }
    )


def login(call: Call) -> Response:
    """Whether a password is good."""
    check_login(json.loads(call.request.get_data() or b"{}"))
    return _json({"Status": "Login Succeeded", "IdentityToken": ""})


def list_images(call: Call) -> Response:
    """The session's images, the newest first."""
    found = [_summary(image) for image in call.images.images]
    return _json(sorted(found, key=lambda one: str(one["Created"]), reverse=True))


def _summary(image: LocalImage) -> Document:
    shown = _described(image)
    kept = ("Id", "RepoTags", "RepoDigests", "Size")
    return {name: shown[name] for name in kept} | {
        "Created": shown["CreatedSeconds"],
        "Labels": shown["Config"].get("Labels", {}),
        "ParentId": "",
        "SharedSize": -1,
        "VirtualSize": shown["Size"],
        "Containers": -1,
    }


def inspect(call: Call) -> Response:
    """One image."""
    shown = _described(call.images.find(call.name))
    del shown["CreatedSeconds"]
    return _json(shown)


def _described(image: LocalImage) -> Document:
    manifest = library().document(image.digest)
    config = library().document(image.identifier)
    created = str(config.get("created", ""))
    return {
        "Id": image.identifier,
        "RepoTags": image.names,
        "RepoDigests": image.pushed,
        "Created": created,
        "CreatedSeconds": seconds_of(created),
        "Architecture": config["architecture"],
        "Os": config["os"],
        "Author": config.get("author", ""),
        "Config": config.get("config", {}),
        "Size": sum(layer["size"] for layer in manifest["layers"]),
        "RootFS": {"Type": "layers", "Layers": config["rootfs"]["diff_ids"]},
    }


def seconds_of(moment: str) -> int:
    """A moment of an image in seconds."""
    return int(datetime.fromisoformat(moment).timestamp()) if moment else 0


def history(call: Call) -> Response:
    """How an image was made, the last step first."""
    config = library().document(call.images.find(call.name).identifier)
    steps = [
        {
            "Id": "<missing>",
            "Created": seconds_of(step.get("created", "")),
            "CreatedBy": step.get("created_by", ""),
            "Tags": None,
            "Size": 0,
            "Comment": step.get("comment", ""),
        }
        for step in reversed(config.get("history") or [])
    ]
    return _json(steps)


def tag(call: Call) -> Response:
    """Another name for an image."""
    repository, label = call.request.args.get("repo", ""), call.request.args.get("tag", "")
    if not repository:
        raise EngineError("invalid reference format", 400)
    with LOCK:
        images = call.images
        image = images.find(call.name)
        images.add(image.digest, [f"{repository}:{label}" if label else repository])
    return Response(b"", 201)


def remove(call: Call) -> Response:
    """Take an image's name away."""
    with LOCK:
        return _json(call.images.remove(call.name))


def push(call: Call) -> Response:
    """To this ECR."""
    logins = logins_of(call.request)
    label = call.request.args.get("tag", "")
    name = f"{call.name}:{label}" if label else call.name
    return push_image(call.session, name, logins)


def pull(call: Call) -> Response:
    """From this ECR."""
    if not call.request.args.get("fromImage"):
        raise EngineError("docker import is not emulated", 501)
    name, label = call.request.args["fromImage"], call.request.args.get("tag", "")
    mark = "@" if label.startswith("sha256:") else ":"
    return pull_image(
        call.session, f"{name}{mark}{label}" if label else name, logins_of(call.request)
    )


def start_build(call: Call) -> Response:
    """Build an image of a Dockerfile and its context."""
    if call.request.args.get("remote"):
        raise EngineError("docker build of an address is not emulated", 501)
    if call.request.args.get("version", "1") != "1":
        raise EngineError("BuildKit is not emulated: use DOCKER_BUILDKIT=0", 501)
    return build(call.session, call.request)


def no_container(call: Call) -> Response:
    """What docker asks for first when it is to inspect something."""
    raise EngineError(f"No such container: {call.name}", 404)


def no_containers(_: Call) -> Response:
    """There are none."""
    return _json([])


ROUTES: tuple[tuple[str, str, Callable[[Call], Response]], ...] = (
    ("GET HEAD", r"_ping", ping),
    ("GET", r"version", version),
    ("GET", r"info", info),
    ("POST", r"auth", login),
    ("POST", r"build", start_build),
    ("GET", r"containers/json", no_containers),
    ("GET", rf"containers/{NAME}/json", no_container),
    ("GET", r"images/json", list_images),
    ("POST", r"images/create", pull),
    ("GET", rf"images/{NAME}/json", inspect),
    ("GET", rf"images/{NAME}/history", history),
    ("POST", rf"images/{NAME}/tag", tag),
    ("POST", rf"images/{NAME}/push", push),
    ("DELETE", rf"images/{NAME}", remove),
)
