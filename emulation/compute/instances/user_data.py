"""User data, read before the instance boots: scripts, cloud-config, and several of them as MIME.

What nobody carries out is refused by name, before anything runs. What cannot be read at all is no
refusal: EC2 takes any bytes, and the boot says on the console what it could not use.
"""

import email
import gzip
import zlib
from dataclasses import dataclass, field
from email.message import Message
from typing import Any

import yaml

from emulation.compute.instances.guest import units
from emulation.compute.instances.guest.unit_text import UnitError

MAX_BYTES = 16384
CLOUD_CONFIG = "#cloud-config"
HEADERS = {
    "#include": "includes", "#include-once": "includes", "#cloud-boothook": "boot hooks",
    "#upstart-job": "upstart jobs", "#part-handler": "part handlers",
    "## template:": "templates", "#cloud-config-archive": "cloud-config archives",
    "#cloud-config-jsonp": "merge patches",
}  # fmt: skip
MIME_KINDS = {
    "text/x-shellscript": "script",
    "text/cloud-config": "cloud-config",
    "text/plain": None,
}

DONE = {"write_files", "runcmd", "bootcmd", "packages"}
OFF_ONLY = {
    "package_update", "package_upgrade", "package_reboot_if_required", "apt_update", "apt_upgrade",
    "repo_update", "repo_upgrade",
}  # fmt: skip
SAID_ONLY = {"output", "final_message", "merge_how", "preserve_hostname", "repo_releasever"}
FILE_MEMBERS = {"path", "content", "encoding", "permissions", "owner", "append", "defer"}
ENCODINGS = {
    "", "b64", "base64", "gz", "gzip", "gz+b64", "gzip+b64", "gz+base64", "gzip+base64",
    "text/plain",
}  # fmt: skip
UNITS = "/etc/systemd/system/"


class RefusedError(Exception):
    """Something in user data that nobody carries out; the message names it."""


class UnreadableError(Exception):
    """User data that is not what it says it is."""


@dataclass
class Plan:
    """What a first boot does."""

    parts: list[dict[str, Any]] = field(default_factory=list)
    problem: str | None = None
    """What could not be read."""


def plan(data: bytes) -> Plan:
    """The parts of user data.

    Raises:
        RefusedError: it asks for what is not emulated.
    """
    found = Plan()
    try:
        text = unpacked(data)
        for kind, part in parts_of(text):
            found.parts.append(read_part(kind, part))
    except UnreadableError as error:
        found.problem = str(error)
    return found


def unpacked(data: bytes) -> str:
    """The text; gzip is seen by its first bytes."""
    try:
        plain = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
        return plain.decode()
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise UnreadableError(f"the user data cannot be read: {error}") from error


def parts_of(text: str) -> list[tuple[str | None, str]]:
    """Kind and text of each part; without a kind its first line says it."""
    if not text.strip():
        return []
    if not is_mime(text):
        return [(None, text)]
    message = email.message_from_string(text)
    leaves = [part for part in message.walk() if not part.is_multipart()]
    return [(mime_kind(part), payload(part)) for part in leaves]


def is_mime(text: str) -> bool:
    """Whether it begins with MIME's headers."""
    start = text.lstrip().lower()
    return start.startswith(("content-type:", "mime-version:"))


def mime_kind(part: Message) -> str | None:
    """What a part is.

    Raises:
        RefusedError: it is of a type that nobody carries out.
    """
    kind = part.get_content_type()
    if kind not in MIME_KINDS:
        raise RefusedError(f"user data of type {kind}")
    return MIME_KINDS[kind]


def payload(part: Message) -> str:
    """The text of a part."""
    content = part.get_payload(decode=True)
    return content.decode(errors="replace") if isinstance(content, bytes) else ""


def read_part(kind: str | None, text: str) -> dict[str, Any]:
    """One part, checked.

    Raises:
        RefusedError, UnreadableError: as `plan` says.
    """
    first = text.lstrip().partition("\n")[0].strip()
    for header, name in HEADERS.items():
        if first.startswith(header) and not (header == "#include" and kind == "script"):
            raise RefusedError(f"user data with {name} ({header})")
    if kind == "script" or (kind is None and first.startswith("#!")):
        return {"kind": "script", "text": text.lstrip()}
    if kind == "cloud-config" or first == CLOUD_CONFIG:
        return {"kind": "cloud-config", **cloud_config(text)}
    raise UnreadableError(
        f"unhandled user data, which begins with {first[:40]!r}: "
        "it is neither a script (#!) nor #cloud-config"
    )


def cloud_config(text: str) -> dict[str, Any]:
    """What a cloud-config asks for.

    Raises:
        RefusedError: it asks for a module that nobody carries out.
        UnreadableError: it is no mapping of YAML.
    """
    try:
        config = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise UnreadableError(f"failed loading yaml blob: {error}") from error
    if not isinstance(config, dict):
        raise UnreadableError("failed loading yaml blob: it is no mapping")
    for name, value in config.items():
        check_module(str(name), value)
    files = listed(config, "write_files")
    for file in files:
        check_file(file)
    return {
        "write_files": files,
        "runcmd": [command(item, "runcmd") for item in listed(config, "runcmd")],
        "bootcmd": [command(item, "bootcmd") for item in listed(config, "bootcmd")],
        "packages": [str(item) for item in listed(config, "packages")],
    }


def check_module(name: str, value: Any) -> None:
    """Name the module that would be ignored otherwise."""
    if name in DONE | SAID_ONLY or (name in OFF_ONLY and not value):
        return
    shown = f"{name}: true" if name in OFF_ONLY else name
    raise RefusedError(f"user data with the cloud-config key {shown}")


def listed(config: dict[str, Any], name: str) -> list[Any]:
    """The list of a module."""
    value = config.get(name) or []
    if not isinstance(value, list):
        raise UnreadableError(f"{name} is no list")
    return value


def command(item: Any, module: str) -> str | list[str]:
    """One command: a line for the shell, or words."""
    if isinstance(item, list):
        return [str(word) for word in item]
    if isinstance(item, str):
        return item
    raise UnreadableError(f"{module}: {item!r} is neither a text nor a list")


def check_file(file: Any) -> None:
    """Name what would be ignored of a file; a unit among them must be one that can run.

    Raises:
        RefusedError: it cannot be honoured. UnreadableError: it has no path.
    """
    if not isinstance(file, dict) or not str(file.get("path", "")).startswith("/"):
        raise UnreadableError(f"write_files: {file!r} has no absolute path")
    if unknown := sorted(file.keys() - FILE_MEMBERS):
        raise RefusedError(f"user data with write_files.{unknown[0]}")
    encoding = str(file.get("encoding", ""))
    if encoding not in ENCODINGS:
        raise RefusedError(f"user data with the encoding {encoding} of write_files")
    path = str(file["path"])
    if path.startswith(UNITS) and encoding in {"", "text/plain"} and not file.get("append"):
        check_unit(path.removeprefix(UNITS), str(file.get("content", "")))


def check_unit(name: str, text: str) -> None:
    """A unit that user data brings: refused now, not when it is started."""
    if name.endswith(".conf") or "/" in name:
        return
    if not name.endswith(".service"):
        raise RefusedError(f"user data with the unit {name}, which is no service,")
    try:
        units.parse(name, text)
    except UnitError as error:
        raise RefusedError(f"user data whose unit {name} says what is not: {error};") from error
