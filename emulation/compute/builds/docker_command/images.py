"""What is done with images that are built: told, named, pushed, pulled, removed."""

import json
import re
from collections.abc import Sequence
from typing import Any

from emulation.compute.builds.docker_command.engine import (
    call,
    fetched,
    follow,
    path_of,
    split_name,
)
from emulation.compute.builds.docker_command.flags import names_in, parser
from emulation.compute.builds.docker_command.logins import login_header
from emulation.compute.builds.docker_command.telling import fail, say


def push(words: Sequence[str]) -> int:
    """`docker push`."""
    names = names_in(words, "push")
    for name in names:
        repository, label = split_name(name)
        answer = call(
            "POST",
            f"images/{path_of(repository)}/push",
            {"tag": label or "latest"},
            headers=login_header(name),
        )
        pushed = [line for line in follow(answer) if "aux" in line]
        if not pushed:
            fail(f"the engine ended without a push of {name}")
    return 0


def pull(words: Sequence[str]) -> int:
    """`docker pull`."""
    for name in names_in(words, "pull"):
        repository, label = split_name(name)
        query = {"fromImage": repository, "tag": label or "latest"}
        for _ in follow(call("POST", "images/create", query, headers=login_header(name))):
            pass
    return 0


def tag(words: Sequence[str]) -> int:
    """`docker tag`."""
    if len(words) != 2:
        fail('"docker tag" requires exactly 2 arguments.')
    repository, label = split_name(words[1])
    call("POST", f"images/{path_of(words[0])}/tag", {"repo": repository, "tag": label})
    return 0


def remove(words: Sequence[str]) -> int:
    """`docker rmi`."""
    for name in names_in(words, "rmi", {"-f", "--force", "--no-prune"}):
        for line in fetched("DELETE", f"images/{path_of(name)}"):
            say("".join(f"{key}: {value}\n" for key, value in line.items()))
    return 0


def images(words: Sequence[str]) -> int:
    """`docker images`."""
    flags = parser("images")
    flags.add_argument("-q", "--quiet", action="store_true")
    flags.add_argument("-a", "--all", action="store_true")
    flags.add_argument("--no-trunc", action="store_true")
    flags.add_argument("name", nargs="?", default="")
    asked = flags.parse_args(words)
    rows = [["REPOSITORY", "TAG", "IMAGE ID", "SIZE"]]
    for image in fetched("GET", "images/json"):
        found = image["Id"] if asked.no_trunc else image["Id"].removeprefix("sha256:")[:12]
        for name in image["RepoTags"] or ["<none>:<none>"]:
            repository, label = split_name(name)
            if asked.name in {"", name, repository}:
                rows.append([repository, label, found, f"{image['Size'] / 1e6:.3g}MB"])
    if asked.quiet:
        say("".join(f"{row[2]}\n" for row in rows[1:]))
        return 0
    widths = [max(len(row[at]) for row in rows) + 3 for at in range(4)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        say("".join(cells).rstrip() + "\n")
    return 0


def inspect(words: Sequence[str]) -> int:
    """`docker inspect`, of images."""
    flags = parser("inspect")
    flags.add_argument("-f", "--format", default="")
    flags.add_argument("--type", default="image")
    flags.add_argument("names", nargs="+")
    asked = flags.parse_args(words)
    if asked.type != "image":
        fail(f"docker inspect --type {asked.type} is not emulated")
    found = [fetched("GET", f"images/{path_of(name)}/json") for name in asked.names]
    if asked.format:
        for document in found:
            say(f"{_formatted(asked.format, document)}\n")
    else:
        say(f"{json.dumps(found, indent=4)}\n")
    return 0


FIELD = r"\.[\w.]*"
PLACEHOLDER = re.compile(r"\{\{\s*(.*?)\s*\}\}")


def _formatted(template: str, document: Any) -> str:
    return PLACEHOLDER.sub(lambda found: _value(found[1], document), template)


def _value(expression: str, document: Any) -> str:
    indexed = re.fullmatch(rf'index \(?({FIELD})\)? (?:(\d+)|"([^"]*)")', expression)
    as_json = re.fullmatch(rf"json ({FIELD})", expression)
    if as_json is not None:
        return json.dumps(_field(as_json[1], document))
    try:
        if indexed is not None:
            found = _field(indexed[1], document)
            return str(found[int(indexed[2])] if indexed[2] else found[indexed[3]])
        if re.fullmatch(FIELD, expression):
            found = _field(expression, document)
            return json.dumps(found) if isinstance(found, dict | list) else str(found)
    except (IndexError, KeyError) as error:
        fail(f"template parsing error: {expression}: {error}")
    return fail(f"docker inspect --format {{{{{expression}}}}} is not emulated")


def _field(path: str, document: Any) -> Any:
    for name in filter(None, path.split(".")):
        document = document[name]
    return document


def history(words: Sequence[str]) -> int:
    """`docker history`."""
    for step in fetched("GET", f"images/{path_of(names_in(words, 'history')[0])}/history"):
        say(f"{step['CreatedBy']}\n")
    return 0


def version(words: Sequence[str]) -> int:
    """`docker version`."""
    found = fetched("GET", "version")
    for index, word in enumerate(words):
        if word.startswith(("--format", "-f")):
            template = word.partition("=")[2] or "".join(words[index + 1 : index + 2])
            say(f"{_formatted(template, {'Server': found, 'Client': found})}\n")
            return 0
    name = found["Platform"]["Name"]
    say(f"Client: {name}\n Version: {found['Version']}\n API version: {found['ApiVersion']}\n\n")
    say(f"Server: {name}\n Version: {found['Version']}\n OS/Arch: {found['Os']}/{found['Arch']}\n")
    return 0


def info(_: Sequence[str]) -> int:
    """`docker info`."""
    found = fetched("GET", "info")
    say("".join(f"{name}: {value}\n" for name, value in found.items()))
    return 0
