"""A Dockerfile into an image: stage by stage, instruction by instruction, in Docker's words.

Only the stages that the target needs are built. A step that changes files is a layer; a step that
was done before - on the same layers, with the same text, variables and files - is not done again.
What cannot be honoured fails the build with its line, before the first step if it can be known.
"""

import os
import threading
import uuid
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from emulation.compute.process_images import bases, settings_steps
from emulation.compute.process_images.context import Tree
from emulation.compute.process_images.copying import Copy, read_copy
from emulation.compute.process_images.dockerfile import (
    DockerfileError,
    Instruction,
    StageText,
    parse,
)
from emulation.compute.process_images.image import ImageConfig, ImageError
from emulation.compute.process_images.layers import Owners
from emulation.compute.process_images.library import BASE_LABEL, Library, Parts, moment
from emulation.compute.process_images.plan import Arguments, Order, check_platform, stages_for
from emulation.compute.process_images.run_step import Run, Workplace, mounts_of
from emulation.compute.process_images.settings_steps import STEPS, Words, command_line
from emulation.compute.process_images.stage import Stage
from emulation.compute.process_images.steps import Steps
from emulation.compute.process_images.trees import remove_tree, share_tree
from emulation.compute.process_images.words import WordError, expand
from emulation.compute.processes import Process, ProcessSpec, Supervisor

SCRATCH = "scratch"
MARKER = "usr/share/doc/terrarium/README"
MARKED = (
    "This image stands on {name}, which is not part of it: the emulator that built it puts its own"
    " files and programs below.\n"
)


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

    def build(self, order: Order) -> str:
        """The digest of the image.

        Raises:
            ImageError: the Dockerfile cannot be honoured, or a step failed.
        """
        self._order = order
        self._file = parse(order.dockerfile)
        self._arguments = Arguments(self._file, order.arguments)
        self._steps = Steps(self._library, self._say, use_cache=order.use_cache)
        check_platform(order.platform)
        for item in (item for stage in self._file.stages for item in stage.instructions):
            if item.name == "RUN":
                mounts_of(item)
        wanted = stages_for(self._file, order.target, self._arguments.before_stages())
        self._count = sum(1 + len(stage.instructions) for stage in wanted)
        self._number = 0
        try:
            self._folder.mkdir(parents=True)
            built = [self._build_stage(text) for text in wanted]
            return self._finish(built[-1])
        finally:
            remove_tree(self._folder)

    def cancel(self) -> None:
        """End it; what it runs is killed."""
        self._cancelled.set()
        process = self._process
        if process is not None:
            process.kill()

    def _build_stage(self, text: StageText) -> Stage:
        number = self._file.stages.index(text)
        self._tell(text.start)
        stage = self._begin(text, self._folder / f"stage-{number}")
        self._stages[str(number)] = stage
        if text.name:
            self._stages[text.name] = stage
        for item in text.instructions:
            self._tell(item)
            self._do_at_line(stage, item)
        return stage

    def _do_at_line(self, stage: Stage, item: Instruction) -> None:
        try:
            self._do(stage, item)
        except WordError as error:
            raise DockerfileError(item.line, str(error)) from error
        except ImageError as error:
            raise ImageError(f"line {item.line}: {error}") from error

    def _tell(self, item: Instruction) -> None:
        self._check_cancelled()
        self._number += 1
        self._say(f"Step {self._number}/{self._count} : {item}\n")

    def _check_cancelled(self) -> None:
        if self._cancelled.is_set():
            raise CancelledError("the build was cancelled")

    def _begin(self, text: StageText, root: Path) -> Stage:
        words = self._arguments.before_stages()
        try:
            reference = expand(text.base, words, self._file.escape)
            check_platform(expand(text.start.flag("platform"), words, self._file.escape))
            stage = self._from(reference, text.name, root)
        except ImageError as error:
            raise ImageError(f"line {text.start.line}: {error}") from error
        self._say(f" ---> {reference}\n")
        return stage

    def _from(self, reference: str, name: str, root: Path) -> Stage:
        before = self._stages.get(reference.lower())
        if before is not None:
            share_tree(before.root, root)
            return before.continued(name, root)
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
        config = replace(base.config, labels={BASE_LABEL: base.name})
        stage = Stage(name, root, config, files, created=moment(files.stat().st_mtime))
        self._steps.add(stage, self._marker(base), {})
        stage.note(f"FROM {reference}", layer=True)
        return stage

    def _marker(self, base: bases.Base) -> Path:
        """The first layer: the same for all images on a base, so that they share it."""
        folder = self._new_folder()
        marker = folder / MARKER
        marker.parent.mkdir(parents=True)
        marker.write_text(MARKED.format(name=base.name))
        for path in [marker, *marker.parents]:
            if path.is_relative_to(folder):
                os.utime(path, (0, 0))
        return folder

    def _from_image(self, digest: str, name: str, root: Path) -> Stage:
        image = self._library.image(digest)
        parts = self._library.parts(digest)
        share_tree(image.root, root)
        stage = Stage(name, root, parts.config, image.base)
        stage.layers, stage.history = list(parts.layers), list(parts.history)
        stage.author, stage.created = parts.author, parts.created
        return stage

    def _do(self, stage: Stage, item: Instruction) -> None:
        words = Words(stage.variables, self._file.escape)
        match item.name:
            case "RUN":
                self._run(stage, item)
            case "COPY" | "ADD":
                self._copy(stage, item, words)
            case "WORKDIR":
                stage.config = settings_steps.set_folder(stage.config, item, words)
                self._make_folder(stage, item)
            case _:
                self._set(stage, item, words)
                stage.note(str(item), layer=False)

    def _set(self, stage: Stage, item: Instruction, words: Words) -> None:
        match item.name:
            case "ARG":
                stage.arguments |= self._arguments.declared(item, stage.variables)
            case "ENTRYPOINT":
                command = stage.config.command if stage.owned_command else ()
                entrypoint = command_line(stage.config, item.value)
                stage.config = replace(stage.config, entrypoint=entrypoint, command=command)
            case "MAINTAINER":
                stage.author = item.value
            case _:
                stage.owned_command |= item.name == "CMD"
                stage.config = STEPS[item.name](stage.config, item, words)

    def _run(self, stage: Stage, item: Instruction) -> None:
        stage.arguments |= self._arguments.proxies()
        run = Run(stage, item, self._new_name(), self._workplace, self._folders_of)
        step = [
            "RUN", run.shown(), [asdict(flag) for flag in mounts_of(item)], run.fingerprint(),
            dict(stage.config.environment), stage.arguments, stage.config.user,
            stage.config.working_directory,
        ]  # fmt: skip
        self._steps.take(stage, step, lambda: (self._ran(run), {}))
        stage.note(f"RUN {run.shown()}", layer=True)

    def _ran(self, run: Run) -> Path:
        try:
            return run.work(self._start, lambda line: self._say(f"{line}\n"))
        finally:
            self._check_cancelled()

    def _start(self, spec: ProcessSpec) -> Process:
        self._process = process = self._supervisor.start(spec)
        if self._cancelled.is_set():
            process.kill()
        return process

    def _copy(self, stage: Stage, item: Instruction, words: Words) -> None:
        tree = Tree(self._folders_of(words.expand(item.flag("from"))))
        copy = read_copy(stage, item, words, tree, lambda text: self._say(f"{text}\n"))
        self._steps.take(stage, [item.name, copy.fingerprint()], lambda: self._copied(copy))
        stage.note(str(item), layer=True)

    def _copied(self, copy: Copy) -> tuple[Path, Owners]:
        folder = self._new_folder()
        copy.write(folder)
        return folder, copy.owners

    def _make_folder(self, stage: Stage, item: Instruction) -> None:
        folder = stage.resolved(stage.config.working_directory)
        missing = folder != "/" and not stage.is_folder(folder)
        if missing:
            self._steps.take(stage, ["WORKDIR", folder], lambda: (self._made(stage, folder), {}))
        stage.note(str(item), layer=missing)

    def _made(self, stage: Stage, folder: str) -> Path:
        layer = self._new_folder()
        stage.make_parents(layer, folder).mkdir()
        return layer

    def _new_name(self) -> Path:
        return self._folder / uuid.uuid4().hex

    def _new_folder(self) -> Path:
        folder = self._new_name()
        folder.mkdir()
        return folder

    def _folders_of(self, origin: str) -> Sequence[Path]:
        """The files of the context, of a stage, of an image."""
        if not origin:
            return [self._order.context]
        stage = self._stages.get(origin.lower())
        if stage is not None:
            return stage.folders
        try:
            return [self._library.base_files(bases.find(origin))]
        except bases.UnknownBaseError:
            image = self._library.image(self._resolve(origin))
            return [image.root, *([image.base] if image.base else [])]

    def _finish(self, stage: Stage) -> str:
        unused = self._arguments.unused()
        if unused:
            self._say(f"[Warning] One or more build-args {unused} were not consumed\n")
        config = replace(stage.config, labels={**stage.config.labels, **self._order.labels})
        parts = Parts(config, stage.layers, stage.history, stage.author, stage.created)
        return self._library.write(parts)
