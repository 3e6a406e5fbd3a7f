"""What a build is to do: its order, the stages that it needs, and the arguments in scope."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from emulation.compute.process_images.dockerfile import Dockerfile, Instruction, StageText
from emulation.compute.process_images.image import ImageError
from emulation.compute.process_images.library import architecture
from emulation.compute.process_images.run_step import mounts_of
from emulation.compute.process_images.words import expand, split

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


class Arguments:
    """The ARGs of a Dockerfile, and which of those that were given are used."""

    def __init__(self, file: Dockerfile, given: Mapping[str, str]) -> None:
        self._file = file
        self._given = given
        self._used: set[str] = set()

    def before_stages(self) -> dict[str, str]:
        """Those of the platform, and those before the first FROM."""
        name = architecture()
        words = {"PLATFORM": f"linux/{name}", "OS": "linux", "ARCH": name, "VARIANT": ""}
        found = {
            f"{kind}{word}": value for kind in ("TARGET", "BUILD") for word, value in words.items()
        }
        for item in self._file.arguments:
            found |= self._named(item, found)
        return found

    def declared(self, item: Instruction, scope: Mapping[str, str]) -> dict[str, str]:
        """Those that an ARG of a stage names: as given, by default, or from before the stages."""
        names = [word.partition("=")[0] for word in split(item.value, self._file.escape)]
        before = self.before_stages()
        inherited = {name: before[name] for name in names if name in before}
        return {**inherited, **self._named(item, scope)}

    def _named(self, item: Instruction, scope: Mapping[str, str]) -> dict[str, str]:
        found: dict[str, str] = {}
        for word in split(item.value, self._file.escape):
            name, sign, default = word.partition("=")
            self._used.add(name)
            if name in self._given:
                found[name] = self._given[name]
            elif sign:
                found[name] = expand(default, {**scope, **found}, self._file.escape)
        return found

    def proxies(self) -> dict[str, str]:
        """Those that every RUN sees."""
        found = {name: self._given[name] for name in PROXIES & set(self._given)}
        self._used |= set(found)
        return found

    def unused(self) -> list[str]:
        """Those that were given for nothing."""
        return sorted(set(self._given) - self._used)


def check_platform(platform: str) -> None:
    """Whether it is this machine's.

    Raises:
        ImageError: it is not.
    """
    wanted = f"linux/{architecture()}"
    if platform not in {"", wanted, architecture()}:
        raise ImageError(f"the platform {platform} is not emulated: {wanted} is")


def stages_for(file: Dockerfile, target: str, words: Mapping[str, str]) -> list[StageText]:
    """The stages that a target, or the last one, is made of, in their order.

    Raises:
        ImageError: there is no such target.
    """
    stages = file.stages
    wanted: set[int] = set()
    open_ones = [_target(file, target.lower())]
    while open_ones:
        number = open_ones.pop()
        if number not in wanted:
            wanted.add(number)
            base = expand(stages[number].base, words, file.escape).lower()
            names = {base, *_origins(stages[number])} - {""}
            open_ones += [at for at in range(number) if {stages[at].name, str(at)} & names]
    return [stages[number] for number in sorted(wanted)]


def _target(file: Dockerfile, name: str) -> int:
    if not name:
        return len(file.stages) - 1
    for number, stage in enumerate(file.stages):
        if name in {stage.name, str(number)}:
            return number
    raise ImageError(f"failed to reach build target {name} in Dockerfile")


def _origins(stage: StageText) -> set[str]:
    """The stages and images that files are copied and mounted from."""
    found = {item.flag("from").lower() for item in stage.instructions}
    for item in stage.instructions:
        if item.name == "RUN":
            found |= {flag.origin.lower() for flag in mounts_of(item)}
    return found
