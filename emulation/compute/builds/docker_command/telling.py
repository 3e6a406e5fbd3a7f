"""What the command says, and how it ends."""

import os
import sys
from typing import NoReturn


def say(text: str) -> None:
    """Tell the build's log."""
    sys.stdout.write(text)
    sys.stdout.flush()


def fail(text: str, status: int = 1) -> NoReturn:
    """End with a reason."""
    sys.stdout.flush()
    sys.stderr.write(f"{text}\n")
    sys.exit(status)


def environment(name: str) -> str:
    """A variable of the build; empty when it is not set."""
    return os.environ.get(name, "")  # noqa: TID251 - a command: its settings are the build's
