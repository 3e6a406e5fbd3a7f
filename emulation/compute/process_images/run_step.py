"""RUN: a command in the stage's root, and what it changed as a layer.

The command really runs. What it may use of this machine, and no layer ever holds: the way to the
package registries, and the caches of uv and pip. `UV_NO_CACHE` and the like are there to keep such
caches out of layers, so they are not told to it.
"""

import hashlib
import re
import shutil
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from emulation.compute.process_images import relocated_run, running
from emulation.compute.process_images.accounts import account
from emulation.compute.process_images.copying import summary
from emulation.compute.process_images.dockerfile import DockerfileError, Instruction
from emulation.compute.process_images.image import ImageError
from emulation.compute.process_images.merging import harvest
from emulation.compute.process_images.running import Container, Mount
from emulation.compute.process_images.settings_steps import command_line
from emulation.compute.process_images.stage import Stage
from emulation.compute.processes import LogSink, Process, ProcessSpec

KINDS = ("bind", "cache", "tmpfs")
REFUSED_KINDS = ("secret", "ssh")
MEMBERS = {
    "type", "target", "dst", "destination", "id", "source", "src", "from", "sharing", "ro",
    "readonly", "rw", "readwrite", "mode", "uid", "gid", "size",
}  # fmt: skip
CACHES = "/run/caches"
WITHOUT = ("UV_NO_CACHE", "PIP_NO_CACHE_DIR")
ONLY_HEREDOC = re.compile(r"<<-?(['\"]?)[\w.]+\1")
SCRIPT = "/run/script"


@dataclass(frozen=True, slots=True)
class Workplace:
    """What of this machine RUN uses."""

    environment: Mapping[str, str]
    """The way to package registries."""
    uv_cache: Path
    caches: Path
    """Where `--mount=type=cache` and pip keep theirs, for all builds."""


class RunError(ImageError):
    """The command failed."""


@dataclass(frozen=True, slots=True)
class MountFlag:
    """One `--mount`, read."""

    kind: str
    target: str
    source: str
    origin: str
    """`from`: a stage or an image; empty is the context."""
    identifier: str
    writable: bool


def mounts_of(item: Instruction) -> list[MountFlag]:
    """The mounts that a RUN asks for.

    Raises:
        DockerfileError: one that is not honoured.
    """
    network = item.flag("network")
    if network not in {"", "default", "host"}:
        raise DockerfileError(item.line, f"RUN --network={network} is not emulated")
    return [_mount(item, value) for name, value in item.flags if name == "mount"]


def _mount(item: Instruction, text: str) -> MountFlag:
    members = dict(part.partition("=")[::2] for part in text.split(","))
    unknown = sorted(set(members) - MEMBERS)
    kind = members.get("type", "bind")
    if kind not in KINDS or unknown:
        what = f"type={kind}" if kind not in KINDS else unknown[0]
        raise DockerfileError(item.line, f"RUN --mount={what} is not emulated")
    target = members.get("target") or members.get("dst") or members.get("destination") or ""
    if not target:
        raise DockerfileError(item.line, f"RUN --mount={text}: target is missing")
    asked = {name for name in ("rw", "readwrite") if members.get(name, "false") in {"", "true"}}
    return MountFlag(
        kind=kind,
        target=target,
        source=members.get("source") or members.get("src") or "",
        origin=members.get("from", ""),
        identifier=members.get("id") or target,
        writable=bool(asked) or kind != "bind",
    )


class Run:
    """One RUN at work, in a folder of its own."""

    def __init__(
        self,
        stage: Stage,
        item: Instruction,
        folder: Path,
        workplace: Workplace,
        origin: Callable[[str], Sequence[Path]],
    ) -> None:
        """`origin` gives the folders of a stage or an image that a mount is from."""
        self._stage = stage
        self._item = item
        self._folder = folder
        self._workplace = workplace
        self._origin = origin

    def shown(self) -> str:
        """The command as Docker tells of it."""
        return " ".join(self._command())

    def fingerprint(self) -> str:
        """Changes when what is mounted from the context or a stage changes."""
        found = hashlib.sha256()
        for flag in mounts_of(self._item):
            if flag.kind == "bind":
                source = self._source(flag)
                for path in [source, *sorted(source.rglob("*"))]:
                    name = path.relative_to(source).as_posix()
                    found.update(repr((flag.target, name, summary(path))).encode())
        return found.hexdigest()

    def work(self, start: Callable[[ProcessSpec], Process], log: LogSink) -> Path:
        """Run it to its end; the layer's folder.

        Raises:
            RunError: it returned a non-zero code.
        """
        self._folder.mkdir(parents=True)
        container = self._container()
        if self._is_relocated():
            return relocated_run.work(container, self._command(), start, log)
        process = start(running.process(container, log=log))
        process.wait()
        if process.exit_code:
            raise RunError(
                f"The command '{self.shown()}' returned a non-zero code: {process.exit_code}"
            )
        upper = running.written(container)
        harvest(upper, [*sorted(container.mounts, reverse=True), "/etc/resolv.conf", "/etc/hosts"])
        harvest(upper, ["/run/caches", "/proc", "/sys", "/dev"])
        return upper

    def _is_relocated(self) -> bool:
        """Whether it runs in a copy of the image's files: always where there is no root of its own;
        where files can only belong to root, if it is a command that is known (`useradd`).
        """
        if not running.isolated():
            return True
        return not running.has_users() and relocated_run.is_known(self._command())

    def _container(self) -> Container:
        config = self._stage.config
        environment = {
            **self._workplace.environment,
            **self._stage.arguments,
            **{name: value for name, value in config.environment.items() if name not in WITHOUT},
        }
        mounts = {flag.target: self._mounted(flag) for flag in mounts_of(self._item)}
        if account(config.user, *self._stage.folders).user == 0:
            environment, caches = self._with_caches(environment)
            mounts |= caches
        image = replace(self._stage.image, config=replace(config, environment=environment))
        name = f"build-{uuid.uuid4().hex[:12]}"
        return Container(
            name,
            image,
            self._folder,
            entrypoint=self._command(),
            mounts={**mounts, **self._script()},
        )

    def _with_caches(self, environment: dict[str, str]) -> tuple[dict[str, str], dict[str, Mount]]:
        """uv's of this machine and pip's, unless the Dockerfile has others."""
        found = {
            "UV_CACHE_DIR": self._workplace.uv_cache,
            "PIP_CACHE_DIR": self._workplace.caches / "pip",
        }
        mounts, named = {}, {}
        for name, source in found.items():
            if name not in environment:
                source.mkdir(parents=True, exist_ok=True)
                named[name] = f"{CACHES}/{name.partition('_')[0].lower()}"
                mounts[named[name]] = Mount(source)
        return {"UV_LINK_MODE": "copy", **named, **environment}, mounts

    def _command(self) -> list[str]:
        text, docs = self._item.value, self._item.heredocs
        if docs and ONLY_HEREDOC.fullmatch(text):
            script = docs[0].text
            return [SCRIPT] if script.startswith("#!") else [*self._stage.config.shell, script]
        for doc in docs:
            text += f"\n{doc.text}{doc.name}\n"
        return list(command_line(self._stage.config, text))

    def _script(self) -> dict[str, Mount]:
        """A here-document that is a program."""
        if self._command() != [SCRIPT]:
            return {}
        file = self._folder / "script"
        file.write_text(self._item.heredocs[0].text)
        file.chmod(0o755)
        return {SCRIPT: Mount(file, read_only=True)}

    def _mounted(self, flag: MountFlag) -> Mount:
        if flag.kind == "tmpfs":
            folder = self._folder / "tmpfs" / uuid.uuid4().hex
            folder.mkdir(parents=True)
            return Mount(folder)
        if flag.kind == "cache":
            folder = self._workplace.caches / "mounts" / re.sub(r"\W+", "-", flag.identifier)
            folder.mkdir(parents=True, exist_ok=True)
            return Mount(folder)
        return self._bound(flag)

    def _bound(self, flag: MountFlag) -> Mount:
        source = self._source(flag)
        if flag.writable:
            return Mount(self._own_copy(source))
        return Mount(source, read_only=True)

    def _source(self, flag: MountFlag) -> Path:
        for folder in self._origin(flag.origin):
            source = folder / flag.source.lstrip("/")
            if source.exists():
                return source
        raise ImageError(f"RUN --mount: {flag.source or '.'} is not there")

    def _own_copy(self, source: Path) -> Path:
        """What a build writes into a mount is gone with it."""
        target = self._folder / "bound" / uuid.uuid4().hex
        target.parent.mkdir(exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, symlinks=True)
        else:
            shutil.copy2(source, target)
        return target
