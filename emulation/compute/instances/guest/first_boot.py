"""User data at the first boot, in cloud-init's order: boot commands, files, packages, then scripts.

As there, what fails is told on the console and the boot goes on.
"""

import base64
import gzip
import os
import shlex
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from emulation.compute.instances.guest.children import Children, Console, Start
from emulation.compute.instances.guest.paths import Paths

FOLDER = "/var/lib/cloud/instance"
FINISHED = f"{FOLDER}/boot-finished"
ENCODED = {"b64", "base64"}
PACKED = {"gz", "gzip"}
BOTH = {"gz+b64", "gzip+b64", "gz+base64", "gzip+base64"}

Part = dict[str, Any]


class FirstBoot:
    """Runs the parts of the user data, once in an instance's life."""

    def __init__(
        self, children: Children, console: Console, paths: Paths, environment: Mapping[str, str]
    ) -> None:
        self._children = children
        self._say = console.named("cloud-init")
        self._paths = paths
        self._environment = environment
        self._failures = 0

    def run(self, parts: list[Part], problem: str | None) -> None:
        """Run all parts; `problem` is what could not be read of the user data."""
        self._paths.path(f"{FOLDER}/scripts").mkdir(parents=True, exist_ok=True)
        if problem:
            self._fail(problem)
        configs = [part for part in parts if part["kind"] == "cloud-config"]
        for config in configs:
            self._run_commands("bootcmd", config.get("bootcmd", []))
        for config in configs:
            for file in config.get("write_files", []):
                self._write(file)
        for config in configs:
            if packages := config.get("packages"):
                self._execute("packages", ["dnf", "install", "-y", *packages])
        for config in configs:
            self._run_commands("runcmd", config.get("runcmd", []))
        scripts = [part["text"] for part in parts if part["kind"] == "script"]
        for number, text in enumerate(scripts, 1):
            self._run_script(f"part-{number:03}", text)
        self._say(f"finished, {self._failures} failed" if self._failures else "finished")
        self._paths.path(FINISHED).write_text("")

    def _fail(self, reason: str) -> None:
        self._failures += 1
        self._say(f"failed: {reason}")

    def _write(self, file: Part) -> None:
        path = self._paths.path(file["path"])
        try:
            content = decoded(file.get("content", ""), file.get("encoding", ""))
            if self._paths.prefix:
                content = self._paths.here(content.decode()).encode()
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("ab" if file.get("append") else "wb") as target:
                target.write(content)
            path.chmod(int(str(file.get("permissions", "0644")), 8))
        except (OSError, ValueError, EOFError, zlib.error) as error:
            self._fail(f"write_files {file['path']}: {error}")

    def _run_commands(self, name: str, commands: list[str | list[str]]) -> None:
        """One script of all, as cloud-init writes it: what fails does not keep the next."""
        if commands:
            lines = [line if isinstance(line, str) else shlex.join(line) for line in commands]
            self._run_script(name, "\n".join(["#!/bin/sh", *lines, ""]))

    def _run_script(self, name: str, text: str) -> None:
        path = self._paths.path(f"{FOLDER}/scripts/{name}")
        path.write_text(self._paths.here(text))
        path.chmod(0o700)
        self._execute(name, [str(path)])

    def _execute(self, name: str, words: list[str]) -> None:
        log = self._paths.path("/var/log/cloud-init-output.log")

        def output(line: str) -> None:
            with log.open("a") as file:
                file.write(f"{line}\n")
            self._say(line)

        try:
            start = Start(words=words, environment=self._environment, output=output, errors=output)
            child = self._children.start(start)
        except OSError as error:
            self._fail(f"{name}: {error}")
            return
        code = self._children.wait(child)
        for reader in child.readers:
            # What the script has left running keeps its output open.
            reader.join(1)
        if code:
            self._fail(f"{name} ended with exit code {code}")


def decoded(content: str, encoding: str) -> bytes:
    """The content of a file.

    Raises:
        ValueError, OSError: it is not of its encoding.
    """
    data = content.encode()
    if encoding in ENCODED | BOTH:
        data = base64.b64decode(content, validate=False)
    return gzip.decompress(data) if encoding in PACKED | BOTH else data


def is_finished(volume: Path) -> bool:
    """Whether the first boot of the instance that has this volume came to its end."""
    return os.path.exists(f"{volume}{FINISHED}")  # noqa: PTH110 - a path of another root
