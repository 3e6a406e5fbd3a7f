"""The flags of a command."""

import argparse
from collections.abc import Sequence

from emulation.compute.builds.docker_command.telling import fail


def parser(command: str) -> argparse.ArgumentParser:
    return argparse.ArgumentParser(prog=f"docker {command}", allow_abbrev=False)


def names_in(words: Sequence[str], command: str, ignored: set[str] | None = None) -> list[str]:
    known = {"-q", "--quiet", *(ignored or ())}
    unknown = [word for word in words if word.startswith("-") and word not in known]
    if unknown:
        fail(f"docker {command} {unknown[0]} is not emulated")
    names = [word for word in words if not word.startswith("-")]
    if not names:
        fail(f'"docker {command}" requires at least 1 argument.')
    return names
