"""The text of a systemd unit: sections, assignments, commands and times (systemd.syntax(7))."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

SECONDS = {
    "us": 1e-6, "ms": 1e-3, "": 1, "s": 1, "sec": 1, "second": 1, "seconds": 1,
    "m": 60, "min": 60, "minute": 60, "minutes": 60, "h": 3600, "hr": 3600, "hour": 3600,
    "hours": 3600, "d": 86400, "day": 86400, "days": 86400,
}  # fmt: skip

TOKEN = re.compile(r"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{3}|.)|.", re.DOTALL)
QUOTES = {'"', "'"}
ESCAPES = {
    "a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v",
    "\\": "\\", '"': '"', "'": "'", "s": " ",
}  # fmt: skip

TRUE, FALSE = {"1", "yes", "true", "on"}, {"0", "no", "false", "off"}

Sections = dict[str, dict[str, list[str]]]
"""By section and name, every assignment in order; an empty one takes back those before it."""


class UnitError(Exception):
    """A unit that cannot be honoured; the message says which directive and why."""


@dataclass(frozen=True, slots=True)
class Command:
    """One Exec line."""

    words: tuple[str, ...]
    may_fail: bool = False
    substitutes: bool = True
    first_argument: str | None = None
    """In the place of the program's name, as `@` asks."""


def sections(text: str) -> Sections:
    """The assignments of a unit file.

    Raises:
        UnitError: a line is neither a section nor an assignment.
    """
    found: Sections = {}
    current: dict[str, list[str]] | None = None
    for line in logical_lines(text):
        if line.startswith("[") and line.endswith("]"):
            current = found.setdefault(line[1:-1], {})
            continue
        name, equals, value = (part.strip() for part in line.partition("="))
        if not equals or current is None:
            raise UnitError(f"line {line!r} is no assignment")
        if value:
            current.setdefault(name, []).append(value)
        else:
            current[name] = []
    return found


def logical_lines(text: str) -> list[str]:
    """Lines without comments, those that end with a backslash joined to the next."""
    lines: list[str] = []
    joined = ""
    for line in text.splitlines():
        if line.lstrip().startswith(("#", ";")):
            continue
        if line.endswith("\\"):
            joined += line[:-1] + " "
            continue
        lines.append((joined + line).strip())
        joined = ""
    return [line for line in [*lines, joined.strip()] if line]


def seconds(value: str) -> float:
    """A time span such as `5`, `1min 30s`, `500ms`; `infinity` has no end.

    Raises:
        UnitError: it is none.
    """
    if value == "infinity":
        return float("inf")
    parts = re.findall(r"([\d.]+)\s*([a-z]*)\s*", value)
    if "".join(number + unit for number, unit in parts) != re.sub(r"\s", "", value) or not parts:
        raise UnitError(f"{value!r} is no time span")
    try:
        return sum(float(number) * SECONDS[unit] for number, unit in parts)
    except (KeyError, ValueError) as error:
        raise UnitError(f"{value!r} is no time span") from error


def boolean(value: str) -> bool:
    """`yes` or `no` in all their spellings.

    Raises:
        UnitError: it is neither.
    """
    if value.lower() in TRUE | FALSE:
        return value.lower() in TRUE
    raise UnitError(f"{value!r} is neither yes nor no")


def words(value: str) -> list[str]:
    """Words between spaces, quoted and escaped as systemd does it.

    Raises:
        UnitError: a quote is not closed.
    """
    found: list[str] = []
    word: str | None = None
    quote = ""
    for token in TOKEN.findall(value):
        if token[0] == "\\":
            word = (word or "") + unescaped(token)
        elif token == quote:
            quote = ""
        elif not quote and token in QUOTES:
            quote, word = token, word or ""
        elif not quote and token.isspace():
            found += [] if word is None else [word]
            word = None
        else:
            word = (word or "") + token
    if quote:
        raise UnitError(f"{value!r}: a quote is not closed")
    return found if word is None else [*found, word]


def unescaped(token: str) -> str:
    """What a backslash and what follows it mean; systemd keeps an unknown one as it is."""
    if len(token) > 2:
        return chr(int(token[2:], 16) if token[1] in "xuU" else int(token[1:], 8))
    return ESCAPES.get(token[1:], token)


def command(value: str) -> Command:
    """An Exec line.

    Raises:
        UnitError: a prefix or a separator that is not honoured, or no program.
    """
    prefixes = re.match(r"[-@:+!|]*", value)
    marks = prefixes.group() if prefixes else ""
    if other := set(marks) - set("-@:"):
        raise UnitError(f"the prefix {sorted(other)[0]!r} of {value!r} is not emulated")
    found = words(value[len(marks) :])
    if ";" in found:
        raise UnitError(f"';' in {value!r} is not emulated: write one Exec line for each command")
    if len(found) < (2 if "@" in marks else 1):
        raise UnitError(f"{value!r} names no program")
    first = found.pop(1) if "@" in marks else None
    return Command(tuple(found), "-" in marks, ":" not in marks, first)


def environment(assignments: list[str]) -> dict[str, str]:
    """The variables of `Environment=` lines."""
    pairs = (word.partition("=") for line in assignments for word in words(line))
    return {name: value for name, _, value in pairs}


def environment_file(text: str) -> dict[str, str]:
    """The variables of an environment file; shell quotes, no shell expansion."""
    found = {}
    for line in logical_lines(text):
        name, equals, value = line.partition("=")
        if equals:
            found[name.strip().removeprefix("export ")] = " ".join(words(value.strip()))
    return found


def substituted(given: Command, variables: Mapping[str, str]) -> list[str]:
    """The command's words with variables in their places: `${A}` inside a word, `$A` as words."""
    if not given.substitutes:
        return list(given.words)
    found: list[str] = [given.words[0]]
    for word in given.words[1:]:
        if whole := re.fullmatch(r"\$([A-Za-z_]\w*)", word):
            found += words(variables.get(whole[1], ""))
        else:
            found.append(
                re.sub(
                    r"\$\$|\$\{([A-Za-z_]\w*)\}",
                    lambda match: variables.get(match[1], "") if match[1] else "$",
                    word,
                )
            )
    return found
