"""A Dockerfile, read: its stages and instructions with their lines, flags and here-documents.

`dockerfile-parse` splits it into instructions; what it passes over - here-documents, words that
stand alone, flags - is read here. An instruction that no image of ours can honour is refused by its
name, with its line, before anything is built.
"""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass

from dockerfile_parse import DockerfileParser  # type: ignore[import-untyped]

from emulation.compute.process_images.image import ImageError

KNOWN = {
    "ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL",
    "MAINTAINER", "RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR",
}  # fmt: skip
REFUSED = {"ONBUILD"}
"""Instructions that Docker knows and nobody honours here."""
WITH_HEREDOCS = {"RUN", "COPY", "ADD"}
FLAGS = {
    "FROM": {"platform"},
    "COPY": {"from", "chown", "chmod", "link"},
    "ADD": {"chown", "chmod", "link"},
    "RUN": {"mount", "network"},
    "HEALTHCHECK": {"interval", "timeout", "start-period", "start-interval", "retries"},
}
FLAG = re.compile(r"--([a-z][a-z-]*)(?:=(\S*))?(?:\s+|$)")
HEREDOC = re.compile(r"^\d*<<(-?)(['\"]?)([A-Za-z_.][\w.]*)\2$")
ESCAPE = re.compile(r"^\s*#\s*escape\s*=\s*([\\`])\s*$", re.IGNORECASE)
DIRECTIVE = re.compile(r"^\s*#\s*[a-z]+\s*=", re.IGNORECASE)
STAGE = re.compile(r"(\S+)(?:\s+[Aa][Ss]\s+(\S+))?")


class DockerfileError(ImageError):
    """The Dockerfile cannot be honoured; the message has the line."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"dockerfile parse error on line {line}: {reason}")


@dataclass(frozen=True, slots=True)
class Heredoc:
    """A file that is written out in the Dockerfile."""

    name: str
    text: str
    literal: bool
    """Its end is in quotes: no variable is replaced."""


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction; `line` counts from 1."""

    name: str
    value: str
    """What follows the flags."""
    line: int
    flags: tuple[tuple[str, str], ...] = ()
    heredocs: tuple[Heredoc, ...] = ()

    def flag(self, name: str) -> str:
        """A flag's last value, empty when it is not given."""
        return next((value for key, value in reversed(self.flags) if key == name), "")

    def __str__(self) -> str:
        flags = "".join(f"--{name}={value} " for name, value in self.flags)
        return f"{self.name} {flags}{self.value}"


@dataclass(frozen=True, slots=True)
class StageText:
    """One stage: its FROM and what follows it."""

    base: str
    name: str
    start: Instruction
    instructions: tuple[Instruction, ...]


@dataclass(frozen=True, slots=True)
class Dockerfile:
    """A whole Dockerfile."""

    escape: str
    arguments: tuple[Instruction, ...]
    """The ARGs before the first FROM."""
    stages: tuple[StageText, ...]


def parse(text: str) -> Dockerfile:
    """Read a Dockerfile.

    Raises:
        DockerfileError: it is none, or it asks for what is not honoured.
    """
    lines = text.replace("\r\n", "\n").split("\n")
    escape = _escape(lines)
    without, heredocs = _cut_heredocs(lines, escape)
    found = list(_instructions(without, heredocs))
    _check_all_read(without, found)
    instructions = [instruction for instruction, _ in found]
    starts = [at for at, item in enumerate(instructions) if item.name == "FROM"]
    if not starts:
        raise DockerfileError(1, "file with no instructions" if not found else "no FROM")
    for item in instructions[: starts[0]]:
        if item.name != "ARG":
            raise DockerfileError(item.line, f"no build stage in current context: {item.name}")
    ends = [*starts[1:], len(instructions)]
    stages = [_stage(instructions[start:end]) for start, end in zip(starts, ends, strict=True)]
    return Dockerfile(escape, tuple(instructions[: starts[0]]), tuple(stages))


def _escape(lines: list[str]) -> str:
    for line in lines:
        found = ESCAPE.match(line)
        if found:
            return found[1]
        if not DIRECTIVE.match(line):
            break
    return "\\"


def _stage(instructions: list[Instruction]) -> StageText:
    start, *rest = instructions
    found = STAGE.fullmatch(start.value.strip())
    if found is None:
        raise DockerfileError(start.line, "FROM requires either one or three arguments")
    return StageText(found[1], (found[2] or "").lower(), start, tuple(rest))


def _instructions(
    lines: list[str], heredocs: dict[int, tuple[Heredoc, ...]]
) -> Iterator[tuple[Instruction, range]]:
    """The instructions, each with the lines that it takes, which count from 0."""
    parser = DockerfileParser(fileobj=io.BytesIO("\n".join(lines).encode()))
    for item in parser.structure:
        if item["instruction"] == "COMMENT":
            continue
        line = item["startline"] + 1
        name = item["instruction"]
        _check_name(name, line)
        flags, value = _flags(name, item["value"], line)
        docs = heredocs.get(item["endline"], ())
        taken = range(item["startline"], item["endline"] + 1)
        yield Instruction(name, value, line, flags, docs), taken


def _check_name(name: str, line: int) -> None:
    if name in REFUSED:
        raise DockerfileError(line, f"{name} is not emulated")
    if name not in KNOWN:
        raise DockerfileError(line, f"unknown instruction: {name}")


def _flags(name: str, text: str, line: int) -> tuple[tuple[tuple[str, str], ...], str]:
    found, rest = [], text.lstrip()
    while name in FLAGS and (match := FLAG.match(rest)):
        if match[1] not in FLAGS[name]:
            raise DockerfileError(line, f"the flag --{match[1]} of {name} is not emulated")
        found.append((match[1], match[2] or ""))
        rest = rest[match.end() :]
    return tuple(found), rest.strip()


def _check_all_read(lines: list[str], found: list[tuple[Instruction, range]]) -> None:
    """An instruction without arguments is no instruction to the parser."""
    taken = {number for _, lines_of_one in found for number in lines_of_one}
    for number, line in enumerate(lines):
        if line.strip() and not line.lstrip().startswith("#") and number not in taken:
            name = line.split()[0].upper()
            _check_name(name, number + 1)
            raise DockerfileError(number + 1, f"{name} requires at least one argument")


def _cut_heredocs(
    lines: list[str], escape: str
) -> tuple[list[str], dict[int, tuple[Heredoc, ...]]]:
    """The lines with here-documents as comments, and those by the last line of their instruction;
    lines count from 0.
    """
    kept, found = list(lines), {}
    number, text = 0, ""
    while number < len(lines):
        line = lines[number]
        if line.lstrip().startswith("#") or not line.strip():
            # An empty line does not end an instruction that goes on, but the parser thinks so.
            kept[number] = "#" if text else line
            number += 1
            continue
        text += line.rstrip().removesuffix(escape)
        if not line.rstrip().endswith(escape):
            docs, end = _heredocs(text, lines, number)
            if docs:
                found[number] = docs
                kept[number + 1 : end + 1] = ["#"] * (end - number)
            number, text = end, ""
        number += 1
    return kept, found


def _heredocs(text: str, lines: list[str], number: int) -> tuple[tuple[Heredoc, ...], int]:
    """The here-documents that an instruction names, and the line at which the last one ends."""
    words = text.split()
    if not words or words[0].upper() not in WITH_HEREDOCS:
        return (), number
    docs, end = [], number
    for match in filter(None, map(HEREDOC.match, words[1:])):
        start = end + 1
        tabs = "\t" if match[1] else ""
        body = [line.lstrip(tabs) if tabs else line for line in lines[start:]]
        if match[3] not in body:
            raise DockerfileError(number + 1, f"unterminated heredoc: {match[3]}")
        length = body.index(match[3])
        docs.append(Heredoc(match[3], "".join(f"{one}\n" for one in body[:length]), bool(match[2])))
        end = start + length
    return tuple(docs), end
