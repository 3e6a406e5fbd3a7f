"""The instructions that change an image's configuration and none of its files."""

import re
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from posixpath import join, normpath

from emulation.compute.process_images.dockerfile import Instruction
from emulation.compute.process_images.image import HealthCheck, ImageConfig
from emulation.compute.process_images.words import WordError, expand, json_words, pairs, split

DURATION = re.compile(r"(\d+(?:\.\d+)?)(ns|us|ms|s|m|h)")
SECONDS = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
PORT = re.compile(r"(\d+)(?:-(\d+))?(?:/(tcp|udp|sctp))?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Words:
    """How an instruction's words are read: the variables in scope and the escape character."""

    variables: Mapping[str, str]
    escape: str

    def expand(self, text: str) -> str:
        """A word with its variables replaced."""
        return expand(text, self.variables, self.escape)

    def expand_text(self, text: str) -> str:
        """A text of many lines with its variables replaced and its quotes kept."""
        return expand(text, self.variables, self.escape, quotes=False)

    def pairs(self, text: str) -> dict[str, str]:
        """Names and values."""
        return pairs(text, self.variables, self.escape)

    def split(self, text: str) -> list[str]:
        """Words, or those of a JSON list; variables are replaced in each."""
        words = json_words(text)
        return [
            self.expand(word) for word in (split(text, self.escape) if words is None else words)
        ]


Step = Callable[[ImageConfig, Instruction, Words], ImageConfig]


def command_line(config: ImageConfig, text: str) -> tuple[str, ...]:
    """A command: the JSON form as it is, a line for the shell."""
    words = json_words(text)
    return tuple(words) if words is not None else (*config.shell, text)


def set_variables(config: ImageConfig, item: Instruction, words: Words) -> ImageConfig:
    """ENV."""
    return replace(config, environment={**config.environment, **words.pairs(item.value)})


def set_labels(config: ImageConfig, item: Instruction, words: Words) -> ImageConfig:
    """LABEL."""
    return replace(config, labels={**config.labels, **words.pairs(item.value)})


def set_command(config: ImageConfig, item: Instruction, _: Words) -> ImageConfig:
    """CMD."""
    return replace(config, command=command_line(config, item.value))


def set_user(config: ImageConfig, item: Instruction, words: Words) -> ImageConfig:
    """USER."""
    return replace(config, user=words.expand(item.value))


def set_folder(config: ImageConfig, item: Instruction, words: Words) -> ImageConfig:
    """WORKDIR; relative to the one before. That the folder is made is not decided here."""
    folder = normpath(join(config.working_directory, words.expand(item.value)))
    return replace(config, working_directory=folder)


def set_ports(config: ImageConfig, item: Instruction, words: Words) -> ImageConfig:
    """EXPOSE."""
    ports = [port for word in words.split(item.value) for port in _ports(word)]
    return replace(config, exposed_ports=tuple(dict.fromkeys([*config.exposed_ports, *ports])))


def _ports(word: str) -> list[str]:
    found = PORT.fullmatch(word)
    if found is None or int(found[2] or found[1]) > 65535 or int(found[1]) < 1:
        raise WordError(f"invalid containerPort: {word}")
    numbers = range(int(found[1]), int(found[2] or found[1]) + 1)
    return [f"{number}/{(found[3] or 'tcp').lower()}" for number in numbers]


def set_volumes(config: ImageConfig, item: Instruction, words: Words) -> ImageConfig:
    """VOLUME."""
    paths = words.split(item.value)
    if not all(paths):
        raise WordError("VOLUME specified can not be an empty string")
    return replace(config, volumes=tuple(dict.fromkeys([*config.volumes, *paths])))


def set_stop_signal(config: ImageConfig, item: Instruction, words: Words) -> ImageConfig:
    """STOPSIGNAL."""
    text = words.expand(item.value)
    name = text.upper() if text.upper().startswith("SIG") else f"SIG{text.upper()}"
    if not text.isdigit() and name not in signal.Signals.__members__:
        raise WordError(f"Invalid signal: {text}")
    return replace(config, stop_signal=text)


def set_shell(config: ImageConfig, item: Instruction, _: Words) -> ImageConfig:
    """SHELL."""
    words = json_words(item.value)
    if not words:
        raise WordError("SHELL requires the arguments to be in JSON form")
    return replace(config, shell=tuple(words))


def set_health_check(config: ImageConfig, item: Instruction, _words: Words) -> ImageConfig:
    """HEALTHCHECK."""
    kind, _, rest = item.value.strip().partition(" ")
    if kind.upper() == "NONE" and not rest.strip():
        return replace(config, health_check=HealthCheck(("NONE",)))
    if kind.upper() != "CMD" or not rest.strip():
        raise WordError(f'Unknown type "{kind.upper()}" in HEALTHCHECK (try CMD)')
    words = json_words(rest.strip())
    test = ("CMD", *words) if words is not None else ("CMD-SHELL", rest.strip())
    times = {
        name: _seconds(flag, value)
        for flag, name in HEALTH_FLAGS.items()
        if (value := item.flag(flag))
    }
    retries = item.flag("retries") or "3"
    if not retries.isdigit() or int(retries) < 1:
        raise WordError(f"--retries must be at least 1 (not {retries})")
    return replace(config, health_check=HealthCheck(test, retries=int(retries), **times))


HEALTH_FLAGS = {
    "interval": "interval",
    "timeout": "timeout",
    "start-period": "start_period",
    "start-interval": "start_interval",
}


def _seconds(flag: str, text: str) -> float:
    found = DURATION.findall(text)
    if not found or "".join(number + unit for number, unit in found) != text:
        raise WordError(f'time: invalid duration "{text}" of --{flag}')
    return sum(float(number) * SECONDS[unit] for number, unit in found)


STEPS: dict[str, Step] = {
    "CMD": set_command,
    "ENV": set_variables,
    "EXPOSE": set_ports,
    "HEALTHCHECK": set_health_check,
    "LABEL": set_labels,
    "SHELL": set_shell,
    "STOPSIGNAL": set_stop_signal,
    "USER": set_user,
    "VOLUME": set_volumes,
}
"""ENTRYPOINT, which drops a command of the base, and WORKDIR, which makes a folder, are the
builder's.
"""
