"""`docker build`."""

import argparse
import json
import os
import re
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from emulation.compute.builds.docker_command.engine import call, follow
from emulation.compute.builds.docker_command.flags import parser
from emulation.compute.builds.docker_command.images import push
from emulation.compute.builds.docker_command.logins import header, logins, members
from emulation.compute.builds.docker_command.telling import environment, fail

REFUSED_FLAGS = ("--secret", "--ssh", "--output", "-o", "--attest", "--build-context", "--allow")


def _build_arguments(words: Sequence[str]) -> argparse.Namespace:
    for word in words:
        if word.split("=")[0] in REFUSED_FLAGS:
            fail(f"docker build {word.split('=')[0]} is not emulated")
    flags = parser("build")
    for names in (("-t", "--tag"), ("--build-arg",), ("--label",), ("--cache-from",)):
        flags.add_argument(*names, action="append", default=[])
    for names in (("-f", "--file"), ("--target",), ("--platform",), ("--iidfile",)):
        flags.add_argument(*names, default="")
    for flag in ("--progress", "--network", "--provenance", "--sbom", "--cache-to", "--builder"):
        flags.add_argument(flag, default="")
    for names in (("-q", "--quiet"), ("--no-cache",), ("--load",), ("--push",)):
        flags.add_argument(*names, action="store_true")
    for flag in ("--pull", "--rm", "--force-rm"):
        flags.add_argument(flag, nargs="?", const="true", default="")
    flags.add_argument("path")
    return flags.parse_args(_pull_alone(words))


def _pull_alone(words: Sequence[str]) -> list[str]:
    """`--pull` takes a value only behind an equals sign."""
    alone = {"--pull", "--rm", "--force-rm"}
    return [f"{word}=true" if word in alone else word for word in words]


def build(words: Sequence[str]) -> int:
    """`docker build`."""
    asked = _build_arguments(words)
    context, dockerfile = _context(asked.path, asked.file)
    query = {
        "t": asked.tag,
        "dockerfile": dockerfile,
        "buildargs": json.dumps(_pairs(asked.build_arg)),
        "labels": json.dumps(_pairs(asked.label)),
        "target": asked.target,
        "platform": asked.platform,
        "nocache": "1" if asked.no_cache else "",
        "q": "1" if asked.quiet else "",
        "networkmode": asked.network,
    }
    known = {name: members(name, entry) for name, entry in logins().items()}
    headers = {"Content-Type": "application/x-tar", "X-Registry-Config": header(known)}
    built = ""
    with context:
        for document in follow(call("POST", "build", query, context, headers)):
            built = document.get("aux", {}).get("ID", built)
    if not built:
        fail("the engine ended without an image")
    if asked.iidfile:
        Path(asked.iidfile).write_text(built)
    for name in asked.tag if asked.push else ():
        push([name])
    return 0


def _pairs(words: Sequence[str]) -> dict[str, str]:
    """`NAME=value`; a name alone has its value from the environment."""
    found = {}
    for word in words:
        name, sign, value = word.partition("=")
        if sign or environment(name):
            found[name] = value if sign else environment(name)
    return found


def _context(path: str, file: str) -> tuple[IO[bytes], str]:
    """The context as an archive, and the Dockerfile's name in it."""
    if path == "-":
        fail("docker build - is not emulated: name a folder")
    if re.match(r"(https?|git|ssh)://|git@", path):
        fail(f"docker build of an address is not emulated: {path}")
    folder = Path(path)
    if not folder.is_dir():
        fail(f'unable to prepare context: path "{path}" not found')
    dockerfile = Path(file) if file else folder / "Dockerfile"
    if not dockerfile.is_file():
        fail(
            "unable to prepare context: unable to evaluate symlinks in Dockerfile path: lstat"
            f" {dockerfile}: no such file or directory"
        )
    # Closed by whoever sends it.
    archive = tempfile.TemporaryFile()  # noqa: SIM115
    inside = dockerfile.resolve().is_relative_to(folder.resolve())
    name = os.path.relpath(dockerfile.resolve(), folder.resolve()) if inside else ".dockerfile.0"
    with tarfile.open(fileobj=archive, mode="w") as tar:
        tar.add(folder, ".")
        if not inside:
            tar.add(dockerfile, name)
    archive.seek(0)
    return archive, name
