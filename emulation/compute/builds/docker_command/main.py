"""Which command the words are."""

import sys
from collections.abc import Callable, Sequence

from emulation.compute.builds.docker_command.building import build
from emulation.compute.builds.docker_command.images import (
    history,
    images,
    info,
    inspect,
    pull,
    push,
    remove,
    tag,
    version,
)
from emulation.compute.builds.docker_command.logins import login, logout
from emulation.compute.builds.docker_command.telling import fail, say


def main(words: Sequence[str]) -> int:
    """Do what the words say; the exit status."""
    words = _without_global_flags(list(words))
    if not words or words[0] in {"-v", "--version"}:
        say("Docker version 27.0.0, build process-images\n")
        return 0
    for length in (2, 1):
        command = COMMANDS.get(" ".join(words[:length]))
        if command is not None:
            return command(words[length:])
    return fail(
        f"docker {words[0]} is not emulated: images are built here, and run as tasks of ECS"
    )


def _without_global_flags(words: list[str]) -> list[str]:
    while words and words[0].startswith("--") and words[0] != "--version":
        if words[0] not in {"--debug", "--tls"} and "=" not in words[0]:
            words.pop(0)
        words = words[1:]
    return words


COMMANDS: dict[str, Callable[[Sequence[str]], int]] = {
    "build": build,
    "builder build": build,
    "buildx build": build,
    "history": history,
    "image build": build,
    "image history": history,
    "image inspect": inspect,
    "image ls": images,
    "image pull": pull,
    "image push": push,
    "image rm": remove,
    "image tag": tag,
    "images": images,
    "info": info,
    "inspect": inspect,
    "login": login,
    "logout": logout,
    "pull": pull,
    "push": push,
    "rmi": remove,
    "system info": info,
    "tag": tag,
    "version": version,
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
