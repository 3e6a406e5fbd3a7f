"""A Dockerfile into an image: stage by stage, instruction by instruction, in Docker's words.

Only the stages that the target needs are built. A step that changes files is a layer; a step that
was done before - on the same layers, with the same text, variables and files - is not done again.
What cannot be honoured fails the build with its line, before the first step if it can be known.
"""

import hashlib
import json
import os
import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from emulation.compute.process_images import bases, settings_steps
from emulation.compute.process_images.context import Tree
from emulation.compute.process_images.copying import Copy, read_copy
from emulation.compute.process_images.dockerfile import (
    Dockerfile,
    DockerfileError,
    Instruction,
    StageText,
    parse,
)
from emulation.compute.process_images.image import ImageConfig, ImageError
from emulation.compute.process_images.layers import Layer, Owners, pack
from emulation.compute.process_images.library import (
    BASE_LABEL,
    Library,
    Parts,
    architecture,
    moment,
)
from emulation.compute.process_images.merging import merge
from emulation.compute.process_images.run_step import Run, Workplace, mounts_of
from emulation.compute.process_images.running import isolated
from emulation.compute.process_images.settings_steps import STEPS, Words, command_line
from emulation.compute.process_images.stage import Stage
from emulation.compute.process_images.trees import remove_tree, share_tree
from emulation.compute.process_images.words import WordError, expand, split
from emulation.compute.processes import Process, ProcessSpec, Supervisor

SCRATCH = "scratch"
MARKER = "usr/share/doc/terrarium/README"
MARKED = (
    "This image stands on {name}, which is not part of it: the emulator that built it puts its own"
    " files and programs below.\n"
)
PROXIES = {
    name
    for word in ("HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY")
    for name in (word, word.lower())
}
"""Build arguments that need no ARG."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be built."""

    dockerfile: str
    """Its text."""
    context: Path
    arguments: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    target: str = ""
    platform: str = ""
    use_cache: bool = True


class CancelledError(ImageError):
    """Whoever asked for the build went away."""


class Builder:
    """One build."""

    def __init__(
        self,
        library: Library,
        workplace: Workplace,
        supervisor: Supervisor,
        resolve: Callable[[str], str],
        say: Callable[[str], None],
    ) -> None:
        """`resolve` gives the digest of an image that is no known base, once it is in the library,
        and raises ImageError when there is none; `say` takes what Docker tells of a build.
        """
        self._library = library
        self._workplace = workplace
        self._supervisor = supervisor
        self._resolve = resolve
        self._say = say
        self._folder = library.folder / "builds" / uuid.uuid4().hex
        self._stages: dict[str, Stage] = {}
        self._process: Process | None = None
        self._cancelled = threading.Event()
        self._used: set[str] = set()

    def build(self, order: Order) -> str:
        """The digest of the image.

        Raises:
            ImageError: the Dockerfile cannot be honoured, or a step failed.
        """
        self._order = order
        self._file = parse(order.dockerfile)
        self._check(self._file)
        wanted = self._target(self._file)
        try:
            self._folder.mkdir(parents=True)
            stages = [one for one in self._needed(wanted)]
            self._steps = sum(1 + len(stage.instructions) for stage in stages)
            self._step = 0
            for text in stages:
                stage = self._build_stage(text)
            return self._finish(stage)
        finally:
            remove_tree(self._folder)

    def cancel(self) -> None:
        """End it; what it runs is killed."""
        self._cancelled.set()
        process = self._process
        if process is not None:
            process.kill()

    def _check(self, file: Dockerfile) -> None:
        """What can be known before the first step."""
        wanted = f"linux/{architecture()}"
        if self._order.platform not in {"", wanted, wanted.partition("/")[2]}:
            raise ImageError(f"the platform {self._order.platform} is not emulated: {wanted} is")
        for stage in file.stages:
            for item in stage.instructions:
                if item.name == "RUN":
                    mounts_of(item)

    def _target(self, file: Dockerfile) -> StageText:
        name = self._order.target.lower()
        if not name:
            return file.stages[-1]
        for number, stage in enumerate(file.stages):
            if name in {stage.name, str(number)}:
                return stage
        raise ImageError(f"failed to reach build target {self._order.target} in Dockerfile")

    def _needed(self, target: StageText) -> list[StageText]:
        """The stages that the target is made of, in their order."""
        stages = self._file.stages
        wanted, open_ones = set(), [stages.index(target)]
        while open_ones:
            number = open_ones.pop()
            if number not in wanted:
                wanted.add(number)
                names = {stages[number].base.lower(), *self._origins(stages[number])}
                open_ones += [
                    at for at in range(number) if {stages[at].name, str(at)} & names - {""}
                ]
        return [stages[number] for number in sorted(wanted)]

    def _origins(self, stage: StageText) -> set[str]:
        found = {item.flag("from").lower() for item in stage.instructions}
        for item in stage.instructions:
            if item.name == "RUN":
                found |= {flag.origin.lower() for flag in mounts_of(item)}
        return found

    def _build_stage(self, text: StageText) -> Stage:
        number = self._file.stages.index(text)
        self._tell(text.start)
        stage = self._begin(text, self._folder / f"stage-{number}")
        self._stages[str(number)] = stage
        if text.name:
            self._stages[text.name] = stage
        for item in text.instructions:
            self._tell(item)
            try:
                self._do(stage, item)
            except WordError as error:
                raise DockerfileError(item.line, str(error)) from error
            except DockerfileError:
                raise
            except ImageError as error:
                raise type(error)(f"line {item.line}: {error}") from error
        return stage

    def _tell(self, item: Instruction) -> None:
        if self._cancelled.is_set():
            raise CancelledError("the build was cancelled")
        self._step += 1
        self._say(f"Step {self._step}/{self._steps} : {item}\n")

    def _begin(self, text: StageText, root: Path) -> Stage:
        words = self._global_words(text.start)
        reference = expand(text.base, words, self._file.escape)
        platform = expand(text.start.flag("platform"), words, self._file.escape)
        if platform not in {"", f"linux/{architecture()}"}:
            raise DockerfileError(text.start.line, f"FROM --platform={platform} is not emulated")
        try:
            stage = self._from(reference, text.name, root)
        except ImageError as error:
            raise DockerfileError(text.start.line, str(error)) from error
        self._say(f" ---> {reference}\n")
        return stage

    def _global_words(self, start: Instruction) -> dict[str, str]:
        found = dict(self._platform_words())
        for item in self._file.arguments:
            found |= self._argument(item, found)
        return found

    def _platform_words(self) -> dict[str, str]:
        name = architecture()
        words = {"PLATFORM": f"linux/{name}", "OS": "linux", "ARCH": name, "VARIANT": ""}
        return {
            f"{kind}{word}": value for kind in ("TARGET", "BUILD") for word, value in words.items()
        }

    def _argument(self, item: Instruction, scope: Mapping[str, str]) -> dict[str, str]:
        """The arguments that an ARG names, with what was given for them or their default."""
        found: dict[str, str] = {}
        for word in split(item.value, self._file.escape):
            name, sign, default = word.partition("=")
            self._used.add(name)
            given = self._order.arguments.get(name)
            if given is not None:
                found[name] = given
            elif sign:
                found[name] = expand(default, {**scope, **found}, self._file.escape)
        return found

    def _from(self, reference: str, name: str, root: Path) -> Stage:
        before = self._stages.get(reference.lower())
        if before is not None:
            share_tree(before.root, root)
            return replace(
                before, name=name, root=root, layers=list(before.layers),
                history=list(before.history), arguments={}, owned_command=False,
            )  # fmt: skip
        root.mkdir()
        if reference == SCRATCH:
            return Stage(name, root, ImageConfig(), None, created=moment())
        try:
            base = bases.find(reference)
        except bases.UnknownBaseError:
            return self._from_image(self._resolve(reference), name, root)
        return self._from_base(base, reference, name, root)

    def _from_base(self, base: bases.Base, reference: str, name: str, root: Path) -> Stage:
        files = self._library.base_files(base)
        if not base.on_machine:
            raise ImageError(f"{reference} has no programs to build with: COPY --from it")
        labels = {BASE_LABEL: base.name}
        config = replace(base.config, labels=labels)
        stage = Stage(name, root, config, files, created=moment(files.stat().st_mtime))
        folder = self._folder / uuid.uuid4().hex
        (folder / MARKER).parent.mkdir(parents=True)
        (folder / MARKER).write_text(MARKED.format(name=base.name))
        for path in [folder / MARKER, *(folder / MARKER).parents][:-1]:
            # The same for all images on this base, so that they share the layer.
            if path.is_relative_to(folder):
                os.utime(path, (0, 0))
        self._add_layer(stage, folder, {})
        stage.note(f"FROM {reference}", layer=True)
        return stage

    def _from_image(self, digest: str, name: str, root: Path) -> Stage:
        image = self._library.image(digest)
        parts = self._library.parts(digest)
        share_tree(image.root, root)
        history = list(parts.history)
        stage = Stage(name, root, parts.config, image.base, list(parts.layers), history)
        stage.author, stage.created = parts.author, parts.created
        return stage

    def _do(self, stage: Stage, item: Instruction) -> None:
        words = Words(stage.variables, self._file.escape)
        match item.name:
            case "ARG":
                inherited = self._global_words(item)
                found = self._argument(item, stage.variables)
                names = [word.partition("=")[0] for word in item.value.split()]
                known = {one: inherited[one] for one in names if one in inherited}
                stage.arguments |= {**known, **found}
                stage.note(str(item), layer=False)
            case "RUN":
                self._run(stage, item)
            case "COPY" | "ADD":
                self._copy(stage, item, words)
            case "WORKDIR":
                stage.config = settings_steps.set_folder(stage.config, item, words)
                self._make_folder(stage, item)
            case "ENTRYPOINT":
                command = stage.config.command if stage.owned_command else ()
                entrypoint = command_line(stage.config, item.value)
                stage.config = replace(stage.config, entrypoint=entrypoint, command=command)
                stage.note(str(item), layer=False)
            case "MAINTAINER":
                stage.author = item.value
                stage.note(str(item), layer=False)
            case _:
                stage.owned_command |= item.name == "CMD"
                stage.config = STEPS[item.name](stage.config, item, words)
                stage.note(str(item), layer=False)

    def _run(self, stage: Stage, item: Instruction) -> None:
        run = Run(stage, item, self._folder / uuid.uuid4().hex, self._workplace, self._folders_of)
        proxies = {
            name: self._order.arguments[name] for name in PROXIES & set(self._order.arguments)
        }
        self._used |= set(proxies)
        stage.arguments |= proxies
        bound = [asdict(flag) for flag in mounts_of(item)]
        step = [
            "RUN", run.shown(), bound, dict(stage.config.environment), stage.arguments,
            stage.config.user, stage.config.working_directory,
        ]  # fmt: skip
        self._layered(stage, step, lambda: (run.work(self._start, self._line), {}))
        stage.note(f"RUN {run.shown()}", layer=True)

    def _start(self, spec: ProcessSpec) -> Process:
        self._process = process = self._supervisor.start(spec)
        if self._cancelled.is_set():
            process.kill()
        return process

    def _line(self, line: str) -> None:
        self._say(f"{line}\n")

    def _copy(self, stage: Stage, item: Instruction, words: Words) -> None:
        origin = words.expand(item.flag("from"))
        tree = Tree(self._folders_of(origin))
        copy = read_copy(stage, item, words, tree, lambda text: self._say(f"{text}\n"))
        step = [item.name, copy.fingerprint()]
        self._layered(stage, step, lambda: self._copied(copy))
        stage.note(str(item), layer=True)

    def _copied(self, copy: Copy) -> tuple[Path, Owners]:
        folder = self._folder / uuid.uuid4().hex
        folder.mkdir()
        copy.write(folder)
        return folder, copy.owners

    def _make_folder(self, stage: Stage, item: Instruction) -> None:
        folder = stage.resolved(stage.config.working_directory)
        if stage.is_folder(folder) or folder == "/":
            stage.note(str(item), layer=False)
            return
        self._layered(stage, ["WORKDIR", folder], lambda: (self._made(stage, folder), {}))
        stage.note(str(item), layer=True)

    def _made(self, stage: Stage, folder: str) -> Path:
        layer = self._folder / uuid.uuid4().hex
        layer.mkdir()
        stage.make_parents(layer, f"{folder}/.").mkdir(exist_ok=True)
        return layer

    def _folders_of(self, origin: str) -> Sequence[Path]:
        """The files of the context, of a stage, of an image."""
        if not origin:
            return [self._order.context]
        stage = self._stages.get(origin.lower())
        if stage is not None:
            return stage.folders
        try:
            base = bases.find(origin)
            return [self._library.base_files(base)]
        except bases.UnknownBaseError:
            image = self._library.image(self._resolve(origin))
            return [image.root, *([image.base] if image.base else [])]

    def _layered(
        self, stage: Stage, step: Sequence[object], work: Callable[[], tuple[Path, Owners]]
    ) -> None:
        """A step that is a layer: as it was done before, or done now."""
        known = self._cache_file(stage, step)
        if self._order.use_cache and known.exists():
            record = json.loads(known.read_text())
            layer = Layer(**record["layer"])
            if self._library.blobs.has(layer.digest):
                self._say(" ---> Using cache\n")
                self._put(stage, layer)
                stage.created = record["created"]
                return
        folder, owners = work()
        if self._cancelled.is_set():
            raise CancelledError("the build was cancelled")
        layer = self._add_layer(stage, folder, owners)
        stage.created = moment()
        known.parent.mkdir(parents=True, exist_ok=True)
        written = known.with_suffix(f".{uuid.uuid4().hex}")
        written.write_text(json.dumps({"layer": asdict(layer), "created": stage.created}))
        written.replace(known)
        self._say(f" ---> {layer.diff_id.partition(':')[2][:12]}\n")

    def _cache_file(self, stage: Stage, step: Sequence[object]) -> Path:
        base = stage.base.name if stage.base else SCRATCH
        chain = [base, isolated(), *(layer.diff_id for layer in stage.layers), list(step)]
        key = hashlib.sha256(json.dumps(chain, sort_keys=True).encode()).hexdigest()
        return self._library.folder / "cache" / f"{key}.json"

    def _add_layer(self, stage: Stage, folder: Path, owners: Owners) -> Layer:
        layer = pack(folder, self._library.blobs, owners)
        self._library.keep_layer(folder, layer)
        self._put(stage, layer)
        return layer

    def _put(self, stage: Stage, layer: Layer) -> None:
        folder = self._library.unpacked(layer)
        merge(folder, stage.root, hides=stage.base is not None and isolated())
        stage.layers.append(layer)

    def _finish(self, stage: Stage) -> str:
        unused = sorted(set(self._order.arguments) - self._used)
        if unused:
            self._say(f"[Warning] One or more build-args {unused} were not consumed\n")
        config = replace(stage.config, labels={**stage.config.labels, **self._order.labels})
        parts = Parts(config, stage.layers, stage.history, stage.author, stage.created)
        return self._library.write(parts)
