"""What a step leaves for the actions after it: a file of shell assignments, which its build reads
before CodeBuild takes the exported variables from the shell.
"""

import shlex
from collections.abc import Mapping
from pathlib import Path

FILE = Path("exported.env")
LONGEST = 900
"""With what stands around it a value fits into the 1,000 characters of an action's setting."""
UNSPEAKABLE = str.maketrans({'"': "'", "\\": "/"})
"""CodePipeline puts values into an action's JSON as they are."""

Exports = Mapping[str, str]


def assignments(exports: Exports) -> str:
    """Lines that a shell reads."""
    lines = [f"export {name}={shlex.quote(_one_line(value))}\n" for name, value in exports.items()]
    return "".join(lines)


def _one_line(value: str) -> str:
    return " ".join(value.split()).translate(UNSPEAKABLE)[:LONGEST]


def leave(exports: Exports) -> None:
    """Write the file; a step that exports nothing leaves an empty one."""
    FILE.write_text(assignments(exports))
