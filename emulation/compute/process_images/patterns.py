"""Patterns of files as Dockerfiles have them: `.dockerignore`, and the sources of COPY and ADD.

Those are Go's `filepath.Match` with `**` for any number of folders (Docker documentation, "Build
context", ".dockerignore files").
"""

import os
import re
from collections.abc import Iterable
from pathlib import PurePosixPath


def regex(pattern: str, *, deep: bool) -> re.Pattern[str]:
    """A pattern of paths; `deep`: `**` crosses folders."""
    found, at = "", 0
    while at < len(pattern):
        char = pattern[at]
        if deep and pattern.startswith("**", at):
            rest = pattern[at + 2 :]
            found += "(?:.*/)?" if rest.startswith("/") else ".*"
            at += 3 if rest.startswith("/") else 2
            continue
        part, at = _part(pattern, at, char)
        found += part
    return re.compile(f"{found}", re.DOTALL)


def _part(pattern: str, at: int, char: str) -> tuple[str, int]:
    if char == "*":
        return "[^/]*", at + 1
    if char == "?":
        return "[^/]", at + 1
    if char == "\\" and at + 1 < len(pattern):
        return re.escape(pattern[at + 1]), at + 2
    end = pattern.find("]", at + 2)
    if char == "[" and end > 0:
        return f"[{pattern[at + 1 : end]}]", end + 1
    return re.escape(char), at + 1


def has_wildcard(text: str) -> bool:
    """Whether a source names more than one file."""
    return any(char in text for char in "*?[")


class Ignored:
    """What a `.dockerignore` leaves out; the last pattern that fits decides."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._rules = [rule for line in lines if (rule := _rule(line))]

    def __call__(self, path: str) -> bool:
        """Whether a path of the context is left out, itself or a folder that it is in."""
        places = [path, *map(str, PurePosixPath(path).parents)][:-1] or [path]
        decided = False
        for left_out, pattern in self._rules:
            if any(pattern.fullmatch(place) for place in places):
                decided = left_out
        return decided


def _rule(line: str) -> tuple[bool, re.Pattern[str]] | None:
    text = line.strip()
    if not text or text.startswith("#"):
        return None
    left_out = not text.startswith("!")
    text = os.path.normpath(text.lstrip("!").strip()).lstrip("/")
    return left_out, regex(text, deep=True)
