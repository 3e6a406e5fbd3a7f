"""A buildspec, read and checked: what its versions 0.1 and 0.2 mean, and what is refused by name.

The format is that of the CodeBuild user guide, "Build specification reference". An error is what
CodeBuild calls a YAML_FILE_ERROR; its words are CodeBuild's where they are known.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

PHASES = ("install", "pre_build", "build", "post_build")
KNOWN = {
    "version",
    "run-as",
    "env",
    "proxy",
    "phases",
    "reports",
    "artifacts",
    "cache",
}
NOT_EMULATED = ("batch", "run-as", "proxy")
SHELLS = ("sh", "/bin/sh", "bash")
REPORT_FORMATS = (
    "JUNITXML",
    "CUCUMBERJSON",
    "NUNITXML",
    "NUNIT3XML",
    "TESTNGXML",
    "VISUALSTUDIOTRX",
    "CLOVERXML",
    "COBERTURAXML",
    "JACOCOXML",
    "SIMPLECOV",
)


class BuildspecError(Exception):
    """The buildspec cannot be followed; the message says why."""


@dataclass(frozen=True, slots=True)
class Phase:
    """What one phase does."""

    commands: tuple[str, ...] = ()
    finally_commands: tuple[str, ...] = ()
    on_failure: str = ""
    """`ABORT`, `CONTINUE`, or nothing: the phase decides."""
    retries: int = 0
    retry_pattern: str = ""


@dataclass(frozen=True, slots=True)
class Files:
    """Files that leave the build."""

    patterns: tuple[str, ...]
    excluded: tuple[str, ...] = ()
    base: str = "."
    discard_paths: bool = False
    keep_links: bool = False
    name: str = ""
    prefix: str = ""


@dataclass(frozen=True, slots=True)
class Reports:
    """Files that a report group gets."""

    files: Files
    file_format: str


@dataclass(frozen=True, slots=True)
class Buildspec:
    """A whole buildspec."""

    version: str
    shell: str = "sh"
    variables: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    """Names of variables, and of parameters in the Parameter Store."""
    secrets: Mapping[str, str] = field(default_factory=dict)
    """Names of variables, and `id:json-key:stage:version` of secrets."""
    exported: tuple[str, ...] = ()
    runtimes: Mapping[str, str] = field(default_factory=dict)
    phases: Mapping[str, Phase] = field(default_factory=dict)
    artifacts: Files | None = None
    secondary_artifacts: Mapping[str, Files] = field(default_factory=dict)
    reports: Mapping[str, Reports] = field(default_factory=dict)
    cached: tuple[str, ...] = ()

    @property
    def one_shell(self) -> bool:
        """Whether a command finds what the one before has set."""
        return self.version != "0.1"


def parse(text: str) -> Buildspec:
    """Read a buildspec.

    Raises:
        BuildspecError: it is not one, or asks for what is not emulated.
    """
    document = _load(text)
    version = _version(document)
    for name in NOT_EMULATED:
        if name in document:
            raise BuildspecError(f"{name} in a buildspec is not emulated")
    unknown = sorted(set(document) - KNOWN)
    if unknown:
        raise BuildspecError(f"unknown key {unknown[0]} in the buildspec")
    env = _mapping(document, "env")
    phases = _mapping(document, "phases")
    if not phases:
        raise BuildspecError("phases is missing in the buildspec")
    artifacts = _mapping(document, "artifacts")
    return Buildspec(
        version=version,
        shell=_shell(env),
        variables=_texts(env, "variables"),
        parameters=_texts(env, "parameter-store"),
        secrets=_texts(env, "secrets-manager"),
        exported=_list(env, "exported-variables"),
        runtimes=_texts(_mapping(phases, "install"), "runtime-versions"),
        phases=_phases(phases),
        artifacts=_files(artifacts) if "files" in artifacts else None,
        secondary_artifacts={
            name: _files(_mapping(_mapping(artifacts, "secondary-artifacts"), name))
            for name in _mapping(artifacts, "secondary-artifacts")
        },
        reports={
            name: _reports(_mapping(_mapping(document, "reports"), name))
            for name in _mapping(document, "reports")
        },
        cached=_list(_mapping(document, "cache"), "paths"),
    )


def _load(text: str) -> dict[str, Any]:
    try:
        document = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        line = f" at line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise BuildspecError(f"{error.problem}{line}") from error
    except yaml.YAMLError as error:
        raise BuildspecError(str(error)) from error
    if not isinstance(document, dict):
        raise BuildspecError("wrong number of container tags, expected 1")
    return document


def _version(document: dict[str, Any]) -> str:
    version = str(document.get("version", ""))
    if version not in {"0.1", "0.2"}:
        raise BuildspecError(
            f"the version of a buildspec is 0.1 or 0.2, not {version or 'missing'}"
        )
    return version


def _shell(env: dict[str, Any]) -> str:
    if _yes(env.get("git-credential-helper")):
        raise BuildspecError("git-credential-helper in a buildspec is not emulated")
    shell = str(env.get("shell", "sh"))
    if shell not in SHELLS:
        raise BuildspecError(f"the shell {shell} is not emulated; known are: {', '.join(SHELLS)}")
    return shell.rsplit("/", 1)[-1]


def _phases(phases: dict[str, Any]) -> dict[str, Phase]:
    unknown = sorted(set(phases) - set(PHASES))
    if unknown:
        raise BuildspecError(f"unknown phase {unknown[0]} in the buildspec")
    return {name.upper(): _phase(_mapping(phases, name)) for name in PHASES if name in phases}


def _phase(phase: dict[str, Any]) -> Phase:
    if "run-as" in phase:
        raise BuildspecError("run-as in a buildspec is not emulated")
    on_failure = str(phase.get("on-failure", ""))
    word, _, rest = on_failure.partition("-")
    if word not in {"", "ABORT", "CONTINUE", "RETRY"}:
        raise BuildspecError(f"on-failure is ABORT, CONTINUE or RETRY, not {on_failure}")
    count, pattern = _retries(rest) if word == "RETRY" else (0, "")
    return Phase(
        commands=_commands(phase, "commands"),
        finally_commands=_commands(phase, "finally"),
        on_failure="" if word == "RETRY" else word,
        retries=count,
        retry_pattern=pattern,
    )


def _retries(rest: str) -> tuple[int, str]:
    """How often (`RETRY-3`, three times if it does not say) and after which output
    (`RETRY-2-timeout.*`) a phase begins again.
    """
    match = re.fullmatch(r"(?:(\d+)(?:-|$))?(.*)", rest, re.DOTALL)
    assert match is not None
    return int(match[1] or 3), match[2]


def _commands(phase: dict[str, Any], name: str) -> tuple[str, ...]:
    commands = phase.get(name) or []
    if isinstance(commands, str):
        commands = [commands]
    for number, command in enumerate(commands):
        if isinstance(command, dict | list) or command is None:
            raise BuildspecError(
                f"Expected Commands[{number}] to be of string type: found subkeys instead"
            )
    return tuple(_text(command) for command in commands)


def _files(section: dict[str, Any]) -> Files:
    patterns = _list(section, "files")
    if not patterns:
        raise BuildspecError("files is missing in a section of the buildspec")
    return Files(
        patterns=patterns,
        excluded=_list(section, "exclude-paths"),
        base=str(section.get("base-directory", ".")),
        discard_paths=_yes(section.get("discard-paths")),
        keep_links=_yes(section.get("enable-symlinks")),
        name=str(section.get("name", "")),
        prefix=str(section.get("s3-prefix", "")),
    )


def _reports(section: dict[str, Any]) -> Reports:
    file_format = str(section.get("file-format", "JUNITXML")).upper()
    if file_format not in REPORT_FORMATS:
        raise BuildspecError(f"unknown file-format {file_format} of a report")
    return Reports(_files(section), file_format)


def _mapping(section: dict[str, Any], name: str) -> dict[str, Any]:
    value = section.get(name) or {}
    if not isinstance(value, dict):
        raise BuildspecError(f"{name} in the buildspec must be a mapping")
    return value


def _texts(section: dict[str, Any], name: str) -> dict[str, str]:
    return {str(key): _text(value) for key, value in _mapping(section, name).items()}


def _list(section: dict[str, Any], name: str) -> tuple[str, ...]:
    value = section.get(name) or []
    if isinstance(value, dict):
        raise BuildspecError(f"{name} in the buildspec must be a list")
    return tuple(_text(item) for item in (value if isinstance(value, list) else [value]))


def _text(value: Any) -> str:
    """A scalar as the file has it: YAML reads `yes` and `true` as truths."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)


def _yes(value: Any) -> bool:
    return value is True or str(value).lower() in {"yes", "true"}
